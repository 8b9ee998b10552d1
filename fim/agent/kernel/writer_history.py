"""Which processes changed which paths of late, bounded in time and in number."""

import threading
import time
from typing import NamedTuple, Optional

from fim.agent.kernel.processes import Process

# A generation holds so many paths for so long; the generation before it is kept as well.
MAX_PATHS = 25_000
GENERATION_SECONDS = 300.0
MAX_WRITERS = 8
MAX_GAPS = 16
# How long an answer waits for a reader that is behind.
MAX_WAIT_SECONDS = 0.25
NEVER = float("inf")


class Writer(NamedTuple):
    """The last writer of a path, when that was read, and who came before."""

    at: float
    process: Process
    earlier: Optional["Writer"] = None


class WriterHistory:
    """One reader thread adds, others ask. Moments are Unix times.

    Where the kernel's queue overflowed, or the reader is behind, the last writer is unknown; then
    nobody is named rather than an earlier one.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._last_writers: dict[bytes, Writer] = {}
        self._older_writers: dict[bytes, Writer] = {}
        self._rotated_at = time.time()
        self._gaps: list[tuple[float, float]] = []
        self._read_until = NEVER

    def add(self, writers: list[tuple[bytes, Writer]]) -> None:
        with self._changed:
            for path, writer in writers:
                self._add(path, writer)

    def note_read_until(self, moment: float) -> None:
        """Note up to when everything is in the history; NEVER: nothing waits to be read."""
        with self._changed:
            self._read_until = moment
            self._changed.notify_all()

    def add_gap(self, since: float, until: float) -> None:
        """Note that events of this time are missing."""
        with self._changed:
            self._gaps = [*self._gaps[1 - MAX_GAPS :], (since, until)]

    def writers(self, paths: list[bytes], since: float, until: float) -> list[Process]:
        """Return who changed one of the paths in that time, the last one first; empty: unknown."""
        with self._changed:
            is_read = self._changed.wait_for(lambda: self._read_until >= until, MAX_WAIT_SECONDS)
            if not is_read or any(end >= since for _, end in self._gaps):
                return []
            found = [writer for path in paths for writer in self._chain(path) if writer.at >= since]
        found.sort(key=lambda writer: writer.at, reverse=True)
        latest: dict[int, Process] = {}
        for writer in found:
            latest.setdefault(writer.process.pid, writer.process)
        return list(latest.values())

    def _add(self, path: bytes, writer: Writer) -> None:
        before = self._last_writers.get(path) or self._older_writers.get(path)
        if before and before.process.pid == writer.process.pid:
            writer = writer._replace(earlier=before.earlier)
        elif before:
            writer = writer._replace(earlier=_cut(before, MAX_WRITERS - 1))
        if path not in self._last_writers:
            self._rotate(writer.at)
        self._last_writers[path] = writer

    def _rotate(self, now: float) -> None:
        if len(self._last_writers) >= MAX_PATHS or now - self._rotated_at > GENERATION_SECONDS:
            self._older_writers, self._last_writers = self._last_writers, {}
            self._rotated_at = now

    def _chain(self, path: bytes) -> list[Writer]:
        chain = []
        writer = self._last_writers.get(path) or self._older_writers.get(path)
        while writer:
            chain.append(writer)
            writer = writer.earlier
        return chain


def _cut(writer: Writer, length: int) -> Writer | None:
    if length == 0:
        return None
    return writer._replace(earlier=_cut(writer.earlier, length - 1) if writer.earlier else None)
