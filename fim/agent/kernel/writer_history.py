"""Which processes changed which paths of late, bounded in time and in number."""

import threading
import time
from typing import NamedTuple, Optional

from fim.agent.kernel.processes import Process

# A generation holds so many paths for so long; the generation before it is kept as well.
MAX_PATHS = 25_000
TURN_SECONDS = 300.0
MAX_WRITERS = 8
MAX_GAPS = 16
# How long an answer waits for a reader that is behind.
PATIENCE_SECONDS = 0.25
NEVER = float("inf")


class Mark(NamedTuple):
    """The last writer of a path, when that was read, and who came before."""

    at: float
    process: Process
    earlier: Optional["Mark"] = None


class WriterHistory:
    """One reader thread adds, others ask. Moments are Unix times.

    Where the kernel's queue overflowed, or the reader is behind, the last writer is unknown; then
    nobody is named rather than an earlier one.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._marks: dict[bytes, Mark] = {}
        self._older: dict[bytes, Mark] = {}
        self._turned_at = time.time()
        self._gaps: list[tuple[float, float]] = []
        self._read_until = NEVER

    def add(self, marks: list[tuple[bytes, Mark]]) -> None:
        with self._changed:
            for path, mark in marks:
                self._add(path, mark)

    def read_until(self, moment: float) -> None:
        """Note up to when everything is in the history; NEVER: nothing waits to be read."""
        with self._changed:
            self._read_until = moment
            self._changed.notify_all()

    def lose(self, since: float, until: float) -> None:
        """Note that events of this time are missing."""
        with self._changed:
            self._gaps = [*self._gaps[1 - MAX_GAPS :], (since, until)]

    def writers(self, paths: list[bytes], since: float, until: float) -> list[Process]:
        """Return who changed one of the paths in that time, the last one first; empty: unknown."""
        with self._changed:
            is_read = self._changed.wait_for(lambda: self._read_until >= until, PATIENCE_SECONDS)
            if not is_read or any(end >= since for _, end in self._gaps):
                return []
            found = [mark for path in paths for mark in self._chain(path) if mark.at >= since]
        found.sort(key=lambda mark: mark.at, reverse=True)
        latest: dict[int, Process] = {}
        for mark in found:
            latest.setdefault(mark.process.pid, mark.process)
        return list(latest.values())

    def _add(self, path: bytes, mark: Mark) -> None:
        before = self._marks.get(path) or self._older.get(path)
        if before and before.process.pid == mark.process.pid:
            mark = mark._replace(earlier=before.earlier)
        elif before:
            mark = mark._replace(earlier=_cut(before, MAX_WRITERS - 1))
        if path not in self._marks:
            self._turn(mark.at)
        self._marks[path] = mark

    def _turn(self, now: float) -> None:
        if len(self._marks) >= MAX_PATHS or now - self._turned_at > TURN_SECONDS:
            self._older, self._marks = self._marks, {}
            self._turned_at = now

    def _chain(self, path: bytes) -> list[Mark]:
        chain = []
        mark = self._marks.get(path) or self._older.get(path)
        while mark:
            chain.append(mark)
            mark = mark.earlier
        return chain


def _cut(mark: Mark, length: int) -> Mark | None:
    if length == 0:
        return None
    return mark._replace(earlier=_cut(mark.earlier, length - 1) if mark.earlier else None)
