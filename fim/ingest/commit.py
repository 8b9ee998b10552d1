"""Commit what waits together: many requests in one transaction, with one wait for the disk.

Each request puts what it holds in a queue and asks for its process's turn to write. Who gets the
turn commits all that waits by then, for everyone; who finds its own part done goes home. So there
is no writer thread and nothing to start or to stop, an idle node commits at once, and a busy one
in groups that grow with the load.
"""

import threading
import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from django.db import connection, transaction

from fim.dialects import COLUMNS, turn_to_write
from fim.ingest.parsed import ParsedEvent
from fim.ingest.record import NewLog
from fim.ingest.store import store_logs
from fim.models import FimLog
from threats.services import record_event

# A group holds the write lock no longer than one large batch does.
MAX_LOGS_A_GROUP = 10_000


@dataclass(slots=True)
class Part:
    """What one request wants stored, and what came of it; `fresh` has the `id()` of what is new."""

    logs: Sequence[NewLog]
    events: Sequence[ParsedEvent]
    fresh: set[int] = field(default_factory=set)
    is_done: bool = False
    error: BaseException | None = None


_waiting: list[Part] = []
_waiting_lock = threading.Lock()
_turn = threading.Lock()


def commit(logs: Sequence[NewLog], events: Sequence[ParsedEvent] = ()) -> set[int]:
    """Store logs and events; return the `id()` of those that are no repeats.

    When this returns they are committed, all of them. Inside a transaction of the caller they are
    part of that one instead. Raises what storing them raised; what other requests had in the same
    group is stored all the same.
    """
    part = Part(logs, events)
    if connection.in_atomic_block:
        _store([part])
        return part.fresh
    with _waiting_lock:
        _waiting.append(part)
    while not part.is_done:
        with _turn:
            if not part.is_done:
                _commit_next_group()
    if part.error is not None:
        raise part.error
    return part.fresh


def commit_log(new_log: NewLog) -> tuple[FimLog, bool]:
    """Store one log; return it, or the stored one that it repeats, and whether it is new."""
    while True:
        if commit([new_log]):
            return FimLog(**{name: getattr(new_log, name) for name in COLUMNS}), True
        same = FimLog.objects.filter(host=new_log.host, event_id=new_log.event_id)
        if log := same.first():
            return log, False
        # Deleted since it was seen: this one is no repeat any more.


def _next_group() -> list[Part]:
    with _waiting_lock:
        count, logs = 0, 0
        for part in _waiting:
            logs += len(part.logs)
            if count and logs > MAX_LOGS_A_GROUP:
                break
            count += 1
        group = _waiting[:count]
        del _waiting[:count]
    return group


def _commit_next_group() -> None:
    # While another process has its turn, more requests of this one join the group.
    with turn_to_write():
        group = _next_group()
        try:
            _commit_group(group)
        finally:
            for part in group:
                part.is_done = True


def _commit_group(group: Sequence[Part]) -> None:
    """Commit a group in one transaction; where that fails, each part in one of its own."""
    try:
        _store(group)
    except BaseException as exc:
        if len(group) == 1:
            group[0].error = exc
            return
        for part in group:
            _commit_group([part])


def _store(group: Sequence[Part]) -> None:
    has_events = any(part.events for part in group)
    # Logs alone need no transaction around the one that stores them.
    with transaction.atomic() if has_events else nullcontext():
        stored = store_logs([log for part in group for log in part.logs])
        repeats = {id(log) for log in stored.duplicates}
        new_events = _record_events([event for part in group for event in part.events])
        for part in group:
            part.fresh = {id(log) for log in part.logs} - repeats
            part.fresh |= {id(event) for event in part.events} & new_events


def _record_events(events: Sequence[ParsedEvent]) -> set[int]:
    # In one order for everyone, so that parallel groups wait for each other in one direction.
    in_order = sorted(events, key=lambda event: (event.source_name, event.event_id))
    return {id(event) for event in in_order if _record(event)}


def _record(event: ParsedEvent) -> bool:
    return record_event(
        source_name=event.source_name,
        event_type=event.event_type,
        severity=event.severity,
        description=event.description,
        event_id=uuid.UUID(event.event_id),
    ).is_new
