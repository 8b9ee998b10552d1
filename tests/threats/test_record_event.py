from datetime import UTC, datetime

import pytest
import time_machine
from django.db import transaction

from tests.factories import event_json
from threats import deduplication
from threats.models import Alert, Event, Status
from threats.services import record_event, record_events

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("severity", ["HIGH", "CRITICAL"])
def test_opens_one_alert_for_a_severe_event(severity):
    event = record_event(**event_json(severity=severity)).event

    alert = Alert.objects.get()
    assert (alert.event, alert.status) == (event, Status.OPEN)


@pytest.mark.parametrize("severity", ["LOW", "MEDIUM"])
def test_opens_no_alert_for_a_mild_event(severity):
    record_event(**event_json(severity=severity))

    assert Event.objects.count() == 1
    assert not Alert.objects.exists()


def test_opens_an_alert_for_each_event_without_a_key():
    for _ in range(2):
        record_event(**event_json(severity="HIGH"))

    assert Event.objects.count() == Alert.objects.count() == 2


@time_machine.travel(NOON, tick=False)
def test_stores_what_it_was_given_and_when():
    event = record_event(**event_json(description="40 ports in 2 s")).event

    event.refresh_from_db()
    assert (event.source_name, event.event_type, event.severity, event.description) == (
        "ids-1",
        "port_scan",
        "LOW",
        "40 ports in 2 s",
    )
    assert event.timestamp == event.last_seen_at == NOON
    assert (event.count, event.dedup_key) == (1, None)


def test_rolls_back_the_event_with_its_alert():
    with pytest.raises(RuntimeError), transaction.atomic():
        record_event(**event_json(severity="HIGH"))
        raise RuntimeError

    assert not Event.objects.exists()
    assert not Alert.objects.exists()


def test_stores_no_event_when_its_alert_cannot_be_stored(monkeypatch):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr(deduplication, "run_many", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        record_event(**event_json(severity="HIGH"))

    assert not Event.objects.exists()


@pytest.mark.parametrize("dedup_key", [None, "ssh:web-1"])
def test_refuses_an_unknown_severity(dedup_key):
    with pytest.raises(ValueError, match="SEVERE"):
        record_event(**event_json(severity="SEVERE", dedup_key=dedup_key))

    assert not Event.objects.exists()


def test_takes_an_empty_key_for_none():
    for _ in range(2):
        record_event(**event_json(severity="HIGH", dedup_key=""))

    assert list(Event.objects.values_list("dedup_key", flat=True)) == [None, None]


def test_records_many_events_or_none():
    with pytest.raises(ValueError, match="SEVERE"):
        record_events([event_json(severity="HIGH"), event_json(severity="SEVERE")])

    assert not Event.objects.exists()


def test_keeps_the_order_of_events_without_a_key():
    record_events([event_json(event_type=name) for name in ("b", "a", "c")])

    stored = Event.objects.order_by("pk").values_list("event_type", flat=True)
    assert list(stored) == ["b", "a", "c"]
