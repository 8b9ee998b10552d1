"""Group commit: the writes of many requests in one transaction, with one wait for the disk.

Each request puts a pending write in the queue of its process. The first one is the leader: it
commits all writes that wait, wakes their requests, and makes the first that came meanwhile the next
leader. So there is no writer thread to start or to stop, an idle node commits at once, and a busy
one in groups that grow with the load.
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
from fim.store.dialect import dialect
from fim.store.write import store_logs
from threats.services import record_event

# A group holds the write lock no longer than one large batch does.
MAX_LOGS_PER_GROUP = 10_000


def _acquired_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class PendingWrite:
    """What one request wants stored, and the result; `fresh` has the `id()` of what is new.

    The request sleeps on `wake`, which is released when the write is done, or when the request is
    to lead.
    """

    logs: Sequence[NewLog]
    events: Sequence[ParsedEvent] = ()
    fresh: set[int] = field(default_factory=set)
    is_done: bool = False
    error: BaseException | None = None
    wake: threading.Lock = field(default_factory=_acquired_lock)


class CommitQueue:
    """The pending writes of a process, in the order in which they came. One of them leads."""

    def __init__(self) -> None:
        self.waiting: list[PendingWrite] = []
        self._lock = threading.Lock()
        self._is_led = False

    def join(self, write: PendingWrite) -> bool:
        """Add a write at the end; return whether its request leads."""
        with self._lock:
            self.waiting.append(write)
            leads = not self._is_led
            self._is_led = True
        return leads

    def next_group(self) -> list[PendingWrite]:
        """Take the writes to be committed together; the leader's own is the first."""
        with self._lock:
            count, logs = 0, 0
            for write in self.waiting:
                logs += len(write.logs)
                if count and logs > MAX_LOGS_PER_GROUP:
                    break
                count += 1
            group = self.waiting[:count]
            del self.waiting[:count]
        return group

    def hand_over(self) -> None:
        """Wake the first that waits, if any, to lead."""
        with self._lock:
            self._is_led = bool(self.waiting)
            if self._is_led:
                self.waiting[0].wake.release()


_queue = CommitQueue()


def commit(logs: Sequence[NewLog], events: Sequence[ParsedEvent] = ()) -> set[int]:
    """Store logs and events; return the `id()` of those that are no repeats.

    When this returns all of them are committed; inside a transaction of the caller they are
    committed with that one. Raises what storing them raised; that does not touch the other writes
    of the group.
    """
    write = PendingWrite(logs, events)
    if connection.in_atomic_block:
        _store([write])
        return write.fresh
    if not _queue.join(write):
        write.wake.acquire()
    if not write.is_done:
        _lead(write)
    if write.error is not None:
        raise write.error
    return write.fresh


def commit_log(new_log: NewLog) -> tuple[NewLog | FimLog, bool]:
    """Store one log; return it, or the stored one that it repeats, and whether it is new."""
    while True:
        if commit([new_log]):
            return new_log, True
        same = FimLog.objects.filter(host=new_log.host, event_id=new_log.event_id)
        if log := same.first():
            return log, False
        # Deleted since it was seen: this one is no repeat any more.


def _lead(own: PendingWrite) -> None:
    group: list[PendingWrite] = []
    try:
        # While another process writes, more requests of this one join the group.
        with dialect.write_lock():
            group = _queue.next_group()
            _commit_group(group)
    except BaseException as exc:
        group = group or _queue.next_group()
        for write in group:
            write.error = exc
    finally:
        for write in group:
            write.is_done = True
            if write is not own:
                write.wake.release()
        _queue.hand_over()


def _commit_group(group: Sequence[PendingWrite]) -> None:
    """Commit a group in one transaction; where that fails, each write alone."""
    try:
        _store(group)
    except BaseException as exc:
        if len(group) == 1:
            group[0].error = exc
            return
        for write in group:
            _commit_group([write])


def _store(group: Sequence[PendingWrite]) -> None:
    has_events = any(write.events for write in group)
    # Logs alone need no transaction around the one that stores them.
    with transaction.atomic() if has_events else nullcontext():
        stored = store_logs([log for write in group for log in write.logs])
        repeats = {id(log) for log in stored.duplicates}
        new_events = _record_events([event for write in group for event in write.events])
        for write in group:
            write.fresh = {id(log) for log in write.logs} - repeats
            write.fresh |= {id(event) for event in write.events} & new_events


def _record_events(events: Sequence[ParsedEvent]) -> set[int]:
    # In the same order everywhere, so that parallel groups cannot deadlock.
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
