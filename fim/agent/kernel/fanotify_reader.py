"""A thread that reads fanotify's events into a history."""

import logging
import os
import select
import threading
import time
from collections.abc import Iterable

from fim.agent.kernel import fanotify
from fim.agent.kernel.fanotify import Fanotify, RawEvent
from fim.agent.kernel.handles import Handles, mounts_below
from fim.agent.kernel.process_exits import ProcessExits
from fim.agent.kernel.processes import Process, read_process
from fim.agent.kernel.writer_history import NEVER, Writer, WriterHistory

logger = logging.getLogger(__name__)

# Exit records are read at least this often, so that their buffer does not fill.
POLL_MILLISECONDS = 1000
# The pause between reads in a burst, in which the kernel merges events of one file.
PAUSE_SECONDS = 0.005
# After so many reads in a burst, exit records are read again.
MAX_READS = 64
CHANGES = (
    fanotify.MODIFY
    | fanotify.ATTRIB
    | fanotify.MOVED_FROM
    | fanotify.MOVED_TO
    | fanotify.CREATE
    | fanotify.DELETE
)
MOVES = fanotify.MOVED_FROM | fanotify.MOVED_TO


class FanotifyReader:
    """Listens to the filesystems of the roots. Raises OSError where none can be listened to."""

    def __init__(self, roots: Iterable[str], history: WriterHistory) -> None:
        self._history = history
        self._fanotify = Fanotify()
        self._handles = Handles(self._fanotify.open_handle, self._fanotify.mark_directory)
        self._exits = _open_exits()
        self._own_pid = os.getpid()
        self._drained_at = time.time()
        self._wake_reader, self._wake = os.pipe2(os.O_CLOEXEC)
        self._is_ending = False
        self._waiting = select.poll()
        self._waiting.register(self._fanotify, select.POLLIN)
        self.unmonitored: dict[str, str] = {}
        try:
            self._mark(roots)
        except OSError:
            self._close()
            raise
        self._thread = threading.Thread(target=self._run, name="fanotify", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def catch_up(self) -> None:
        """Make the history's next answer wait for events that are queued and not read yet."""
        if self._waiting.poll(0):
            self._history.note_read_until(self._drained_at)

    def stop(self) -> None:
        self._is_ending = True
        os.write(self._wake, b".")
        self._thread.join()
        self._close()

    def _mark(self, roots: Iterable[str]) -> None:
        """Mark each root and the filesystems mounted below it; OSError where no root can be."""
        marked_count = 0
        for root in roots:
            try:
                self._fanotify.mark_filesystem(root)
                self._handles.add_root(root)
                marked_count += 1
            except OSError as exc:
                self.unmonitored[root] = fanotify.unavailable_reason(exc)
            for mount in mounts_below(root):
                self._mark_mount(mount)
        if not marked_count:
            reason = next(iter(self.unmonitored.values()), "nothing is watched")
            raise OSError(reason)

    def _mark_mount(self, mount: str) -> None:
        try:
            self._fanotify.mark_filesystem(mount)
            self._handles.add_root(mount)
        except OSError as exc:
            self.unmonitored[mount] = fanotify.unavailable_reason(exc)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._fanotify, select.POLLIN)
        poll.register(self._wake_reader, select.POLLIN)
        while not self._is_ending:
            if self._exits:
                self._exits.drain()
            if self._drain():
                time.sleep(PAUSE_SECONDS)
                continue
            self._history.note_read_until(NEVER)
            poll.poll(POLL_MILLISECONDS)
            self._history.note_read_until(self._drained_at)

    def _drain(self) -> bool:
        """Read until nothing waits, or for a while; False where nothing did."""
        for turn in range(MAX_READS):
            asked_at = time.time()
            events = self._fanotify.read()
            if not events:
                self._drained_at = asked_at
                self._history.note_read_until(asked_at)
                return turn > 0
            now = time.time()
            self._history.add(self._writers(events, now))
            if any(event.mask & fanotify.OVERFLOW for event in events):
                self._history.add_gap(self._drained_at, now)
                logger.warning("fanotify's queue overflowed: who made some changes is unknown.")
        return True

    def _writers(self, events: list[RawEvent], now: float) -> list[tuple[bytes, Writer]]:
        """Look up directories and processes at once: both may be gone in a moment."""
        writers: dict[int, Writer | None] = {}
        found = []
        for event in events:
            path = self._path_of(event)
            if path:
                if event.pid not in writers:
                    writers[event.pid] = self._writer_of(event.pid, now)
                if writer := writers[event.pid]:
                    found.append((path, writer))
        return found

    def _path_of(self, event: RawEvent) -> bytes:
        if event.pid == self._own_pid or not event.directory:
            return b""
        directory = self._handles.find(event.directory)
        if directory is None or (directory.is_marked and not event.mask & CHANGES):
            # A file that was opened for writing and closed, but not written, is not changed.
            return b""
        if event.name in (b"", b"."):
            return directory.path
        path = directory.path + b"/" + event.name
        if event.mask & fanotify.ON_DIRECTORY and event.mask & MOVES:
            self._handles.forget(path)
        return path

    def _writer_of(self, pid: int, now: float) -> Writer | None:
        process: Process | None = read_process(pid) if pid > 0 else None
        if self._exits and pid > 0 and not (process and process.executable):
            ended = self._exits.find(pid)
            if process and ended:
                process.executable = ended.executable
            process = process or ended
        return Writer(now, process or Process(pid))

    def _close(self) -> None:
        self._fanotify.close()
        self._handles.close()
        os.close(self._wake_reader)
        os.close(self._wake)
        if self._exits:
            self._exits.close()


def _open_exits() -> ProcessExits | None:
    try:
        return ProcessExits()
    except OSError as exc:
        logger.info("Processes that end at once stay unknown: %s.", exc)
        return None
