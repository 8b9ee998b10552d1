"""Batches that hold the same events in other orders wait for each other in one direction."""

import uuid

import pytest

from tests.factories import event_json
from tests.threats.parallel import at_once
from threats.models import Event, EventReceipt
from threats.services import record_events

IDS = [uuid.UUID(int=n + 1) for n in range(30)]


@pytest.mark.django_db(transaction=True)
def test_batches_in_other_orders_do_not_lock_each_other_out():
    batch = [event_json(severity="HIGH") | {"event_id": event_id} for event_id in IDS]

    results = at_once(*[lambda: record_events(batch), lambda: record_events(batch[::-1])] * 5)

    assert [result for result in results if isinstance(result, Exception)] == []
    assert Event.objects.count() == EventReceipt.objects.count() == len(IDS)
