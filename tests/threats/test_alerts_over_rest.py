import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.factories import ALMA, event_json, make_alert, make_event
from tests.threats.test_event_detail import MISSING_IDS
from threats.models import Alert, Event
from threats.services import acknowledge_alert, resolve_alert

pytestmark = pytest.mark.django_db

URL = "/api/alerts/"
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def url_of(alert):
    return f"{URL}{alert.pk}/"


def found(client, **query):
    response = client.get(URL, query)
    assert response.status_code == 200, response.json()
    return [alert["id"] for alert in response.json()["results"]]


@time_machine.travel(NOON, tick=False)
def test_shows_an_alert_with_its_event(analyst_client, settings):
    settings.TIME_ZONE = "Asia/Jakarta"
    alert = make_alert()

    response = analyst_client.get(url_of(alert))

    assert response.status_code == 200
    assert response.json() == {
        "id": alert.pk,
        "event": {
            **event_json(severity="HIGH"),
            "id": alert.event_id,
            "timestamp": "2026-03-14T12:00:00Z",
            "dedup_key": None,
            "count": 1,
            "last_seen_at": "2026-03-14T12:00:00Z",
        },
        "status": "OPEN",
        "assignee": "",
        "created_at": "2026-03-14T12:00:00Z",
    }


def test_lists_newest_first(analyst_client):
    with time_machine.travel(NOON, tick=False):
        ids = [make_alert().pk for _ in range(2)]
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        ids.append(make_alert().pk)

    assert found(analyst_client) == ids[::-1]


@pytest.mark.parametrize("rows", [1, 10])
def test_list_costs_two_queries_however_many_rows(analyst_client, django_assert_num_queries, rows):
    for _ in range(rows):
        make_alert()

    with django_assert_num_queries(2):
        response = analyst_client.get(URL)

    assert len(response.json()["results"]) == rows


def test_filters_by_status(analyst_client):
    unresolved, acknowledged, resolved = make_alert(), make_alert(), make_alert()
    acknowledge_alert(acknowledged, by=ALMA)
    resolve_alert(resolved, by=ALMA)

    assert found(analyst_client, status="OPEN") == [unresolved.pk]
    assert found(analyst_client, status=["OPEN", "ACK"]) == [acknowledged.pk, unresolved.pk]


def test_filters_by_its_event(analyst_client):
    alert = make_alert(severity="CRITICAL", source_name="ids-2", event_type="brute_force")
    make_alert(severity="HIGH")

    assert found(analyst_client, event__severity="CRITICAL") == [alert.pk]
    assert found(analyst_client, event__source_name="ids-2") == [alert.pk]
    assert found(analyst_client, event__event_type="brute_force") == [alert.pk]


def test_filters_by_time(analyst_client):
    with time_machine.travel(NOON, tick=False):
        alert = make_alert()

    assert found(analyst_client, created_at_after="2026-03-14T12:00:00Z") == [alert.pk]
    assert found(analyst_client, created_at_before="2026-03-14T12:00:00Z") == []


def test_orders_oldest_first_when_asked(analyst_client):
    ids = [make_alert().pk for _ in range(3)]

    assert found(analyst_client, ordering="created_at") == ids


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=DONE", "status"),
        ("status=open", "status"),
        ("event__severity=SEVERE", "event__severity"),
        ("event__source_name=%00", "event__source_name"),
        ("event__event_type=%00", "event__event_type"),
        ("created_at_after=soon", "created_at_after"),
        ("created_at_before=9999-12-31T23:59:59-07:00", "created_at_before"),
        ("ordering=status", "ordering"),
        ("page=0", "page"),
        ("page_size=1001", "page_size"),
    ],
)
def test_refuses_a_bad_parameter(analyst_client, query, field):
    response = analyst_client.get(f"{URL}?{query}")

    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]


def test_answers_a_page_past_the_end_with_404(analyst_client):
    assert analyst_client.get(URL, {"page": 2}).status_code == 404


@pytest.mark.parametrize("method", ["put", "patch"])
def test_admin_changes_the_status_with_a_note(admin_client, method):
    alert = make_alert()

    response = getattr(admin_client, method)(url_of(alert), {"status": "ACK", "note": "Mine."})

    assert response.status_code == 200
    assert response.json() == admin_client.get(url_of(alert)).json()
    assert response.json()["status"] == "ACK"
    change = alert.changes.get()
    assert (change.changed_by, change.note) == ("alma", "Mine.")


