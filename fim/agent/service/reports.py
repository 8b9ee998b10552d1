"""What `report` hands over: a path and what inotify said of it, as incron's `$@/$# $%` give it.

Imports little: a report is a process of its own for each change.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from typing import NamedTuple

SOCKET_NAME = "agent.sock"
SAVED_NAME = "reports"
MAX_MESSAGE_BYTES = 16 * 1024
# The scan at the next start finds what is refused beyond this.
MAX_SAVED_BYTES = 64 * 1024 * 1024
TAKEN = b"taken"
FIELD_END, REPORT_END = b"\0", b"\0\0"
DIRECTORY = "IN_ISDIR"
# The agent's word for each event of inotify; empty: nothing was changed.
CHANGES = {
    "IN_CREATE": "created",
    "IN_MODIFY": "written",
    "IN_CLOSE_WRITE": "written",
    "IN_ATTRIB": "attributes",
    "IN_MOVED_TO": "moved in",
    "IN_MOVED_FROM": "moved out",
    "IN_MOVE_SELF": "moved out",
    "IN_DELETE": "deleted",
    "IN_DELETE_SELF": "deleted",
    "IN_ACCESS": "",
    "IN_OPEN": "",
    "IN_CLOSE_NOWRITE": "",
    DIRECTORY: "",
}


class Report(NamedTuple):
    """`at` is a Unix time; the path is absolute and as `os.fsdecode` gives it."""

    at: float
    events: str
    path: str

    @property
    def changes(self) -> list[str]:
        """What happened, in the agent's words; empty where nothing was changed."""
        return [CHANGES[event] for event in self.events.split(",") if CHANGES[event]]

    @property
    def is_directory(self) -> bool:
        return DIRECTORY in self.events.split(",")


def report_of(path: str, events: str, *, at: float) -> Report:
    """Check what the command line gave. Raises ValueError with what is wrong, for a person."""
    if not path.startswith("/"):
        raise ValueError(f"{path!a} is no absolute path.")
    unknown = [event for event in events.split(",") if event not in CHANGES]
    if unknown:
        raise ValueError(f"{unknown[0]!a} is no event of inotify; known are {', '.join(CHANGES)}.")
    return Report(at, events, os.path.normpath(path))


def packed(report: Report) -> bytes:
    """Pack a report. No path holds a NUL, so NULs separate the fields."""
    fields = (repr(report.at).encode(), report.events.encode(), os.fsencode(report.path))
    return FIELD_END.join(fields) + REPORT_END


def unpacked(content: bytes) -> list[Report]:
    """Read reports; skip what is incomplete or no report."""
    found = []
    for part in content.split(REPORT_END):
        with contextlib.suppress(ValueError):
            at, events, path = part.split(FIELD_END)
            found.append(report_of(os.fsdecode(path), events.decode(), at=float(at)))
    return found


def save(state_dir: str, report: Report) -> None:
    """Leave a report on disk for the agent. Raises OSError, also where too much waits already."""
    with _opened(state_dir) as descriptor:
        size = os.fstat(descriptor).st_size
        if size > MAX_SAVED_BYTES:
            raise OSError(f"{MAX_SAVED_BYTES} bytes of reports wait already")
        content = packed(report)
        if os.write(descriptor, content) != len(content):
            os.ftruncate(descriptor, size)
            raise OSError("the disk is full")
        os.fdatasync(descriptor)


@contextlib.contextmanager
def saved(state_dir: str) -> Iterator[list[Report]]:
    """Return the reports that wait; they are gone once the block ends without an exception."""
    with _opened(state_dir) as descriptor:
        content = os.pread(descriptor, MAX_SAVED_BYTES + MAX_MESSAGE_BYTES, 0)
        yield unpacked(content)
        if content:
            os.ftruncate(descriptor, 0)


@contextlib.contextmanager
def _opened(state_dir: str) -> Iterator[int]:
    path = os.path.join(state_dir, SAVED_NAME)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
