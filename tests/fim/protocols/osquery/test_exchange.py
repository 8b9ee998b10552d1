"""A stock osqueryd enrols, fetches its configuration and logs.

The bodies are those of osquery's docs/wiki/deployment/remote.md and of plugins/remote/enroll and
plugins/logger in its source.
"""

import gzip
import json
from datetime import UTC, datetime

import pytest
from rest_framework.test import APIClient

from fim.models import FimLog
from users.models import Key

pytestmark = pytest.mark.django_db

SECRET = "a deployment secret of 30 chars"
OSQUERYD = {"user-agent": "osquery/5.12.1", "accept": "application/json"}


@pytest.fixture(autouse=True)
def enrolment(settings):
    settings.OSQUERY_ENROLL_SECRET = SECRET


def post(path, body, **headers):
    client = APIClient(raise_request_exception=False)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(
        f"/api/osquery/{path}",
        content,
        content_type="application/json",
        headers=OSQUERYD | headers,
    )


def enroll(host="web-9.example.org", **fields):
    details = {"os_version": {"name": "Debian GNU/Linux"}, "osquery_info": {"version": "5.12.1"}}
    body = {
        "enroll_secret": SECRET,
        "host_identifier": host,
        "platform_type": "9",
        "host_details": details,
    }
    return post("enroll", body | fields)


@pytest.fixture
def node_key():
    return enroll().json()["node_key"]


def line(**columns):
    row = {
        "action": "UPDATED",
        "category": "configuration",
        "target_path": "/etc/ssh/sshd_config",
        "time": "1767225540",
        "transaction_id": "0",
    }
    return {
        "name": "file_events",
        "hostIdentifier": "web-9.example.org",
        "calendarTime": "Thu Jan  1 00:00:00 2026 UTC",
        "unixTime": 1767225600,
        "epoch": 0,
        "counter": 7,
        "numerics": False,
        "columns": row | columns,
        "action": "added",
    }


def log_body(node_key, *lines, log_type="result"):
    return {"node_key": node_key, "log_type": log_type, "data": list(lines)}


def test_enrolled_host_gets_a_node_key_that_may_only_post_logs():
    answer = enroll()

    key = Key.objects.get_from_key(answer.json()["node_key"])
    assert answer.json()["node_invalid"] is False
    assert (key.name, key.host) == ("osquery web-9.example.org", "web-9.example.org")
    assert (key.can_post_logs, key.can_post_events) == (True, False)


def test_enrolled_host_gets_a_schedule_and_paths(node_key):
    answer = post("config", {"node_key": node_key})

    assert answer.json()["node_invalid"] is False
    assert "file_events" in answer.json()["schedule"]["file_events"]["query"]
    assert "/etc/%%" in answer.json()["file_paths"]["configuration"]


def test_stores_what_an_enrolled_host_logs(node_key):
    answer = post("log", log_body(node_key, line()))

    log = FimLog.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"node_invalid": False})
    assert (log.host, log.path) == ("web-9.example.org", "/etc/ssh/sshd_config")
    assert (log.action, log.source, log.rule) == ("modified", "osquery", "configuration")
    assert log.timestamp == datetime(2025, 12, 31, 23, 59, tzinfo=UTC)


def test_stores_a_gzip_body_of_logger_tls_compress(node_key):
    body = gzip.compress(json.dumps(log_body(node_key, line())).encode())

    answer = post("log", body, **{"content-encoding": "gzip"})

    assert answer.json() == {"node_invalid": False}
    assert FimLog.objects.count() == 1


def test_takes_the_node_key_from_the_header_too(node_key):
    answer = post("log", log_body(None, line()), authorization=f"NodeKey {node_key}")

    assert answer.json() == {"node_invalid": False}
    assert FimLog.objects.count() == 1


def test_stores_a_repeated_body_once(node_key):
    body = log_body(node_key, line(), line(action="DELETED"))

    post("log", body)
    answer = post("log", body)

    assert answer.json() == {"node_invalid": False}
    assert FimLog.objects.count() == 2


def test_joins_a_move_whose_rows_come_as_two_lines(node_key):
    source = line(action="MOVED_FROM", target_path="/etc/a", transaction_id="77")
    target = line(action="MOVED_TO", target_path="/etc/b", transaction_id="77")

    post("log", log_body(node_key, source, target))

    log = FimLog.objects.get()
    assert (log.action, log.path_from, log.path) == ("moved", "/etc/a", "/etc/b")


def test_log_that_names_no_host_is_of_the_host_that_enrolled(node_key):
    nameless = line()
    del nameless["hostIdentifier"]

    post("log", log_body(node_key, nameless))

    assert FimLog.objects.get().host == "web-9.example.org"


def test_node_key_is_not_kept_with_the_log(node_key):
    post("log", log_body(node_key, line()))

    stored = FimLog.objects.values().get()
    assert node_key not in repr(stored)
    assert node_key not in json.dumps(stored["attributes"])


def test_takes_no_notice_of_status_logs(node_key):
    status = {"hostIdentifier": "web-9", "severity": "0", "filename": "a.cpp", "line": "1"}

    answer = post("log", log_body(node_key, status | {"message": "hi"}, log_type="status"))

    assert answer.json() == {"node_invalid": False}
    assert not FimLog.objects.exists()


def test_stores_the_good_lines_and_leaves_out_the_bad_ones(node_key, caplog):
    answer = post("log", log_body(node_key, line(target_path=""), None, line()))

    assert answer.json() == {"node_invalid": False}
    assert FimLog.objects.count() == 1
    assert [record.count for record in caplog.records if "refused" in record.msg] == [2]


def test_enrolling_again_ends_the_former_node_key(node_key):
    again = enroll().json()["node_key"]

    assert post("config", {"node_key": node_key}).json() == {"node_invalid": True}
    assert post("config", {"node_key": again}).json()["node_invalid"] is False


def test_enrolling_one_host_leaves_the_others_their_keys(node_key):
    enroll("db-2.example.org")

    assert post("config", {"node_key": node_key}).json()["node_invalid"] is False


def test_serves_the_operators_configuration(node_key, settings, tmp_path):
    path = tmp_path / "osquery.json"
    path.write_text('{"file_paths": {"mine": ["/srv/%%"]}, "node_invalid": true}')
    settings.OSQUERY_CONFIG_PATH = str(path)

    answer = post("config", {"node_key": node_key})

    assert answer.json() == {"file_paths": {"mine": ["/srv/%%"]}, "node_invalid": False}
