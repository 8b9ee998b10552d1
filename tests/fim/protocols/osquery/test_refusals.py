"""What osqueryd is refused, and how it is told: it reads `node_invalid` and `error`, no status."""

import gzip
import json

import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

from fim.models import FimLog
from fim.protocols.osquery import services
from tests.factories import make_key
from tests.fim.protocols.osquery.test_exchange import SECRET, enroll, line, log_body, post
from users.models import Key, Scope

pytestmark = pytest.mark.django_db

INVALID = {"node_invalid": True}
PATHS = ["enroll", "config", "log"]


@pytest.fixture(autouse=True)
def enrolment(settings):
    settings.OSQUERY_ENROLL_SECRET = SECRET


@pytest.fixture
def node_key():
    return enroll().json()["node_key"]


@pytest.mark.parametrize(
    "secret", ["wrong", "", SECRET + " ", "\0", "\ud800", None, 5, [SECRET], {"a": 1}, "x" * 2**20]
)
def test_refuses_a_wrong_secret(secret):
    answer = enroll(enroll_secret=secret)

    assert (answer.status_code, answer.json()) == (200, INVALID)
    assert not Key.objects.exists()


@pytest.mark.parametrize("secret", ["", SECRET])
def test_nobody_enrols_where_no_secret_is_set(settings, secret):
    settings.OSQUERY_ENROLL_SECRET = ""

    assert enroll(enroll_secret=secret).json() == INVALID


@pytest.mark.parametrize("host", ["", "  ", "a\0b", "\ud800", "h" * 256, None, 5, ["web-9"], {}])
def test_refuses_a_host_that_no_log_could_have(host):
    answer = enroll(host)

    assert (answer.status_code, answer.json()) == (200, INVALID)


def test_enrols_a_host_of_the_longest_name():
    assert Key.objects.get_from_key(enroll("h" * 255).json()["node_key"]).host == "h" * 255


@pytest.mark.parametrize("path", ["config", "log"])
@pytest.mark.parametrize(
    "key", ["", "no.key", "\0", "\u043a", "\ud800", None, 5, [], {}, "k" * 2**20]
)
def test_a_node_key_that_does_not_count_must_enrol_again(path, key):
    answer = post(path, log_body(key, line()))

    assert (answer.status_code, answer.json()) == (200, INVALID)
    assert not FimLog.objects.exists()


def test_a_sensors_key_is_no_node_key():
    _, text = make_key(scopes=[Scope.POST_EVENTS])

    assert post("log", log_body(text, line())).json() == INVALID


def test_a_revoked_node_key_must_enrol_again(node_key):
    Key.objects.update(revoked=True)

    assert post("log", log_body(node_key, line())).json() == INVALID


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"5", b'"a"', b"[[{}]]", b"\xff\0"])
def test_a_body_that_is_no_object_is_an_error_that_osqueryd_reads(path, body):
    answer = post(path, body)

    assert answer.status_code == 400
    assert answer.json()["error"] == answer.json()["detail"]


@pytest.mark.parametrize("path", PATHS)
def test_garbage_for_gzip_is_an_error(path):
    answer = post(path, b"\x1f\x8b garbage", **{"content-encoding": "gzip"})

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_gzip_bomb_is_an_error(settings):
    settings.FIM_MAX_UNPACKED_BYTES = 1000

    answer = post("log", gzip.compress(b" " * 100_000), **{"content-encoding": "gzip"})

    assert answer.status_code == 413
    assert answer.json()["error"]


def test_a_body_over_the_limit_is_an_error(settings, node_key):
    settings.FIM_MAX_BODY_BYTES = 100

    answer = post("log", log_body(node_key, line()))

    assert answer.status_code == 413
    assert answer.json()["error"]


@pytest.mark.parametrize("data", [[], [None], [[]], [5], ["text"], [{}], [{"columns": 5}]])
@pytest.mark.parametrize("log_type", ["result", "status", "other", None, 5, [], {}])
def test_data_that_is_no_change_is_left_out(node_key, data, log_type):
    body = {"node_key": node_key, "log_type": log_type, "data": data}

    answer = post("log", body)

    assert (answer.status_code, answer.json()) == (200, {"node_invalid": False})
    assert not FimLog.objects.exists()


