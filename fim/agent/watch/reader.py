"""The thread that reads inotify's queue. It does nothing that could keep it from reading."""

import contextlib
import logging
import os
import select
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from fim.agent.changes.events import (
    ATTRIBUTES,
    CREATED,
    DELETED,
    FOUND,
    MOVED,
    MOVED_IN,
    MOVED_OUT,
    WRITTEN,
    FsEvent,
)
from fim.agent.kernel import inotify
from fim.agent.kernel.inotify import Inotify, RawEvent
from fim.agent.watch.coalescer import Coalescer
from fim.agent.watch.intake import Intake
from fim.agent.watch.scope import Scope
from fim.agent.watch.watches import Watches

logger = logging.getLogger(__name__)

# The kernel queues both halves of a move one after the other; this long the second is awaited.
HALF_MOVE_MILLISECONDS = 20
# How long a queue that overflowed is read on before the directories are listed anew.
MAX_DRAINING_SECONDS = 1.0
WAKE_BYTES = 64
PLAIN = {
    inotify.CREATE: CREATED,
    inotify.CLOSE_WRITE: WRITTEN,
    inotify.ATTRIB: ATTRIBUTES,
    inotify.DELETE: DELETED,
}
SELF = inotify.DELETE_SELF | inotify.MOVE_SELF | inotify.UNMOUNT


