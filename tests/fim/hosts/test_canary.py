"""An agent's canary proves that its way to the node works; it is no change, and is not kept."""

import json

import pytest

from fim.models import DayCount, FimLog
from tests.factories import log_json
from threats.models import Event

pytestmark = pytest.mark.django_db

URL = "/api/ingest/fim/"
CANARY = log_json(path="/srv/.picket-canary", attributes={"canary": True}, rule="picket-canary")


def test_alone_it_is_answered_as_ignored(agent_client):
    answer = agent_client.post(URL, CANARY)

    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 0,
        "duplicates": 0,
        "rejected": 0,
        "ignored": 1,
        "errors": [],
    }
    assert not FimLog.objects.exists() and not DayCount.objects.exists()


def test_in_a_batch_the_others_are_stored(agent_client):
    lines = "\n".join(json.dumps(log) for log in (CANARY, log_json(), CANARY))

    answer = agent_client.post(URL, lines, content_type="application/x-ndjson")

    assert (answer.status_code, answer.json()["ignored"]) == (201, 2)
    assert FimLog.objects.get().path == "/etc/passwd"


def test_raises_no_alert_whatever_it_says(agent_client):
    agent_client.post(URL, CANARY | {"category": "malware"})

    assert not Event.objects.exists()


@pytest.mark.parametrize("attributes", [{"canary": 1}, {"canary": "true"}, {"canary": False}, {}])
def test_what_is_no_canary_is_stored(agent_client, attributes):
    assert agent_client.post(URL, log_json(attributes=attributes)).status_code == 201
    assert FimLog.objects.count() == 1
