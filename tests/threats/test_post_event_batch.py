import json

import pytest

from tests.factories import event_json, make_alert
from threats.models import Alert, Event

pytestmark = pytest.mark.django_db

URL = "/api/events/"
KEY = "ssh:web-1"


def test_records_an_array(sensor_client):
    response = sensor_client.post(URL, [event_json(), event_json(severity="HIGH")])

    assert response.status_code == 201
    assert response.json() == {"accepted": 2, "duplicates": 0, "rejected": 0, "errors": []}
    assert Event.objects.count() == 2
    assert Alert.objects.count() == 1


def test_takes_an_array_of_one(sensor_client):
    assert sensor_client.post(URL, [event_json()]).json()["accepted"] == 1


def test_records_the_good_events_and_names_each_bad_one(sensor_client):
    response = sensor_client.post(URL, [event_json(severity="SEVERE"), event_json(), 7])

    assert response.status_code == 201
    assert response.json() == {
        "accepted": 1,
        "duplicates": 0,
        "rejected": 2,
        "errors": [
            {
                "index": 0,
                "code": "invalid",
                "detail": "Not valid: severity.",
                "fields": {"severity": ["Takes one of LOW, MEDIUM, HIGH, CRITICAL."]},
            },
            {
                "index": 2,
                "code": "invalid",
                "detail": "Invalid data. Expected a dictionary, but got int.",
                "fields": {
                    "non_field_errors": ["Invalid data. Expected a dictionary, but got int."]
                },
            },
        ],
    }


def test_counts_repeats_within_an_array(sensor_client):
    response = sensor_client.post(URL, [event_json(severity="HIGH", dedup_key=KEY)] * 3)

    assert response.status_code == 201
    assert (response.json()["accepted"], response.json()["duplicates"]) == (1, 2)
    assert Event.objects.get().count == 3


def test_answers_200_when_all_were_repeats(sensor_client):
    make_alert(dedup_key=KEY)

    response = sensor_client.post(URL, [event_json(severity="HIGH", dedup_key=KEY), None])

    assert response.status_code == 200
    assert (response.json()["duplicates"], response.json()["rejected"]) == (1, 1)


@pytest.mark.parametrize("record", [None, 1, "x", [], [event_json()], {}, True, {"severity": "?"}])
def test_answers_400_when_nothing_could_be_recorded(sensor_client, record):
    response = sensor_client.post(URL, [record])

    assert response.status_code == 400
    assert response.json()["rejected"] == 1
    assert response.json()["errors"][0]["fields"]


@pytest.mark.parametrize("field", ["source_name", "event_type", "severity", "dedup_key"])
@pytest.mark.parametrize("value", ["\ud800", "a\0b"])
def test_refuses_what_no_database_can_hold(sensor_client, field, value):
    body = json.dumps([event_json(**{field: value}), event_json()])

    response = sensor_client.post(URL, body, content_type="application/json")

    assert response.status_code == 201
    assert list(response.json()["errors"][0]["fields"]) == [field]


def test_refuses_an_empty_array(sensor_client):
    response = sensor_client.post(URL, [])

    assert response.status_code == 400
    assert response.json()["detail"] == "The array is empty."


def test_takes_a_thousand_events_and_not_one_more(sensor_client):
    full = sensor_client.post(URL, [event_json()] * 1_000)
    too_large = sensor_client.post(URL, [event_json()] * 1_001)

    assert (full.status_code, too_large.status_code) == (201, 413)
    assert too_large.json()["code"] == "batch_too_large"
    assert too_large.json()["detail"] == ("The array has 1001 events; at most 1000 are accepted.")
    assert Event.objects.count() == 1_000
