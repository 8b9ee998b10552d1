"""What `report` hands over: a path and what inotify said of it, as incron's `$@/$# $%` give it.

Imports little: a report is a process of its own for each change.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from typing import NamedTuple

SOCKET_NAME = "agent.sock"
DROP_NAME = "reports"
MOST_MESSAGE_BYTES = 16 * 1024
# A start scan finds what is no longer taken in here.
MOST_DROP_BYTES = 64 * 1024 * 1024
TAKEN = b"taken"
FIELD_END, HINT_END = b"\0", b"\0\0"
DIRECTORY = "IN_ISDIR"
# In the agent's words, the last of several counting; empty: nothing was changed.
STEPS = {
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


class Hint(NamedTuple):
    """`at` is a Unix time; the path is absolute and as `os.fsdecode` gives it."""

    at: float
    events: str
    path: str

    @property
    def steps(self) -> list[str]:
        """What happened, in the agent's words; empty where nothing was changed."""
        return [STEPS[event] for event in self.events.split(",") if STEPS[event]]

    @property
    def is_directory(self) -> bool:
        return DIRECTORY in self.events.split(",")


def hint_of(path: str, events: str, *, at: float) -> Hint:
    """Check what the command line gave. Raises ValueError with what is wrong, for a person."""
    if not path.startswith("/"):
        raise ValueError(f"{path!a} is no absolute path.")
    unknown = [event for event in events.split(",") if event not in STEPS]
    if unknown:
        raise ValueError(f"{unknown[0]!a} is no event of inotify; known are {', '.join(STEPS)}.")
    return Hint(at, events, os.path.normpath(path))


def packed(hint: Hint) -> bytes:
    """Pack a hint. No path holds a NUL, so that NULs can part the fields."""
    fields = (repr(hint.at).encode(), hint.events.encode(), os.fsencode(hint.path))
    return FIELD_END.join(fields) + HINT_END


def unpacked(content: bytes) -> list[Hint]:
    """Read hints; what is torn or no hint is passed over."""
    found = []
    for part in content.split(HINT_END):
        with contextlib.suppress(ValueError):
            at, events, path = part.split(FIELD_END)
            found.append(hint_of(os.fsdecode(path), events.decode(), at=float(at)))
    return found


def drop(state_dir: str, hint: Hint) -> None:
    """Leave a hint on disk for the agent. Raises OSError, one where too much waits already."""
    with _opened(state_dir) as descriptor:
        size = os.fstat(descriptor).st_size
        if size > MOST_DROP_BYTES:
            raise OSError(f"{MOST_DROP_BYTES} bytes of reports wait already")
        content = packed(hint)
        if os.write(descriptor, content) != len(content):
            os.ftruncate(descriptor, size)
            raise OSError("the disk is full")
        os.fdatasync(descriptor)


@contextlib.contextmanager
def dropped(state_dir: str) -> Iterator[list[Hint]]:
    """Give the hints that wait; they are gone once the block ends without an exception."""
    with _opened(state_dir) as descriptor:
        content = os.pread(descriptor, MOST_DROP_BYTES + MOST_MESSAGE_BYTES, 0)
        yield unpacked(content)
        if content:
            os.ftruncate(descriptor, 0)


@contextlib.contextmanager
def _opened(state_dir: str) -> Iterator[int]:
    path = os.path.join(state_dir, DROP_NAME)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
