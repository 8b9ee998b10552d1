"""How often a person, a key, an address may ask."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as django_settings
from rest_framework.test import APIClient

from tests.factories import NOON, event_json, log_json, make_alert, make_event
from users.authentication import Machine
from users.models import Key
from users.throttles import SignInThrottle, UserThrottle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_noon(db):
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def rates(settings):
    def change(**changes):
        rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | changes
        settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}

    return change


def post(client, **fields):
    return client.post("/api/events/", event_json(**fields)).status_code


def test_default_rates():
    assert django_settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] == {
        "user": "100/day",
        "read": "1200/minute",
        "key": "600000/minute",
        "ingest": "600000/minute",
        "sign_in": "120/minute",
    }


def test_a_person_writes_100_times_a_day(analyst_client):
    statuses = [post(analyst_client) for _ in range(101)]

    assert statuses == [201] * 100 + [429]


def test_says_when_to_go_on(analyst_client, rates):
    rates(user="1/day")
    post(analyst_client)

    with time_machine.travel(NOON + timedelta(hours=23), tick=False):
        answer = analyst_client.post("/api/events/", event_json())

    assert answer.status_code == 429
    assert answer["Retry-After"] == "3600"
    assert answer.json()["code"] == "throttled"
    assert set(answer.json()) == {"code", "detail", "fields"}


def test_the_window_ends(analyst_client, rates):
    rates(user="1/day")
    post(analyst_client)

    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert post(analyst_client) == 201


def test_refused_requests_do_not_prolong_the_window(analyst_client, rates):
    rates(user="1/day")
    post(analyst_client)
    with time_machine.travel(NOON + timedelta(hours=23), tick=False):
        post(analyst_client)

    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert post(analyst_client) == 201


def test_reads_do_not_count_to_the_writes(analyst_client, rates):
    rates(user="1/day")
    for _ in range(3):
        assert analyst_client.get("/api/events/").status_code == 200

    assert post(analyst_client) == 201


def test_reads_go_on_when_writes_are_used_up(analyst_client, rates):
    rates(user="1/day")
    post(analyst_client)
    post(analyst_client)

    assert analyst_client.get("/api/alerts/").status_code == 200


def test_events_and_alerts_count_together(admin_client, rates):
    rates(user="2/day")
    alert, event = make_alert(), make_event()
    path = f"/api/alerts/{alert.pk}/"

    statuses = [
        admin_client.patch(path, {"status": "ACK"}).status_code,
        admin_client.delete(f"/api/events/{event.pk}/").status_code,
        admin_client.put(path, {"status": "RESOLVED"}).status_code,
    ]

    assert statuses == [200, 204, 429]


def test_each_person_has_an_own_count(analyst_client, admin_client, rates):
    rates(user="1/day")

    assert [post(analyst_client), post(admin_client)] == [201, 201]


def test_all_ways_of_signing_in_count_for_the_person(analyst_client, analyst, bearer, rates):
    rates(user="1/day")
    post(analyst_client)

    assert post(bearer(analyst)) == 429


def test_keys_do_not_count_as_a_person(sensor_client, rates):
    rates(user="1/day")

    assert [post(sensor_client), post(sensor_client)] == [201, 201]


@pytest.mark.parametrize(
    "path", ["/api/events/", "/api/logs/", "/api/check-auth/", "/dhimp/api/logs/"]
)
def test_reads_have_a_limit_of_their_own(analyst_client, rates, path):
    rates(read="2/minute")

    statuses = [analyst_client.get(path).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        ("sensor_client", "/api/events/", event_json()),
        ("agent_client", "/api/ingest/fim/", log_json()),
    ],
)
def test_keys_have_a_limit_of_their_own(request, rates, name, path, body):
    rates(key="2/minute")
    client = request.getfixturevalue(name)

    statuses = [client.post(path, body).status_code for _ in range(3)]

    assert statuses == [201, 201, 429]


def test_logs_without_a_key_are_counted_by_address(rates):
    rates(ingest="1/minute")

    statuses = [
        APIClient(REMOTE_ADDR=address).post("/api/ingest/fim/", log_json()).status_code
        for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2")
    ]

    assert statuses == [201, 429, 201]


def test_sign_ins_are_counted_by_address_on_all_doors(rates):
    rates(sign_in="3/minute")
    paths = ["/api/token/", "/api/login/", "/api/token/refresh/", "/dhimp/api/login/"]

    statuses = [APIClient().post(path, {}).status_code for path in paths]

    assert statuses == [400, 400, 400, 429]


def test_a_forged_address_does_not_evade_the_count(rates):
    rates(sign_in="1/minute")

    statuses = [
        APIClient(HTTP_X_FORWARDED_FOR=forged).post("/api/token/", {}).status_code
        for forged in ("192.0.2.1", "192.0.2.2")
    ]

    assert statuses == [400, 429]


def test_a_clock_that_was_set_back_locks_nobody_out(analyst_client, rates):
    rates(user="1/day")
    with time_machine.travel(NOON + timedelta(days=3650), tick=False):
        post(analyst_client)

    assert [post(analyst_client), post(analyst_client)] == [201, 429]


def test_requests_pass_where_no_count_can_be_kept(analyst_client, settings, tmp_path):
    settings.THROTTLE_PATH = tmp_path

    assert post(analyst_client) == 201


def test_a_spoiled_counter_file_stops_nobody(analyst_client, settings):
    settings.THROTTLE_PATH.write_bytes(b"no database" * 1000)

    assert post(analyst_client) == 201


def test_a_key_cannot_use_up_the_count_of_a_person(rf):
    person = rf.post("/")
    person.user = Machine(Key(prefix="amira", name="amira"))

    assert UserThrottle().get_cache_key(person, None) is None


def test_rates_are_read_at_each_request(rates):
    rates(sign_in="7/hour")

    assert (SignInThrottle().num_requests, SignInThrottle().duration) == (7, 3600)
