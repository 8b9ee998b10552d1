"""Record the events of many troubles at once, in a few statements however many there are."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from config.raw_sql import run, run_many
from threats.models import Status
from threats.services import record_event

KEYS_A_STATEMENT = 500
# Literal as in the index of unresolved alerts: SQLite looks there only for what it can compare.
UNRESOLVED = (
    "SELECT alert.dedup_key, event.id FROM threats_alert alert"
    " JOIN threats_event event ON event.id = alert.event_id"
    " WHERE NOT alert.status = 'RESOLVED' AND alert.dedup_key IN ({marks}) ORDER BY event.id"
)
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

_fields_of = itemgetter(*EVENT_FIELDS)


def record_troubles(events: Sequence[Mapping[str, Any]]) -> None:
    """Record events, given as `record_event` takes them, each with a dedup key of its own.

    All are HIGH or CRITICAL, and a key always comes with the same severity. One transaction. Costs
    five statements for 500 events, where `record_event` takes as many for each.
    """
    # Every batch takes its keys in the same order, so that no two wait for each other's rows.
    in_order = sorted(events, key=lambda event: event["dedup_key"])
    with transaction.atomic(savepoint=False):
        for start in range(0, len(in_order), KEYS_A_STATEMENT):
            _record(in_order[start : start + KEYS_A_STATEMENT])


def _record(events: Sequence[Mapping[str, Any]]) -> None:
    known = _unresolved([event["dedup_key"] for event in events])
    repeats = [event for event in events if event["dedup_key"] in known]
    _count_repeats([(event["count"], known[event["dedup_key"]]) for event in repeats])
    if len(repeats) == len(events):
        return
    new = [event for event in events if event["dedup_key"] not in known]
    try:
        # SQLite's only writer meets no alert that another one opened meanwhile.
        with transaction.atomic(savepoint=connection.features.has_select_for_update):
            _open(new)
    except IntegrityError:
        # Another request opened the alert of one of these keys just now.
        for event in new:
            record_event(**event)


def _unresolved(keys: Sequence[str]) -> dict[str, int]:
    """Return the events whose alerts are unresolved, by their key, and hold them where they are.

    Past the ORM, which takes ten times longer than the database to look up a few keys.
    """
    text = UNRESOLVED.format(marks=", ".join(["%s"] * len(keys)))
    if connection.features.has_select_for_update:
        text += " FOR UPDATE OF event"
    return dict(run(text, keys))


def _count_repeats(counts: Sequence[tuple[int, int]]) -> None:
    if not counts:
        return
    now: Any = connection.ops.adapt_datetimefield_value(timezone.now())
    run_many(ADD_COUNT, [(count, now, pk) for count, pk in counts])


def _open(events: Sequence[Mapping[str, Any]]) -> None:
    """Insert events and their alerts. Past the ORM, which takes five times longer than both."""
    now: Any = connection.ops.adapt_datetimefield_value(timezone.now())
    values: list[Any] = []
    for event in events:
        values += (*_fields_of(event), now, now)
    made = run(_insert_of(len(events)), values)
    run_many(INSERT_ALERT, [(pk, Status.OPEN, "", now, key) for pk, key in made])


@lru_cache(maxsize=32)
def _insert_of(rows: int) -> str:
    marks = ", ".join(["%s"] * (len(EVENT_FIELDS) + 2))
    return INSERT_EVENTS.format(rows=", ".join([f"({marks})"] * rows))
