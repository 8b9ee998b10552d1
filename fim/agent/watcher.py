"""Directories under watch, through watchdog's inotify observer."""

import logging
import os
import queue
import time
import warnings
from collections.abc import Iterable

from watchdog import events
from watchdog.observers.inotify import InotifyObserver

from fim.agent.changes import Change, ChangeJoiner, change_of

logger = logging.getLogger(__name__)

# Opens and closes without a write are left to the kernel: hashing a file causes both.
WATCHED: list[type[events.FileSystemEvent]] = [
    events.FileCreatedEvent,
    events.FileModifiedEvent,
    events.FileClosedEvent,
    events.FileAttribEvent,
    events.FileDeletedEvent,
    events.FileMovedEvent,
    events.DirCreatedEvent,
    events.DirAttribEvent,
    events.DirDeletedEvent,
    events.DirMovedEvent,
]
# watchdog holds half of a move this long (InotifyMoveEventGrouper.delay), waiting for the other.
MOVE_DELAY_SECONDS = 0.5


def outermost(directories: Iterable[str]) -> list[str]:
    """Resolve the directories and leave out those that lie in another one of them."""
    kept: list[str] = []
    for path in sorted({os.path.realpath(directory) for directory in directories}):
        if not any(os.path.commonpath([path, outer]) == outer for outer in kept):
            kept.append(path)
    return kept


class _Handler(events.FileSystemEventHandler):
    def __init__(self, incoming: queue.SimpleQueue[Change], ignored: Iterable[str]) -> None:
        self._incoming = incoming
        self._ignored = tuple(directory + os.sep for directory in ignored)

    def dispatch(self, event: events.FileSystemEvent) -> None:
        change = change_of(event, time.time())
        if change and not (change.path + os.sep).startswith(self._ignored):
            self._incoming.put(change)


class Watcher:
    """Watch directories and all below them, but nothing in the `ignored` ones.

    Give only directories of `outermost()`.

    watchdog leaves a subdirectory unwatched, without a word, where the kernel refuses a watch for
    it: no permission, or no watch left (fs.inotify.max_user_watches). A file that is written
    through mmap alone is not noticed: inotify does not tell such writes.
    """

    def __init__(
        self, directories: Iterable[str], *, settle_seconds: float, ignored: Iterable[str] = ()
    ) -> None:
        self.directories = list(directories)
        self._ignored = list(ignored)
        self._joiner = ChangeJoiner(settle_seconds=settle_seconds)
        self._incoming: queue.SimpleQueue[Change] = queue.SimpleQueue()
        self._gone: set[str] = set()

    def start(self) -> None:
        """Return once all watches stand. Raises OSError when a directory cannot be watched."""
        # watchdog meets a new subdirectory twice, by its event and by listing, and warns of it.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning, r"watchdog\.")
        self._observer = InotifyObserver()
        handler = _Handler(self._incoming, self._ignored)
        for directory in self.directories:
            self._observer.schedule(handler, directory, recursive=True, event_filter=WATCHED)
        self._observer.start()

    def settled_changes(self, *, wait_seconds: float) -> list[Change]:
        """Give the changes that have settled, after waiting at most so long for a new one."""
        try:
            self._joiner.add(self._incoming.get(timeout=wait_seconds), now=time.monotonic())
        except queue.Empty:
            pass
        else:
            self._join_incoming()
        return self._joiner.take_settled(now=time.monotonic())

    def is_watching(self) -> bool:
        """Tell whether a directory is still watched; say once of each that it no longer is."""
        emitters = list(self._observer.emitters)
        for emitter in emitters:
            path = emitter.watch.path
            if not emitter.is_alive() and path not in self._gone:
                self._gone.add(path)
                logger.error("%a is gone; it is no longer watched.", path)
        return len(self._gone) < len(emitters)

    def stop(self) -> list[Change]:
        """End the watches and give all changes that were still held, those just made included."""
        time.sleep(MOVE_DELAY_SECONDS)
        self._observer.stop()
        self._observer.join()
        self._join_incoming()
        return self._joiner.take_all()

    def _join_incoming(self) -> None:
        for _ in range(self._incoming.qsize()):
            self._joiner.add(self._incoming.get(), now=time.monotonic())
