"""Commit what waits together: many requests in one transaction, with one wait for the disk.

Each request puts what it holds in a line. The first one leads: it commits all that waits by then,
for everyone, wakes the others, and hands over to whoever came meanwhile. So there is no writer
thread and nothing to start or to stop, an idle node commits at once, and a busy one in groups
that grow with the load.
"""

import threading
import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from django.db import connection, transaction

from fim.models import FimLog
from fim.record.new_log import NewLog
from fim.record.parsed import ParsedEvent
from fim.store.dialects.turns import turn_to_write
from fim.store.write import store_logs
from threats.services import record_event

# A group holds the write lock no longer than one large batch does.
MAX_LOGS_A_GROUP = 10_000


def _taken_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class Part:
    """What one request wants stored, and what came of it; `fresh` has the `id()` of what is new.

    `wake` is let go when the part is done, or when it is the request's turn to lead.
    """

    logs: Sequence[NewLog]
    events: Sequence[ParsedEvent] = ()
    fresh: set[int] = field(default_factory=set)
    is_done: bool = False
    error: BaseException | None = None
    wake: threading.Lock = field(default_factory=_taken_lock)


class Line:
    """The parts that wait, first come first served. Its first part leads while there is one."""

    def __init__(self) -> None:
        self.waiting: list[Part] = []
        self._lock = threading.Lock()
        self._is_led = False

    def join(self, part: Part) -> bool:
        """Wait behind the others; return whether this part leads."""
        with self._lock:
            self.waiting.append(part)
            leads = not self._is_led
            self._is_led = True
        return leads

    def next_group(self) -> list[Part]:
        """Take the parts that are to be committed together; the leader's own is the first."""
        with self._lock:
            count, logs = 0, 0
            for part in self.waiting:
                logs += len(part.logs)
                if count and logs > MAX_LOGS_A_GROUP:
                    break
                count += 1
            group = self.waiting[:count]
            del self.waiting[:count]
        return group

    def hand_over(self) -> None:
        """Let the next one lead, if one waits."""
        with self._lock:
            self._is_led = bool(self.waiting)
            if self._is_led:
                self.waiting[0].wake.release()


_line = Line()


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
    if not _line.join(part):
        part.wake.acquire()
    if not part.is_done:
        _lead(part)
    if part.error is not None:
        raise part.error
    return part.fresh


def commit_log(new_log: NewLog) -> tuple[NewLog | FimLog, bool]:
    """Store one log; return it, or the stored one that it repeats, and whether it is new."""
    while True:
        if commit([new_log]):
            return new_log, True
        same = FimLog.objects.filter(host=new_log.host, event_id=new_log.event_id)
        if log := same.first():
            return log, False
        # Deleted since it was seen: this one is no repeat any more.


def _lead(own: Part) -> None:
    group: list[Part] = []
    try:
        # While another process has its turn, more requests of this one join the group.
        with turn_to_write():
            group = _line.next_group()
            _commit_group(group)
    except BaseException as exc:
        group = group or _line.next_group()
        for part in group:
            part.error = exc
    finally:
        for part in group:
            part.is_done = True
            if part is not own:
                part.wake.release()
        _line.hand_over()


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
