import json

import pytest

from tests.factories import event_json, make_alert, make_event
from threats.models import Alert, AlertChange, Event

pytestmark = pytest.mark.django_db

NOT_THERE = ["0", "7", "9" * 19, "9" * 25, "9" * 5_000, "%D9%A3"]
MISSING_IDS = [*NOT_THERE, "abc", "1.5", "-1", "%00", "%ED%A0%80"]


def url_of(event):
    return f"/api/events/{event.pk}/"


def test_shows_an_event(analyst_client, django_assert_num_queries):
    event = make_event()

    with django_assert_num_queries(1):
        response = analyst_client.get(url_of(event))

    assert response.status_code == 200
    assert list(response.json()) == [
        "id",
        "source_name",
        "event_type",
        "severity",
        "description",
        "timestamp",
        "dedup_key",
        "count",
        "last_seen_at",
    ]


def test_replaces_an_event(analyst_client):
    event = make_event()
    body = event_json(source_name="ids-2", event_type="x", severity="MEDIUM", description="y")

    response = analyst_client.put(url_of(event), body)

    assert response.status_code == 200
    stored = Event.objects.values("source_name", "event_type", "severity", "description").get()
    assert stored == body
    assert {name: response.json()[name] for name in body} == body


def test_changes_one_field(analyst_client):
    event = make_event()

    response = analyst_client.patch(url_of(event), {"description": "60 ports in 2 s"})

    assert response.status_code == 200
    assert response.json() == analyst_client.get(url_of(event)).json()
    assert Event.objects.get().description == "60 ports in 2 s"


def test_changes_nothing_when_sent_nothing(analyst_client):
    event = make_event()
    before = analyst_client.get(url_of(event)).json()

    response = analyst_client.patch(url_of(event), {})

    assert (response.status_code, response.json()) == (200, before)


@pytest.mark.parametrize("method", ["put", "patch"])
def test_opens_the_alert_of_an_event_that_is_raised(analyst_client, method):
    event = make_event()

    getattr(analyst_client, method)(url_of(event), event_json(severity="HIGH"))

    assert Alert.objects.get().event == event


def test_leaves_what_the_client_does_not_decide(analyst_client):
    event = make_event(dedup_key="ssh:web-1")
    before = analyst_client.get(url_of(event)).json()
    forged = {"id": 99, "dedup_key": "x", "count": 40, "timestamp": "1999-01-01T00:00:00Z"}

    response = analyst_client.patch(url_of(event), forged)

    assert (response.status_code, response.json()) == (200, before)


def test_names_the_fields_that_a_replacement_misses(analyst_client):
    response = analyst_client.put(url_of(make_event()), {"severity": "LOW"})

    assert response.status_code == 400
    assert set(response.json()["fields"]) == {"source_name", "event_type"}


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize(
    "body", [{"severity": "SEVERE"}, {"severity": "\ud800"}, {"description": "\0"}, [], None, "x"]
)
def test_refuses_a_bad_body(analyst_client, method, body):
    url = url_of(make_event())

    response = getattr(analyst_client, method)(
        url, json.dumps(body), content_type="application/json"
    )

    assert response.status_code == 400
    assert response.json()["code"] == "invalid"


def test_admin_deletes_an_event_with_its_alert(admin_client):
    event = make_alert().event
    admin_client.patch(f"/api/alerts/{event.alert.pk}/", {"status": "ACK"})

    response = admin_client.delete(url_of(event))

    assert (response.status_code, response.content) == (204, b"")
    assert not Event.objects.exists()
    assert not Alert.objects.exists()
    assert not AlertChange.objects.exists()


def test_answers_a_second_deletion_with_404(admin_client):
    url = url_of(make_event())
    admin_client.delete(url)

    assert admin_client.delete(url).status_code == 404


def test_analyst_may_not_delete_an_event(analyst_client):
    response = analyst_client.delete(url_of(make_event()))

    assert response.status_code == 403
    assert response.json()["detail"] == "Only admins may do this."
    assert Event.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_refuses_nobody(anonymous_client, method):
    url = url_of(make_event())

    assert getattr(anonymous_client, method)(url).status_code == 401


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_refuses_keys(sensor_client, method):
    url = url_of(make_event())

    assert getattr(sensor_client, method)(url).status_code == 403


@pytest.mark.parametrize("event_id", MISSING_IDS, ids=lambda event_id: event_id[:25])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_answers_an_unknown_id_with_404(admin_client, method, event_id):
    response = getattr(admin_client, method)(f"/api/events/{event_id}/")

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_refuses_to_post_to_an_event(analyst_client):
    assert analyst_client.post(url_of(make_event()), event_json()).status_code == 405
