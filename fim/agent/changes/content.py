"""A file's content, opened without blocking and without following symbolic links."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

READ_ONLY = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@contextmanager
def opened(path: str | None) -> Iterator[int | None]:
    """Return a descriptor of the regular file at an absolute path free of symbolic links.

    None where there is none: gone, unreadable, a FIFO, or behind a directory that became a link.
    """
    descriptor = _open(path) if path else None
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def read_at_most(descriptor: int, size_bytes: int) -> bytes:
    """Read from the beginning to the end of the file or of the limit, whichever comes first."""
    parts: list[bytes] = []
    offset = 0
    while offset < size_bytes and (part := os.pread(descriptor, size_bytes - offset, offset)):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _open(path: str) -> int | None:
    try:
        handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        place = f"/proc/self/fd/{handle}"
        if os.readlink(place) != path or not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return os.open(place, READ_ONLY)
    except OSError:
        return None
    finally:
        os.close(handle)
