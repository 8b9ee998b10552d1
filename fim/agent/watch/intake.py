"""Passes events to the coalescer. Those that it has no room for wait in the journal, in order."""

import threading
import time
from collections.abc import Sequence

from fim.agent.changes.events import FsEvent
from fim.agent.state.journal import Journal
from fim.agent.watch.coalescer import Coalescer

PAGE_EVENTS = 1_000


class Intake:
    """Filled by the reader and by reports; the engine has it pass on what waits on disk.

    Moves of directories never wait: to examine the events before them, the engine must already know
    where the directory is now.
    """

    def __init__(self, journal: Journal, coalescer: Coalescer) -> None:
        self._journal = journal
        self._coalescer = coalescer
        # Held from the numbering of events until they are in the coalescer, to keep their order.
        self._lock = threading.Lock()
        self._backlog_from: int | None = None

    @property
    def has_backlog(self) -> bool:
        """Return whether events wait on disk that the coalescer does not hold."""
        return self._backlog_from is not None

    def put(self, events: Sequence[FsEvent]) -> None:
        """Journal the events and pass them on, or leave them on disk where there is no room.

        Raises sqlite3.OperationalError where the journal cannot be written.
        """
        with self._lock:
            numbers = self._journal.write(events)
            for number, event in zip(numbers, events, strict=True):
                if event.is_directory_move or not self._waits_on_disk(number):
                    self._add(event, number)

    def put_unjournaled(self, events: Sequence[FsEvent]) -> bool:
        """Pass events on that are in no journal, if there is room; return whether there was.

        Moves of directories are passed on in any case.
        """
        with self._lock:
            has_room = not self.has_backlog and not self._coalescer.is_full
            for event in events:
                if has_room or event.is_directory_move:
                    self._add(event, 0)
        return has_room

    def replay(self) -> None:
        """Begin with the events that the last run of the agent kept and did not report."""
        with self._lock:
            for number, event in self._journal.directory_moves():
                self._add(event, number)
            self._backlog_from = 0

    def refill(self) -> None:
        """Fill the coalescer from the journal as far as it has room. Called by the engine.

        Nothing is read while a directory's move waits: the engine deals with it first, and then
        the earlier events on disk have the directory's new path.
        """
        while self._refill_page():
            pass

    def _refill_page(self) -> bool:
        with self._lock:
            if not self.has_backlog or self._coalescer.has_moves or self._coalescer.is_full:
                return False
            page = self._journal.read(self._backlog_from or 0, limit=PAGE_EVENTS)
            for number, event in page:
                self._add(event, number)
            self._backlog_from = page[-1][0] + 1 if len(page) == PAGE_EVENTS else None
        return True

    def _waits_on_disk(self, number: int) -> bool:
        if self._backlog_from is None and self._coalescer.is_full:
            self._backlog_from = number
        return self.has_backlog

    def _add(self, event: FsEvent, number: int) -> None:
        self._coalescer.add(event, number, now=time.monotonic())