class Reader:
    """Turn the kernel's raw events into file-system events and hand them on.

    `on_events` is called after that; `on_overflow` once the directories are watched again after the
    kernel dropped events; `on_unwatched` with a directory that has to be scanned instead; `on_gone`
    when a root is gone.
    """

    def __init__(
        self,
        scope: Scope,
        intake: Intake,
        coalescer: Coalescer,
        *,
        on_events: Callable[[], None],
        on_overflow: Callable[[], None],
        on_unwatched: Callable[[str], None],
        on_gone: Callable[[], None],
    ) -> None:
        self._scope = scope
        self._intake = intake
        self._coalescer = coalescer
        self._on_events = on_events
        self._on_overflow = on_overflow
        self._on_unwatched = on_unwatched
        self._on_gone = on_gone
        self._inotify = Inotify()
        self.watches = Watches(self._inotify, scope)
        self._wake_in, self._wake_out = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._is_ending = False
        self._halves: dict[int, tuple[FsEvent, float]] = {}
        self._caught_up: list[Callable[[], None]] = []
        self._overflowed_at: float | None = None
        self.gone: set[str] = set()

    def start(self) -> None:
        """Return once all watches are set. Events that the last run kept come before new ones."""
        self.watches.add_parents()
        for root in self._scope.roots:
            for _ in self.watches.add_tree(root):
                pass
            if not os.path.isdir(root):
                self._lose(root)
        self._intake.replay()
        self._thread.start()

    def stop(self) -> None:
        """Read the events that are queued now, then end."""
        self._is_ending = True
        os.write(self._wake_out, b".")
        self._thread.join()
        self._inotify.close()
        os.close(self._wake_in)
        os.close(self._wake_out)

    def when_caught_up(self, then: Callable[[], None]) -> None:
        """Call `then`, in the reader's thread, once all events that are queued now are read."""
        self._caught_up.append(then)
        os.write(self._wake_out, b".")

    def watch_again(self) -> list[str]:
        """Try to watch what has no watch, roots included; return the paths that have one now."""
        gained = []
        for path in [*self.watches.unwatched, *self.gone]:
            for _ in self.watches.add_tree(path):
                pass
            if path in self.watches:
                self.gone.discard(path)
                gained.append(path)
        return gained

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._inotify.descriptor, select.POLLIN)
        poll.register(self._wake_in, select.POLLIN)
        while not self._is_ending:
            is_hurried = self._halves or self._overflowed_at is not None
            poll.poll(HALF_MOVE_MILLISECONDS if is_hurried or self._caught_up else None)
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_in, WAKE_BYTES)
            self._read()
        self._read()
        self._pass_on(self._overdue_halves(is_ending=True))

    def _read(self) -> None:
        due_count = len(self._caught_up)
        raw_events = self._inotify.read()
        events: list[FsEvent] = []
        now = time.time()
        for place, raw in enumerate(raw_events):
            # Events have no times of their own; a microsecond each keeps their order.
            events += self._events_of(raw, now + place * 1e-6)
        events += self._overdue_halves()
        self._pass_on(events)
        self._recover(is_drained=not raw_events)
        if self._inotify.is_drained:
            for _ in range(due_count):
                self._caught_up.pop(0)()

    def _pass_on(self, events: list[FsEvent]) -> None:
        if not events:
            return
        try:
            self._intake.put(events)
        except sqlite3.OperationalError as exc:
            # A full disk: they are reported all the same, unless the agent is killed before.
            logger.error("The journal cannot be written: %s.", exc)
            if not self._intake.put_unjournaled(events):
                logger.warning("Changes were dropped that could not be kept; scanning.")
                self._on_overflow()
        self._on_events()

    def _recover(self, *, is_drained: bool) -> None:
        """Watch all directories anew after an overflow, once the queue is empty."""
        if self._overflowed_at is None:
            return
        if is_drained or time.monotonic() - self._overflowed_at > MAX_DRAINING_SECONDS:
            self._overflowed_at = None
            self.watches.refresh()
            self._on_overflow()

    def _events_of(self, raw: RawEvent, at: float) -> Iterable[FsEvent]:
        if raw.mask & inotify.Q_OVERFLOW:
            logger.warning("The kernel's queue overflowed and changes were dropped; scanning.")
            if self._overflowed_at is None:
                self._overflowed_at = time.monotonic()
            return ()
        if parent := self.watches.parent_of(raw.watch):
            return self._events_in_parent(raw, parent, at)
        directory = self.watches.path_of(raw.watch)
        if raw.mask & inotify.IGNORED:
            self.watches.forget(raw.watch)
        if directory is None or raw.mask & inotify.IGNORED:
            return ()
        if not raw.name:
            return self._events_of_root(raw, directory, at)
        path = os.path.join(directory, os.fsdecode(raw.name))
        is_directory = bool(raw.mask & inotify.ISDIR)
        if raw.mask & (inotify.MOVED_FROM | inotify.MOVED_TO):
            return self._moves(raw, path, is_directory, at)
        if not self._scope.includes(path, is_directory=is_directory, is_event=True):
            return ()
        return self._plain(raw, path, is_directory, at)

    def _plain(self, raw: RawEvent, path: str, is_directory: bool, at: float) -> Iterator[FsEvent]:
        for bit, what in PLAIN.items():
            if raw.mask & bit:
                yield FsEvent(at, what, path, "", is_directory)
        if is_directory and raw.mask & inotify.CREATE:
            yield from self._listed(path, at)
        if is_directory and raw.mask & inotify.DELETE:
            self.watches.drop(path)

    def _listed(self, directory: str, at: float) -> Iterator[FsEvent]:
        for path, is_directory in self.watches.add_tree(directory):
            yield FsEvent(at, FOUND, path, "", is_directory)
        if directory in self.watches.unwatched:
            self._on_unwatched(directory)

    def _events_of_root(self, raw: RawEvent, directory: str, at: float) -> Iterable[FsEvent]:
        """Return a root's events. Those of other directories are reported by their parents, too."""
        if directory not in self._scope.roots:
            return ()
        if raw.mask & SELF:
            return self._events_of_lost(directory, at)
        return (FsEvent(at, ATTRIBUTES, directory, "", True),) if raw.mask & inotify.ATTRIB else ()

    def _events_in_parent(self, raw: RawEvent, parent: str, at: float) -> Iterator[FsEvent]:
        root = os.path.join(parent, os.fsdecode(raw.name))
        if root not in self._scope.roots:
            return
        if raw.mask & (inotify.DELETE | inotify.MOVED_FROM):
            yield from self._events_of_lost(root, at)
        elif raw.mask & inotify.ISDIR:
            logger.warning("%a is there again.", root)
            self.gone.discard(root)
            yield FsEvent(at, CREATED, root, "", True)
            yield from self._listed(root, at)

    def _events_of_lost(self, root: str, at: float) -> Iterator[FsEvent]:
        """Return a root's end once: its own watch and its parent's both report it."""
        if root not in self.gone:
            self.watches.drop(root)
            self._lose(root)
            yield FsEvent(at, DELETED, root, "", True)

    def _lose(self, root: str) -> None:
        if root not in self.gone:
            logger.error("%a is gone; it is no longer watched.", root)
        self.gone.add(root)
        self._on_gone()

    def _moves(self, raw: RawEvent, path: str, is_directory: bool, at: float) -> Iterator[FsEvent]:
        """Join both halves by their cookie. What is ignored counts as outside."""
        is_taken = self._scope.includes(path, is_directory=is_directory, is_event=True)
        if raw.mask & inotify.MOVED_FROM:
            if is_taken:
                left = FsEvent(at, MOVED_OUT, path, "", is_directory)
                self._halves[raw.cookie] = (left, time.monotonic())
            elif is_directory:
                self.watches.drop(path)
            return
        waiting = self._halves.pop(raw.cookie, None)
        half = waiting[0] if waiting else None
        if half and is_taken:
            yield from self._moved(FsEvent(at, MOVED, path, half.path, is_directory))
        elif half:
            yield from self._left(half)
        elif is_taken:
            yield FsEvent(at, MOVED_IN, path, "", is_directory)
            if is_directory:
                yield from self._listed(path, at)

    def _moved(self, event: FsEvent) -> Iterator[FsEvent]:
        yield event
        if event.is_directory:
            self._coalescer.expect_move(event.path_from)
            self.watches.rename(event.path_from, event.path)
            if event.path not in self.watches:
                yield from self._listed(event.path, event.at)

    def _left(self, half: FsEvent) -> Iterator[FsEvent]:
        if half.is_directory:
            self.watches.drop(half.path)
        yield half

    def _overdue_halves(self, *, is_ending: bool = False) -> list[FsEvent]:
        limit = time.monotonic() - (0 if is_ending else HALF_MOVE_MILLISECONDS / 1000)
        overdue = [cookie for cookie, (_, since) in self._halves.items() if since <= limit]
        return [event for cookie in overdue for event in self._left(self._halves.pop(cookie)[0])]
