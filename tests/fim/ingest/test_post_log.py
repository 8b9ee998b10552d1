"""POST /api/ingest/fim/ with one object."""

from uuid import UUID

import pytest
import time_machine

from fim.models import DayCount, FimLog
from tests.factories import NOON, log_json

pytestmark = pytest.mark.django_db

URL = "/api/ingest/fim/"
EVENT_ID = "0b8c1f5e-7f5c-4a0e-9d8e-3f1f6f0f2a11"
WHOLE = {
    "event_id": EVENT_ID,
    "timestamp": "2026-03-14T09:30:00.250000Z",
    "host": "web-1",
    "category": "suspicious",
    "severity": "level 7",
    "action": "moved",
    "path": "/srv/naïve \U0001f600.php",
    "path_from": "/tmp/x",
    "user": "www-data",
    "process": "php-fpm",
    "executable": "/usr/sbin/php-fpm8.2",
    "sha256": "a0" * 32,
    "sha256_before": "b1" * 32,
    "size_bytes": 2**63 - 1,
    "mode": "0644",
    "owner": "root",
    "group": "adm",
    "rule": "550",
    "full_log": "line one\nline two",
    "source": "wazuh",
    "seq": 18201,
    "attributes": {"pid": 71, "mitre": ["T1505.003"], "before": {"mode": "0600"}, "none": None},
}


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def test_answers_with_the_stored_log(anonymous_client):
    answer = anonymous_client.post(URL, WHOLE)

    assert answer.status_code == 201
    assert answer.json() == WHOLE | {
        "id": FimLog.objects.get().pk,
        "file_name": "naïve \U0001f600.php",
        "received_at": "2026-03-14T12:00:00Z",
    }


def test_stores_what_it_answers(anonymous_client, admin_client):
    answer = anonymous_client.post(URL, WHOLE)

    assert admin_client.get(f"/api/logs/{answer.json()['id']}/").json() == answer.json()


def test_takes_path_and_action_alone(anonymous_client):
    answer = anonymous_client.post(URL, {"path": "/a", "action": "created"})

    log = FimLog.objects.get()
    assert answer.status_code == 201
    assert (log.host, log.timestamp, log.received_at) == ("node-under-test", NOON, NOON)
    assert (log.event_id, log.size_bytes, log.category) == (None, None, "normal")


def test_answers_a_repeat_with_the_stored_log(anonymous_client):
    first = anonymous_client.post(URL, WHOLE)

    answer = anonymous_client.post(URL, WHOLE | {"path": "/other", "category": "malware"})

    assert (answer.status_code, answer.json()) == (200, first.json())
    assert FimLog.objects.count() == DayCount.objects.get().count == 1


def test_takes_an_event_id_as_the_same_however_it_is_written(anonymous_client):
    anonymous_client.post(URL, WHOLE)

    answer = anonymous_client.post(URL, WHOLE | {"event_id": EVENT_ID.upper().replace("-", "")})

    assert (answer.status_code, FimLog.objects.get().event_id) == (200, UUID(EVENT_ID))


def test_stores_an_event_id_of_two_hosts_twice(anonymous_client):
    anonymous_client.post(URL, WHOLE)

    answer = anonymous_client.post(URL, WHOLE | {"host": "web-2"})

    assert (answer.status_code, FimLog.objects.count()) == (201, 2)


def test_answers_a_repeat_with_the_log_of_its_own_host(anonymous_client):
    logs = [WHOLE | {"host": host} for host in ("web-1", "web-2")]
    stored = [anonymous_client.post(URL, log).json() for log in logs]

    answers = [anonymous_client.post(URL, log) for log in logs]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json() for answer in answers] == stored


def test_stores_a_repeat_without_an_event_id_twice(anonymous_client):
    anonymous_client.post(URL, log_json())

    answer = anonymous_client.post(URL, log_json())

    assert (answer.status_code, FimLog.objects.count()) == (201, 2)


def test_takes_the_host_from_the_query_before_the_keys(agent_client):
    answer = agent_client.post(f"{URL}?host=db-1", {"path": "/a", "action": "created"})

    assert answer.json()["host"] == "db-1"


def test_takes_the_host_from_the_key_before_the_nodes(agent_client):
    answer = agent_client.post(URL, {"path": "/a", "action": "created"})

    assert answer.json()["host"] == "web-7"


def test_takes_the_host_from_the_log_before_all(agent_client):
    answer = agent_client.post(f"{URL}?host=db-1", log_json(host="web-3"))

    assert answer.json()["host"] == "web-3"


@pytest.mark.parametrize("host", ["%00", "x" * 256])
def test_refuses_a_bad_host_in_the_query(anonymous_client, host):
    answer = anonymous_client.post(f"{URL}?host={host}", log_json())

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["host"])


def test_names_each_bad_field(anonymous_client):
    answer = anonymous_client.post(URL, {"path": 1, "seq": "x"})

    assert answer.status_code == 400
    assert answer.json() == {
        "code": "invalid",
        "detail": "Not valid: path, seq, action.",
        "fields": {
            "path": ["Takes a text."],
            "seq": ["Takes a whole number from 0 to 9223372036854775807."],
            "action": ["This field is required."],
        },
    }


def test_costs_the_same_few_queries_for_each_log(anonymous_client, django_assert_num_queries):
    anonymous_client.post(URL, WHOLE | {"event_id": None})

    # Begin, the next id, its subject, log, day count, hour count, commit.
    with django_assert_num_queries(7):
        anonymous_client.post(URL, WHOLE)


def test_takes_no_get(anonymous_client):
    answer = anonymous_client.get(URL)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
