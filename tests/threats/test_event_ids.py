"""A sensor may name an event by an id, and then repeat the request until it is answered."""

import json
import uuid

import pytest
from rest_framework.test import APIClient

from tests.factories import ALMA, event_json, make_alert, make_key
from tests.threats.parallel import at_once
from threats.edits import delete_event
from threats.models import Alert, Event, EventReceipt
from threats.services import record_event, resolve_alert

pytestmark = pytest.mark.django_db

URL = "/api/events/"
KEY = "ssh:web-1"
ID = uuid.UUID("0b8c1f5e-7f5c-4a0e-9d8e-3f1f6f0f2a11")
OTHER_ID = uuid.UUID("0b8c1f5e-7f5c-4a0e-9d8e-3f1f6f0f2a12")


def record(**fields):
    return record_event(**event_json(**({"severity": "HIGH", "event_id": ID} | fields)))


@pytest.mark.parametrize("dedup_key", [None, KEY])
def test_a_repeated_id_stores_and_counts_nothing(dedup_key):
    first = record(dedup_key=dedup_key)

    again = record(dedup_key=dedup_key)

    assert (again.event, again.is_new) == (first.event, False)
    assert again.event.count == 1
    assert Event.objects.count() == Alert.objects.count() == 1


def test_a_repeated_id_of_a_counted_repeat_counts_once():
    make_alert(dedup_key=KEY)

    for _ in range(2):
        record(dedup_key=KEY)

    assert Event.objects.get().count == 2


def test_a_repeated_id_makes_no_event_after_the_alert_is_resolved():
    resolve_alert(record(dedup_key=KEY).event.alert, by=ALMA)

    assert not record(dedup_key=KEY).is_new
    assert Event.objects.count() == 1


def test_an_id_is_of_one_source():
    record(source_name="ids-1")

    assert record(source_name="ids-2").is_new


def test_other_ids_of_one_key_count_as_repeats():
    record(dedup_key=KEY)

    assert record(dedup_key=KEY, event_id=OTHER_ID).event.count == 2


def test_a_deleted_event_takes_its_ids_with_it():
    delete_event(record().event, by=ALMA)

    assert not EventReceipt.objects.exists()
    assert record().is_new


def test_answers_a_repeated_request_with_200_and_the_same_event(sensor_client):
    body = event_json(event_id=str(ID))
    first = sensor_client.post(URL, body)

    again = sensor_client.post(URL, body)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


def test_counts_a_repeated_id_of_an_array_as_duplicate(sensor_client):
    response = sensor_client.post(URL, [event_json(event_id=str(ID))] * 2)

    assert response.status_code == 201
    assert (response.json()["accepted"], response.json()["duplicates"]) == (1, 1)


@pytest.mark.parametrize("event_id", ["", "x", None, [], {}, 1.5, -1, "\0", "\ud800", f"{ID}0"])
def test_refuses_what_is_no_uuid(sensor_client, event_id):
    body = json.dumps(event_json(event_id=event_id))

    response = sensor_client.post(URL, body, content_type="application/json")

    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["event_id"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("dedup_key", [None, KEY])
def test_ten_posts_of_one_id_record_one_event(dedup_key):
    _, key = make_key()
    body = event_json(severity="HIGH", event_id=str(ID), dedup_key=dedup_key)

    def post():
        client = APIClient(HTTP_AUTHORIZATION=f"Api-Key {key}")
        return client.post(URL, body).status_code

    statuses = at_once(*[post] * 10)

    assert sorted(statuses) == [200] * 9 + [201]
    assert Event.objects.get().count == 1
    assert Alert.objects.count() == EventReceipt.objects.count() == 1