def test_a_repeated_change_is_answered_and_writes_nothing(admin_client):
    alert = make_alert()

    for _ in range(2):
        response = admin_client.patch(url_of(alert), {"status": "ACK"})

    assert response.status_code == 200
    assert alert.changes.count() == 1


def test_ignores_what_the_client_does_not_decide(admin_client):
    alert = make_alert()
    event = make_event()

    body = {"status": "ACK", "id": 99, "event": event.pk, "created_at": "1999-01-01T00:00:00Z"}
    response = admin_client.patch(url_of(alert), body)

    assert response.json()["event"]["id"] == alert.event_id
    assert Alert.objects.get().created_at == alert.created_at


def test_says_why_a_resolved_alert_cannot_be_acknowledged(admin_client):
    alert = resolve_alert(make_alert(), by=ALMA)

    response = admin_client.patch(url_of(alert), {"status": "ACK"})

    assert response.status_code == 409
    assert response.json() == {
        "code": "transition_refused",
        "detail": f"Alert {alert.pk} is RESOLVED; from there it can become OPEN, not ACK.",
        "fields": {},
    }


def test_says_why_an_alert_cannot_be_reopened(admin_client):
    alert = resolve_alert(make_alert(dedup_key="k"), by=ALMA)
    make_alert(dedup_key="k")

    response = admin_client.patch(url_of(alert), {"status": "OPEN"})

    assert response.status_code == 409
    assert response.json()["code"] == "same_trouble_unresolved"


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"note": "x"}, "status"),
        ({"status": "DONE"}, "status"),
        ({"status": None}, "status"),
        ({"status": "\ud800"}, "status"),
        ({"status": ["ACK"]}, "status"),
        ({"status": "ACK", "note": None}, "note"),
        ({"status": "ACK", "note": "\0"}, "note"),
        ({"status": "ACK", "note": "\udfff"}, "note"),
        ({"status": "ACK", "note": "x" * 2_001}, "note"),
        ([], "non_field_errors"),
        (None, "non_field_errors"),
        ("ACK", "non_field_errors"),
    ],
)
def test_refuses_a_bad_body(admin_client, method, body, field):
    url = url_of(make_alert())

    response = getattr(admin_client, method)(url, json.dumps(body), content_type="application/json")

    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert Alert.objects.get().status == "OPEN"


def test_admin_deletes_an_alert_and_keeps_its_event(admin_client):
    alert = make_alert()

    response = admin_client.delete(url_of(alert))

    assert response.status_code == 204
    assert admin_client.delete(url_of(alert)).status_code == 404
    assert Event.objects.get() == alert.event


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_analyst_may_not_change_an_alert(analyst_client, method):
    url = url_of(make_alert())

    response = getattr(analyst_client, method)(url, {"status": "ACK"})

    assert response.status_code == 403
    assert response.json()["detail"] == "Only admins may do this."
    assert Alert.objects.get().status == "OPEN"


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_refuses_nobody_and_keys(anonymous_client, sensor_client, method):
    url = url_of(make_alert())

    assert getattr(anonymous_client, method)(url).status_code == 401
    assert getattr(sensor_client, method)(url).status_code == 403


def test_list_refuses_nobody_and_keys(anonymous_client, sensor_client):
    assert anonymous_client.get(URL).status_code == 401
    assert sensor_client.get(URL).status_code == 403


@pytest.mark.parametrize("alert_id", MISSING_IDS, ids=lambda alert_id: alert_id[:25])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_answers_an_unknown_id_with_404(admin_client, method, alert_id):
    response = getattr(admin_client, method)(f"{URL}{alert_id}/", {"status": "ACK"})

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize("body", [{}, {"event": 1}, [], None])
def test_says_how_alerts_come_to_be(admin_client, body):
    response = admin_client.post(URL, json.dumps(body), content_type="application/json")

    assert response.status_code == 405
    assert response.json()["code"] == "method_not_allowed"
    assert "Post the event to /api/events/" in response.json()["detail"]
    assert response["Allow"] == "GET, HEAD, OPTIONS"


def test_posting_an_alert_asks_who_it_is_first(anonymous_client, sensor_client):
    assert anonymous_client.post(URL, {}).status_code == 401
    assert sensor_client.post(URL, {}).status_code == 403
