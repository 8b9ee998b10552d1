"""Batches that hold the same in other orders wait for each other in one direction.

Both are held up at the middle one, and by then each has what it took first.
"""

from uuid import UUID

import pytest
from django.db import connection

from tests.factories import event_json
from tests.threats.parallel import held_up, wait_until_waiting
from threats import deduplication
from threats.deduplication import record_deduplicated_events
from threats.models import Alert, Event, EventReceipt
from threats.services import record_event, record_events

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]

IDS = [UUID(int=number) for number in (1, 2, 3)]


def of_keys(*keys):
    return [event_json(severity="HIGH", dedup_key=key, count=1) for key in keys]


@pytest.mark.parametrize("record", [record_deduplicated_events, record_events])
def test_of_dedup_keys(record):
    held_up(
        lambda: record_event(**of_keys("m")[0]),
        lambda: record(of_keys("a", "m", "z")),
        lambda: record(of_keys("z", "m", "a")),
    )

    assert set(Event.objects.values_list("dedup_key", "count")) == {("a", 2), ("m", 2), ("z", 2)}
    assert Alert.objects.count() == 3


@pytest.mark.parametrize("known", ["z", "zba"])
def test_of_dedup_keys_in_several_statements(monkeypatch, known):
    monkeypatch.setattr(deduplication, "EVENTS_PER_STATEMENT", 2)
    for each in of_keys(*known):
        record_event(**each)

    def record_after(*keys):
        wait_until_waiting(1)
        record_deduplicated_events(of_keys(*keys))

    held_up(
        lambda: record_event(**of_keys("b")[0]),
        lambda: record_deduplicated_events(of_keys("a", "b", "z")),
        lambda: record_after("a", "z"),
    )

    assert Event.objects.get(dedup_key="z").count == 3
    assert Alert.objects.count() == 3


def test_of_event_ids():
    events = [event_json(event_id=each) for each in IDS]

    held_up(
        lambda: record_event(**events[1]),
        lambda: record_events(events),
        lambda: record_events(events[::-1]),
    )

    assert sorted(EventReceipt.objects.values_list("event_id", flat=True)) == IDS
    assert Event.objects.count() == 3
