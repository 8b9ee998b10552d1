"""dpkg's own log, read on from where it was read last."""

import os
import time
from collections import deque
from collections.abc import Iterator

from fim.agent.operations import Operation

# More than a release upgrade writes; older entries explain nothing that is still looked at.
MOST_READ_BYTES = 4 * 1024 * 1024
MOST_OPERATIONS = 4096
NO_VERSION = "<none>"
CHANGES = {"install", "upgrade", "remove", "purge"}
ENDS = {"unpacked", "installed", "config-files", "not-installed"}
TIME_FORM = "%Y-%m-%d %H:%M:%S"


class DpkgLog:
    """The operations of the newest part of the log and of the one rotated last."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._inode = 0
        self._offset = 0
        self._rest = b""
        self._operations: deque[Operation] = deque(maxlen=MOST_OPERATIONS)
        self._latest: dict[str, Operation] = {}
        self._open: dict[str, Operation] = {}

    def operations(self) -> Iterator[Operation]:
        """Give what is known, newest first, after reading what was written since."""
        self._read_on()
        return reversed(self._operations)

    def _read_on(self) -> None:
        try:
            with open(self._path, "rb") as file:
                status = os.fstat(file.fileno())
                if status.st_ino != self._inode or status.st_size < self._offset:
                    self._begin(status)
                file.seek(self._offset)
                lines = (self._rest + file.read(2 * MOST_READ_BYTES)).split(b"\n")
                self._offset = file.tell()
        except OSError:
            return
        self._rest = lines.pop()
        for line in lines:
            self._take(line.decode("utf-8", "replace"))

    def _begin(self, status: os.stat_result) -> None:
        """Begin with a log that is new here; what its forerunner still said is read first."""
        if not self._inode:
            for line in _tail(self._path + ".1"):
                self._take(line.decode("utf-8", "replace"))
        self._inode = status.st_ino
        self._offset = max(0, status.st_size - MOST_READ_BYTES)
        self._rest = b""

    def _take(self, line: str) -> None:
        words = line.split()
        if len(words) < 6:
            return
        if words[2] in CHANGES | {"configure"}:
            self._start(words[2], words[3], words[4], words[5], _moment(words))
        elif words[2] == "status" and (operation := self._open.get(words[4])):
            operation.spans[-1][1] = _moment(words)
            if words[3] in ENDS:
                del self._open[words[4]]

    def _start(self, action: str, package: str, old: str, new: str, moment: float) -> None:
        operation = self._latest.get(package)
        # `configure` names the version that is there, and writes the settings of the same change.
        if action != "configure" or not operation or operation.version != old:
            if action == "configure":
                new, old = old, ""
            operation = Operation("dpkg", package, _version(new), _version(old))
            self._remember(operation)
        operation.spans.append([moment, moment])
        self._open[package] = operation

    def _remember(self, operation: Operation) -> None:
        self._operations.append(operation)
        self._latest[operation.package] = operation
        if len(self._latest) > 2 * MOST_OPERATIONS:
            self._latest = {each.package: each for each in self._operations}
            self._open = {}


def _tail(path: str) -> list[bytes]:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - MOST_READ_BYTES))
            return file.read(MOST_READ_BYTES).split(b"\n")
    except OSError:
        return []


def _version(text: str) -> str:
    return "" if text == NO_VERSION else text


def _moment(words: list[str]) -> float:
    """Read the local time of a line. Of an hour that a clock shows twice, the first is taken."""
    try:
        return time.mktime(time.strptime(f"{words[0]} {words[1]}", TIME_FORM))
    except (ValueError, OverflowError):
        return 0.0
