"""Record the events of many troubles at once, in a few statements however many there are."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from threats.models import Alert, Event
from threats.services import record_event

KEYS_A_STATEMENT = 500
ADD_COUNT = "UPDATE threats_event SET count = count + %s, last_seen_at = %s WHERE id = %s"


def record_troubles(events: Sequence[Mapping[str, Any]]) -> None:
    """Record events, given as `record_event` takes them, each with a dedup key of its own.

    All are HIGH or CRITICAL, and a key always comes with the same severity. One transaction. Costs
    five statements for 500 events, where `record_event` takes as many for each.
    """
    # Every batch takes its keys in the same order, so that no two wait for each other's rows.
    in_order = sorted(events, key=lambda event: event["dedup_key"])
    with transaction.atomic():
        for start in range(0, len(in_order), KEYS_A_STATEMENT):
            _record(in_order[start : start + KEYS_A_STATEMENT])


def _record(events: Sequence[Mapping[str, Any]]) -> None:
    known = _unresolved([event["dedup_key"] for event in events])
    _count_repeats(
        [
            (event["count"], known[event["dedup_key"]])
            for event in events
            if event["dedup_key"] in known
        ]
    )
    new = [event for event in events if event["dedup_key"] not in known]
    try:
        with transaction.atomic():
            _open(new)
    except IntegrityError:
        # Another request opened the alert of one of these keys just now.
        for event in new:
            record_event(**event)


def _unresolved(keys: Sequence[str]) -> dict[str, int]:
    """Return the events whose alerts are unresolved, by their key, and hold them where they are."""
    alerts = Alert.objects.unresolved().filter(dedup_key__in=keys)
    found = dict(alerts.values_list("dedup_key", "event_id"))
    held = Event.objects.select_for_update().filter(pk__in=found.values()).order_by("pk")
    still = set(held.values_list("pk", flat=True))
    return {str(key): pk for key, pk in found.items() if pk in still}


def _count_repeats(counts: Sequence[tuple[int, int]]) -> None:
    if not counts:
        return
    now: Any = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.executemany(ADD_COUNT, [(count, now, pk) for count, pk in counts])


def _open(events: Sequence[Mapping[str, Any]]) -> None:
    now = timezone.now()
    made = Event.objects.bulk_create(
        Event(**event, timestamp=now, last_seen_at=now) for event in events
    )
    Alert.objects.bulk_create(
        Alert(event=event, dedup_key=event.dedup_key, created_at=now) for event in made
    )
