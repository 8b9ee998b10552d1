"""dpkg's own log, read from where the last reading ended."""

import os
import time
from collections.abc import Iterator

from fim.agent.enrich.operations import Operation, Span, Timeline

# More than a release upgrade writes; older entries explain nothing that is still looked at.
MAX_READ_BYTES = 4 * 1024 * 1024
MAX_PACKAGES = 8192
NO_VERSION = "<none>"
CHANGES = {"install", "upgrade", "remove", "purge"}
ENDS = {"unpacked", "installed", "config-files", "not-installed"}
TIME_FORM = "%Y-%m-%d %H:%M:%S"


class DpkgLog:
    """The operations of the newest part of the log and of the one rotated last."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._read: tuple[int, int] = (0, 0)
        self._rest = b""
        self._timeline = Timeline()
        self._latest: dict[str, Operation] = {}
        self._open: dict[str, Span] = {}

    def operations_at(self, moment: float) -> Iterator[Operation]:
        """Return what dpkg did at a moment, after reading what it wrote since."""
        self._read_on()
        return self._timeline.at(moment)

    def _read_on(self) -> None:
        try:
            status = os.stat(self._path)
            if (status.st_ino, status.st_size) != self._read:
                self._read_new(status)
        except OSError:
            return

    def _read_new(self, status: os.stat_result) -> None:
        inode, offset = self._read
        if inode != status.st_ino or status.st_size < offset:
            if not inode:
                self._add_lines(_tail(f"{self._path}.1"))
            offset, self._rest = max(0, status.st_size - MAX_READ_BYTES), b""
        with open(self._path, "rb") as file:
            file.seek(offset)
            lines = (self._rest + file.read(MAX_READ_BYTES)).split(b"\n")
            self._read = (os.fstat(file.fileno()).st_ino, file.tell())
        self._rest = lines.pop()
        self._add_lines(lines)

    def _add_lines(self, lines: list[bytes]) -> None:
        for line in lines:
            words = line.decode("utf-8", "replace").split()
            if len(words) >= 6 and (moment := _time_of(words)):
                self._add_entry(words, moment)

    def _add_entry(self, words: list[str], moment: float) -> None:
        _, _, action, name, old, new = words[:6]
        if action in CHANGES:
            self._start(Operation("dpkg", name, _version(new), _version(old)), moment)
        elif action == "configure":
            # It writes the settings of the version that the same run unpacked before.
            latest = self._latest.get(name)
            is_same = latest is not None and latest.version == old
            self._start(latest if latest and is_same else Operation("dpkg", name, old), moment)
        elif action == "status" and (span := self._open.get(old)):
            self._timeline.extend(span, moment)
            if name in ENDS:
                del self._open[old]

    def _start(self, operation: Operation, moment: float) -> None:
        if len(self._latest) > MAX_PACKAGES:
            self._latest.clear()
            self._open.clear()
        self._latest[operation.package] = operation
        self._open[operation.package] = self._timeline.add(operation, moment)


def _tail(path: str) -> list[bytes]:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - MAX_READ_BYTES))
            return file.read(MAX_READ_BYTES).split(b"\n")
    except OSError:
        return []


def _version(text: str) -> str:
    return "" if text == NO_VERSION else text


def _time_of(words: list[str]) -> float:
    """Read the local time of a line; 0 where there is none.

    An hour that the clock shows twice is read as the C library does.
    """
    try:
        return time.mktime(time.strptime(f"{words[0]} {words[1]}", TIME_FORM))
    except (ValueError, OverflowError):
        return 0.0
