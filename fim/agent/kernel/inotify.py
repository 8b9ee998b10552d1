"""The kernel's inotify, through libc: one descriptor, watches by number, events in batches.

No package stands between: watchdog hides a queue that overflowed and a watch that was refused,
which are what this agent must not miss.
"""

import ctypes
import os
import struct
from dataclasses import dataclass

ATTRIB = 0x4
CLOSE_WRITE = 0x8
MOVED_FROM = 0x40
MOVED_TO = 0x80
CREATE = 0x100
DELETE = 0x200
DELETE_SELF = 0x400
MOVE_SELF = 0x800
UNMOUNT = 0x2000
Q_OVERFLOW = 0x4000
IGNORED = 0x8000
ONLYDIR = 0x1000000
DONT_FOLLOW = 0x2000000
EXCL_UNLINK = 0x4000000
ISDIR = 0x40000000
# IN_EXCL_UNLINK is not asked for: a file that is unlinked and still written has no path to report.
WATCHED = ATTRIB | CLOSE_WRITE | MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF | MOVE_SELF
COMING_AND_GOING = MOVED_FROM | MOVED_TO | CREATE | DELETE
# struct inotify_event without its name, inotify(7).
HEADER = struct.Struct("iIII")
READ_BYTES = 256 * 1024
# NAME_MAX and its NUL, filled up to a whole header.
MAX_EVENT_BYTES = HEADER.size + 256 + HEADER.size

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class RawEvent:
    watch: int
    mask: int
    cookie: int
    name: bytes


class Inotify:
    """Raises OSError as the system calls do: EMFILE here, ENOSPC, EACCES or ENOENT for a watch."""

    def __init__(self) -> None:
        self.descriptor = _checked(_libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
        # Whether the last read emptied the kernel's queue.
        self.is_drained = True

    def add(self, directory: bytes, events: int = WATCHED) -> int:
        mask = ctypes.c_uint32(events | ONLYDIR | DONT_FOLLOW)
        return _checked(_libc.inotify_add_watch(self.descriptor, directory, mask), directory)

    def remove(self, watch: int) -> None:
        _libc.inotify_rm_watch(self.descriptor, watch)

    def read(self) -> list[RawEvent]:
        """Return what waits, without waiting for it."""
        try:
            content = os.read(self.descriptor, READ_BYTES)
        except BlockingIOError:
            self.is_drained = True
            return []
        self.is_drained = len(content) < READ_BYTES - MAX_EVENT_BYTES
        events, start = [], 0
        while start < len(content):
            watch, mask, cookie, length = HEADER.unpack_from(content, start)
            start += HEADER.size
            events.append(
                RawEvent(watch, mask, cookie, content[start : start + length].rstrip(b"\0"))
            )
            start += length
        return events

    def close(self) -> None:
        os.close(self.descriptor)


def _checked(result: int, path: bytes | None = None) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)
    return result
