"""Large files are read in a thread of their own, so that other changes do not wait for them."""

import os
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from fim.agent.changes.facts import CHANGING, MAX_HASHED_BYTES, MAX_READS, Facts, read_facts
from fim.agent.changes.groups import Group

LARGE_BYTES = 8 * 1024 * 1024
# How many results wait to be asked for; those of files that were deleted meanwhile never are.
MAX_KEPT = 1_000
Inode = tuple[int, int]


class BeingRead(Exception):
    """The content of a large file is still to be read."""

    def __init__(self, path: str, inode: Inode, tries: int) -> None:
        super().__init__(path)
        self.path = path
        self.inode = inode
        self.tries = tries


@dataclass(slots=True)
class _Reading:
    path: str
    tries: int
    groups: list[Group] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)


class LargeFiles:
    """Used by the engine alone. `on_read` is called once for each `read`, mostly in another thread,
    with the group to examine again.

    Files are known by their inodes, so that one that is renamed is not read again.
    """

    def __init__(self, on_read: Callable[[Group], None]) -> None:
        self._on_read = on_read
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[Inode] = queue.SimpleQueue()
        self._waiting: dict[Inode, _Reading] = {}
        self._done: OrderedDict[Inode, _Reading] = OrderedDict()
        self._thread: threading.Thread | None = None

    def content_of(self, path: str, status: os.stat_result) -> tuple[str, str] | None:
        """Return hash, and why there is none, as they were read; None for a file that is not large.

        Raises BeingRead, unless the file changed each time that it was read.
        """
        if not LARGE_BYTES < status.st_size <= MAX_HASHED_BYTES:
            return None
        inode = status.st_dev, status.st_ino
        with self._lock:
            done = self._done.pop(inode, None)
        if done is None:
            raise BeingRead(path, inode, tries=0)
        if done.facts.has_stat_of(status):
            return done.facts.sha256, done.facts.unread
        if done.facts.unread == CHANGING or done.tries >= MAX_READS:
            return "", CHANGING
        raise BeingRead(path, inode, done.tries)

    def read(self, being_read: BeingRead, group: Group) -> None:
        """Have the file read that the group waits for."""
        inode = being_read.inode
        with self._lock:
            is_done = inode in self._done
            if not is_done and inode not in self._waiting:
                self._waiting[inode] = _Reading(being_read.path, being_read.tries)
                self._queue.put(inode)
            if not is_done:
                self._waiting[inode].groups.append(group)
        if is_done:
            self._on_read(group)
        elif self._thread is None:
            self._thread = threading.Thread(target=self._run, name="large files", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            inode = self._queue.get()
            facts = read_facts(self._waiting[inode].path)
            with self._lock:
                reading = self._waiting.pop(inode)
                reading.facts, reading.tries = facts, reading.tries + 1
                self._done[inode] = reading
                while len(self._done) > MAX_KEPT:
                    self._done.popitem(last=False)
            for group in reading.groups:
                self._on_read(group)
