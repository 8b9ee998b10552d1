"""One unresolved alert a dedup key: count an event as a repeat of it, or open the alert.

The rule stands here alone, for one event as for many at once, in a few statements however many.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from config.raw_sql import run, run_many
from threats.models import Severity, Status

# How often events start over because another request opened or resolved an alert of their keys
# between the look and the write. Once is rare, twice in a row next to never.
MAX_ATTEMPTS = 100
EVENTS_PER_STATEMENT = 500
# Literal as in the index of unresolved alerts: SQLite looks there only for what it can compare.
UNRESOLVED = (
    "SELECT alert.dedup_key, event.id, event.severity FROM threats_alert alert"
    " JOIN threats_event event ON event.id = alert.event_id"
    " WHERE NOT alert.status = 'RESOLVED' AND alert.dedup_key IN ({marks})"
)
# In the order in which Python sorts the keys, and as strong as the update that follows.
HELD_IN_ORDER = ' ORDER BY alert.dedup_key COLLATE "C" FOR NO KEY UPDATE OF event'
EVENT_FIELDS = ("source_name", "event_type", "severity", "description", "dedup_key", "count")
INSERT_EVENTS = (
    f"INSERT INTO threats_event ({', '.join(EVENT_FIELDS)}, timestamp, last_seen_at)"  # noqa: S608
    " VALUES {rows} RETURNING id, dedup_key"
)
INSERT_ALERT = (
    "INSERT INTO threats_alert (event_id, status, assignee, created_at, dedup_key)"
    " VALUES (%s, %s, %s, %s, %s)"
)
ADD_COUNT = "UPDATE threats_event SET count = count + %s, last_seen_at = %s WHERE id = %s"
SET_SEVERITY = "UPDATE threats_event SET severity = %s WHERE id = %s"

# Its fields are those that `record_event` takes, but for `event_id`.
NewEvent = Mapping[str, Any]

_fields_of = itemgetter(*EVENT_FIELDS)


class Recorded(NamedTuple):
    """The stored event that a new one became, or counts in."""

    pk: int
    is_new: bool
    at: datetime


class Held(NamedTuple):
    """The event of an unresolved alert."""

    pk: int
    severity: str


def record_deduplicated_events(events: Sequence[NewEvent]) -> dict[str, Recorded]:
    """Record events, each with a dedup key that no other one of them has; return them by key.

    While an alert with its key is not RESOLVED, an event is a repeat: it adds its `count` to the
    alert's event, moves `last_seen_at`, and raises the severity where its own is higher. Else it
    is stored, and opens an alert where it is HIGH or CRITICAL.

    One transaction. Costs five statements for 500 events; one more raises severities.
    """
    # Every caller takes its keys in the same order, and first those that have an alert, so that no
    # two wait for each other's rows.
    waiting = sorted(events, key=itemgetter("dedup_key"))
    recorded: dict[str, Recorded] = {}
    with transaction.atomic(savepoint=False):
        for _ in range(MAX_ATTEMPTS):
            held = _lock_unresolved([event["dedup_key"] for event in waiting])
            repeats = [event for event in waiting if event["dedup_key"] in held]
            recorded |= _count_repeats(repeats, held)
            waiting = [event for event in waiting if event["dedup_key"] not in held]
            if not waiting:
                return recorded
            try:
                # SQLite's only writer meets no alert that another one opened meanwhile.
                with transaction.atomic(savepoint=connection.features.has_select_for_update):
                    return recorded | open_events(waiting)
            except IntegrityError as exc:
                if transaction.get_rollback():
                    raise
                # Another request opened the alert of one of these keys just now. It may be
                # resolved by the next look, so its absence says nothing.
                failure = exc
        raise failure


def open_events(events: Sequence[NewEvent]) -> dict[Any, Recorded]:
    """Insert events, and an alert for each that raises one; return them by dedup key.

    The caller holds a transaction. Past the ORM, which takes five times longer than both.
    """
    at = timezone.now()
    now: Any = connection.ops.adapt_datetimefield_value(at)
    opened: dict[Any, Recorded] = {}
    for some in _in_batches(events):
        values: list[Any] = []
        for event in some:
            values += (*_fields_of(event), now, now)
        made = run(_insert_of(len(some)), values)
        opened |= {key: Recorded(pk, is_new=True, at=at) for pk, key in made}
    keys = [event["dedup_key"] for event in events if Severity(event["severity"]).raises_alert]
    if keys:
        run_many(INSERT_ALERT, [(opened[key].pk, Status.OPEN, "", now, key) for key in keys])
    return opened


def _lock_unresolved(keys: Sequence[str]) -> dict[str, Held]:
    """Return the events whose alerts are unresolved, by their key, and lock them.

    Past the ORM, which takes ten times longer than the database to look up a few keys.
    """
    held: dict[str, Held] = {}
    for some in _in_batches(keys):
        text = UNRESOLVED.format(marks=", ".join(["%s"] * len(some)))
        if connection.features.has_select_for_update:
            text += HELD_IN_ORDER
        held |= {key: Held(pk, severity) for key, pk, severity in run(text, some)}
    return held


def _count_repeats(events: Sequence[NewEvent], held: Mapping[str, Held]) -> dict[str, Recorded]:
    if not events:
        return {}
    at = timezone.now()
    now: Any = connection.ops.adapt_datetimefield_value(at)
    repeats = [(event, held[event["dedup_key"]]) for event in events]
    run_many(ADD_COUNT, [(event["count"], now, same.pk) for event, same in repeats])
    raised = [
        (event["severity"], same.pk)
        for event, same in repeats
        if event["severity"] != same.severity and same.severity in Severity(event["severity"]).below
    ]
    if raised:
        run_many(SET_SEVERITY, raised)
    return {event["dedup_key"]: Recorded(same.pk, is_new=False, at=at) for event, same in repeats}


def _in_batches(items: Sequence[Any]) -> list[Sequence[Any]]:
    return [
        items[start : start + EVENTS_PER_STATEMENT]
        for start in range(0, len(items), EVENTS_PER_STATEMENT)
    ]


@lru_cache(maxsize=32)
def _insert_of(rows: int) -> str:
    marks = ", ".join(["%s"] * (len(EVENT_FIELDS) + 2))
    return INSERT_EVENTS.format(rows=", ".join([f"({marks})"] * rows))
