"""Batches that hold the same in other orders wait for each other in one direction.

Both are held up at the middle one, and by then each has what it took first.
"""

from uuid import UUID

import pytest
from django.db import connection

from tests.factories import event_json
from tests.threats.parallel import held_up
from threats.models import Alert, Event, EventReceipt
from threats.services import record_event, record_events
from threats.troubles import record_troubles

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]

IDS = [UUID(int=number) for number in (1, 2, 3)]


def troubles(*keys):
    return [event_json(severity="HIGH", dedup_key=key, count=1) for key in keys]


@pytest.mark.parametrize("record", [record_troubles, record_events])
def test_of_dedup_keys(record):
    held_up(
        lambda: record_event(**troubles("m")[0]),
        lambda: record(troubles("a", "m", "z")),
        lambda: record(troubles("z", "m", "a")),
    )

    assert set(Event.objects.values_list("dedup_key", "count")) == {("a", 2), ("m", 2), ("z", 2)}
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
