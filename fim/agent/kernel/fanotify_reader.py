"""A thread that reads fanotify's events into a history."""

import logging
import os
import select
import threading
import time
from collections.abc import Iterable

from fim.agent.kernel import fanotify
from fim.agent.kernel.fanotify import Listener, Touch
from fim.agent.kernel.handles import Handles, mounts_below
from fim.agent.kernel.process_exits import ProcessExits
from fim.agent.kernel.processes import Process, look
from fim.agent.kernel.writer_history import NEVER, Mark, WriterHistory

logger = logging.getLogger(__name__)

# Exit records are read at least this often, so that their buffer does not fill.
TURN_MILLISECONDS = 1000
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
        self._listener = Listener()
        self._handles = Handles(self._listener.open_handle, self._listener.mark_directory)
        self._exits = _exits()
        self._own_pid = os.getpid()
        self._drained_at = time.time()
        self._wake_reader, self._wake = os.pipe2(os.O_CLOEXEC)
        self._is_ending = False
        self._waiting = select.poll()
        self._waiting.register(self._listener, select.POLLIN)
        self.unheard: dict[str, str] = {}
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
            self._history.read_until(self._drained_at)

    def stop(self) -> None:
        self._is_ending = True
        os.write(self._wake, b".")
        self._thread.join()
        self._close()

    def _mark(self, roots: Iterable[str]) -> None:
        """Mark each root and the filesystems mounted below it; OSError where no root can be."""
        heard = 0
        for root in roots:
            try:
                self._listener.mark_filesystem(root)
                self._handles.add_root(root)
                heard += 1
            except OSError as exc:
                self.unheard[root] = fanotify.unavailable_reason(exc)
            for mount in mounts_below(root):
                self._mark_mount(mount)
        if not heard:
            reason = next(iter(self.unheard.values()), "nothing is watched")
            raise OSError(reason)

    def _mark_mount(self, mount: str) -> None:
        try:
            self._listener.mark_filesystem(mount)
            self._handles.add_root(mount)
        except OSError as exc:
            self.unheard[mount] = fanotify.unavailable_reason(exc)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(self._wake_reader, select.POLLIN)
        while not self._is_ending:
            if self._exits:
                self._exits.take()
            if self._drain():
                time.sleep(PAUSE_SECONDS)
                continue
            self._history.read_until(NEVER)
            poll.poll(TURN_MILLISECONDS)
            self._history.read_until(self._drained_at)

    def _drain(self) -> bool:
        """Read until nothing waits, or for a while; False where nothing did."""
        for turn in range(MAX_READS):
            asked_at = time.time()
            touches = self._listener.read()
            if not touches:
                self._drained_at = asked_at
                self._history.read_until(asked_at)
                return turn > 0
            now = time.time()
            self._history.add(self._marks(touches, now))
            if any(touch.mask & fanotify.OVERFLOW for touch in touches):
                self._history.lose(self._drained_at, now)
                logger.warning("fanotify's queue overflowed: who made some changes is unknown.")
        return True

    def _marks(self, touches: list[Touch], now: float) -> list[tuple[bytes, Mark]]:
        """Look up directories and processes at once: both may be gone in a moment."""
        marks: dict[int, Mark | None] = {}
        found = []
        for touch in touches:
            path = self._path_of(touch)
            if path:
                if touch.pid not in marks:
                    marks[touch.pid] = self._mark_of(touch.pid, now)
                if mark := marks[touch.pid]:
                    found.append((path, mark))
        return found

    def _path_of(self, touch: Touch) -> bytes:
        if touch.pid == self._own_pid or not touch.directory:
            return b""
        directory = self._handles.find(touch.directory)
        if directory is None or (directory.is_marked and not touch.mask & CHANGES):
            # A file that was opened for writing and closed, but not written, is not changed.
            return b""
        if touch.name in (b"", b"."):
            return directory.path
        path = directory.path + b"/" + touch.name
        if touch.mask & fanotify.ON_DIRECTORY and touch.mask & MOVES:
            self._handles.forget(path)
        return path

    def _mark_of(self, pid: int, now: float) -> Mark | None:
        process: Process | None = look(pid) if pid > 0 else None
        if self._exits and pid > 0 and not (process and process.executable):
            ended = self._exits.find(pid)
            if process and ended:
                process.executable = ended.executable
            process = process or ended
        return Mark(now, process or Process(pid))

    def _close(self) -> None:
        self._listener.close()
        self._handles.close()
        os.close(self._wake_reader)
        os.close(self._wake)
        if self._exits:
            self._exits.close()


def _exits() -> ProcessExits | None:
    try:
        return ProcessExits()
    except OSError as exc:
        logger.info("Processes that end at once stay unknown: %s.", exc)
        return None