@pytest.mark.parametrize("data", [None, 5, "text", {}])
def test_osqueryd_keeps_results_that_are_no_list(node_key, data):
    answer = post("log", {"node_key": node_key, "log_type": "result", "data": data})

    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


@pytest.mark.parametrize("data", [None, 5, "text", {}])
def test_other_logs_are_not_looked_into(node_key, data):
    answer = post("log", {"node_key": node_key, "log_type": "status", "data": data})

    assert (answer.status_code, answer.json()) == (200, {"node_invalid": False})


@pytest.mark.parametrize("value", ["a\0b", "\ud800", {"a": 1}, ["x"], 7.5, True, "x" * 70_000])
@pytest.mark.parametrize("column", ["target_path", "action", "time", "category", "sha256", "inode"])
def test_no_column_breaks_the_answer(node_key, column, value):
    answer = post("log", log_body(node_key, line(**{column: value}), line()))

    assert answer.json() == {"node_invalid": False}
    assert FimLog.objects.filter(path="/etc/ssh/sshd_config").exists()


def test_osqueryd_sends_again_what_could_not_be_stored(node_key, monkeypatch):
    def ingest_records(*args, **kwargs):
        raise OperationalError("database is locked")

    monkeypatch.setattr(services, "ingest_records", ingest_records)

    answer = post("log", log_body(node_key, line()))

    assert answer.status_code == 503
    assert answer.json()["error"]


def test_osqueryd_sends_again_what_met_a_bug(node_key, monkeypatch, caplog):
    monkeypatch.setattr(services, "ingest_records", lambda *args, **kwargs: 1 / 0)

    answer = post("log", log_body(node_key, line()))

    assert answer.status_code == 500
    assert answer.json()["error"]
    assert "ZeroDivisionError" in caplog.text


def test_osqueryd_over_its_rate_sends_later(node_key, settings):
    rest = settings.REST_FRAMEWORK
    settings.REST_FRAMEWORK = rest | {
        "DEFAULT_THROTTLE_RATES": rest["DEFAULT_THROTTLE_RATES"] | {"key": "1/hour"}
    }

    answers = [post("log", log_body(node_key, line())) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["error"]


def test_enrolments_of_one_address_have_a_limit(settings):
    rest = settings.REST_FRAMEWORK
    settings.REST_FRAMEWORK = rest | {
        "DEFAULT_THROTTLE_RATES": rest["DEFAULT_THROTTLE_RATES"] | {"sign_in": "1/hour"}
    }

    assert [enroll().status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("path", PATHS)
def test_takes_post_alone(path):
    answer = APIClient().get(f"/api/osquery/{path}", headers={"authorization": "NodeKey no.key"})

    # Whoever has no node key learns nothing else first.
    assert answer.status_code == (405 if path == "enroll" else 200)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "// a comment\n{}", " " * 2**20 + "{}"])
def test_a_broken_configuration_is_an_error_on_which_osqueryd_keeps_its_own(
    node_key, settings, tmp_path, text
):
    path = tmp_path / "osquery.json"
    path.write_text(text)
    settings.OSQUERY_CONFIG_PATH = str(path)

    answer = post("config", {"node_key": node_key})

    assert (answer.status_code, answer.json()["node_invalid"]) == (200, False)
    assert answer.json()["error"]


@pytest.mark.parametrize("path", ["/no/such/file", "/", "a\0b"])
def test_a_missing_configuration_is_an_error_too(node_key, settings, path):
    settings.OSQUERY_CONFIG_PATH = path

    assert post("config", {"node_key": node_key}).json()["error"]


def test_deep_nesting_is_no_bug(node_key):
    deep = json.dumps(log_body(node_key, line(sha256="DEEP")))
    body = deep.replace('"DEEP"', "[" * 900 + "]" * 900).encode()

    assert post("log", body).status_code in (200, 400)


def test_osqueryd_keeps_its_logs_where_the_path_is_wrong(client):
    answer = client.post("/api/osquery/lgo", {}, content_type="application/json")

    assert (answer.status_code, bool(answer.json()["error"])) == (404, True)
