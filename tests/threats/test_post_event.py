import json
from datetime import UTC, datetime

import pytest
import time_machine

from tests.factories import event_json
from threats.models import Alert, Event

pytestmark = pytest.mark.django_db

URL = "/api/events/"
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@time_machine.travel(NOON, tick=False)
def test_answers_with_the_stored_event(analyst_client):
    response = analyst_client.post(URL, event_json(severity="MEDIUM"))

    assert response.status_code == 201
    assert response.json() == {
        "id": Event.objects.get().pk,
        "source_name": "ids-1",
        "event_type": "port_scan",
        "severity": "MEDIUM",
        "description": "40 ports in 2 s",
        "timestamp": "2026-03-14T12:00:00Z",
        "dedup_key": None,
        "count": 1,
        "last_seen_at": "2026-03-14T12:00:00Z",
    }


def test_opens_the_alert_of_a_severe_event(sensor_client):
    response = sensor_client.post(URL, event_json(severity="CRITICAL"))

    assert response.status_code == 201
    assert Alert.objects.get().event_id == response.json()["id"]


def test_answers_a_repeat_with_200_and_the_event_that_counts_it(sensor_client):
    body = event_json(severity="HIGH", dedup_key="ssh:web-1")
    first = sensor_client.post(URL, body).json()

    response = sensor_client.post(URL, body)

    assert response.status_code == 200
    assert (response.json()["id"], response.json()["count"]) == (first["id"], 2)


def test_takes_an_event_without_description(sensor_client):
    body = event_json()
    del body["description"]

    assert sensor_client.post(URL, body).json()["description"] == ""


def test_keeps_text_of_any_script(sensor_client):
    description = "Пароль 推测 \U0001f40d"

    response = sensor_client.post(URL, event_json(description=description))

    assert response.json()["description"] == description


@time_machine.travel(NOON, tick=False)
def test_ignores_what_the_client_does_not_decide(sensor_client):
    forged = {"id": 99, "count": 40, "timestamp": "1999-01-01T00:00:00Z", "alert": 1, "colour": "?"}

    answer = sensor_client.post(URL, event_json(**forged)).json()

    assert answer["id"] != 99
    assert (answer["count"], answer["timestamp"]) == (1, "2026-03-14T12:00:00Z")


def test_refuses_nobody(anonymous_client):
    response = anonymous_client.post(URL, event_json())

    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"


def test_refuses_a_key_without_the_scope(agent_client):
    response = agent_client.post(URL, event_json())

    assert response.status_code == 403
    assert response.json() == {
        "code": "permission_denied",
        "detail": "This key has no scope post_events.",
        "fields": {},
    }


@pytest.mark.parametrize("field", ["source_name", "event_type", "severity"])
def test_names_a_missing_field(sensor_client, field):
    body = event_json()
    del body[field]

    response = sensor_client.post(URL, body)

    assert response.status_code == 400
    assert response.json() == {
        "code": "invalid",
        "detail": f"Not valid: {field}.",
        "fields": {field: ["This field is required."]},
    }


@pytest.mark.parametrize("severity", ["high", "SEVERE", "", None, 3, True, [], {}, "\ud800"])
def test_refuses_an_unknown_severity(sensor_client, severity):
    body = json.dumps(event_json(severity=severity))

    response = sensor_client.post(URL, body, content_type="application/json")

    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["severity"]


def test_says_which_severities_there_are(sensor_client):
    response = sensor_client.post(URL, event_json(severity="SEVERE"))

    message = "Takes one of LOW, MEDIUM, HIGH, CRITICAL."
    assert response.json()["fields"] == {"severity": [message]}


TEXTS = ["source_name", "event_type", "description", "dedup_key"]


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("value", [True, [], {}, ["x"], "a\0b", "a\ud800b", "\udfff"])
def test_refuses_what_is_no_text(sensor_client, field, value):
    body = json.dumps(event_json(**{field: value}))

    response = sensor_client.post(URL, body, content_type="application/json")

    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert not Event.objects.exists()


@pytest.mark.parametrize("field", ["source_name", "event_type", "description"])
def test_refuses_null_for_a_text_that_is_never_null(sensor_client, field):
    assert sensor_client.post(URL, event_json(**{field: None})).status_code == 400


@pytest.mark.parametrize("field", ["source_name", "event_type", "dedup_key"])
@pytest.mark.parametrize("value", ["", "  "])
def test_refuses_an_empty_text(sensor_client, field, value):
    assert sensor_client.post(URL, event_json(**{field: value})).status_code == 400


@pytest.mark.parametrize(
    ("field", "limit"),
    [("source_name", 255), ("event_type", 100), ("description", 10_000), ("dedup_key", 255)],
)
def test_bounds_each_text(sensor_client, field, limit):
    fits = sensor_client.post(URL, event_json(**{field: "é" * limit}))
    too_long = sensor_client.post(URL, event_json(**{field: "é" * (limit + 1)}))

    assert (fits.status_code, too_long.status_code) == (201, 400)
    assert str(limit) in too_long.json()["fields"][field][0]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid"),
        (b"null", "invalid"),
        (b"1", "invalid"),
        (b'"x"', "invalid"),
        (b"true", "invalid"),
        (b"[]", "invalid"),
        (b"{}", "invalid"),
        (b"{", "parse_error"),
        (b"\xff\xfe", "parse_error"),
        (b'{"severity": "\xe9"}', "parse_error"),
        (b"NaN", "parse_error"),
        (b'{"severity": Infinity}', "parse_error"),
        (b"[" * 100_000, "parse_error"),
        (b'{"a":' * 100_000, "parse_error"),
        (b"9" * 5_000, "parse_error"),
        (b'{"severity": ' + b"9" * 5_000 + b"}", "parse_error"),
        (b"source_name=ids-1", "parse_error"),
    ],
    ids=lambda value: value[:16].decode("latin-1") if isinstance(value, bytes) else value,
)
def test_answers_a_malformed_body_with_400(sensor_client, body, code):
    response = sensor_client.post(URL, body, content_type="application/json")

    assert response.status_code == 400
    assert response.json()["code"] == code
    assert not Event.objects.exists()


def test_refuses_a_body_over_the_limit(sensor_client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000

    response = sensor_client.post(URL, event_json(description="x" * 1_000))

    assert response.status_code == 413
    assert response.json()["code"] == "body_too_large"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "x"])
def test_refuses_another_media_type(sensor_client, content_type):
    response = sensor_client.post(URL, b"severity=LOW", content_type=content_type)

    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"


def test_stops_a_person_at_the_limit_of_a_day(analyst_client, settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"user": "1/day"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    analyst_client.post(URL, event_json())

    response = analyst_client.post(URL, event_json())

    assert response.status_code == 429
    assert response.json()["code"] == "throttled"
    assert int(response["Retry-After"]) > 86_000
    assert analyst_client.get(URL).status_code == 200
