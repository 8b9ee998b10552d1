"""The kernel's fanotify, through libc: which process touched which name in which directory.

Python has no binding of its own. Needs CAP_SYS_ADMIN and Linux 5.9 (FAN_REPORT_DFID_NAME);
constants and layouts are those of linux/fanotify.h.
"""

import ctypes
import errno
import os
import struct
from typing import NamedTuple

CLASS_NOTIF, CLOEXEC, NONBLOCK, REPORT_DFID_NAME = 0x0, 0x1, 0x2, 0xC00
MARK_ADD, MARK_ONLYDIR, MARK_FILESYSTEM = 0x1, 0x8, 0x100
MODIFY, ATTRIB, CLOSE_WRITE = 0x2, 0x4, 0x8
MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x40, 0x80, 0x100, 0x200
OVERFLOW, ON_CHILD, ON_DIRECTORY = 0x4000, 0x08000000, 0x40000000
# Asked for a whole filesystem. Its writes are not: a database's would drown what is watched.
OF_FILESYSTEM = ATTRIB | CLOSE_WRITE | MOVED_FROM | MOVED_TO | CREATE | DELETE | ON_DIRECTORY
OF_DIRECTORY = MODIFY | ON_CHILD

METADATA = struct.Struct("=IBBHQii")
INFO_HEADER = struct.Struct("=BBH")
INFO_DFID_NAME, INFO_DFID = 2, 3
# fsid, then handle_bytes and handle_type of a struct file_handle.
FSID_BYTES, HANDLE_HEADER_BYTES = 8, 8
READ_BYTES = 256 * 1024
AT_FDCWD = -100


class RawEvent(NamedTuple):
    """One event. `directory` is fsid and handle, opaque; empty where the kernel gave none."""

    mask: int
    pid: int
    directory: bytes
    name: bytes


class Fanotify:
    """One fanotify group. Raises OSError where the kernel or the process's rights have none."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        flags = CLASS_NOTIF | CLOEXEC | NONBLOCK | REPORT_DFID_NAME
        self._descriptor = self._checked(
            self._libc.fanotify_init(ctypes.c_uint(flags), ctypes.c_uint(os.O_RDONLY))
        )

    def fileno(self) -> int:
        return self._descriptor

    def mark_filesystem(self, path: str) -> None:
        """Listen to what happens to names on the filesystem that holds `path`.

        Raises OSError, ENODEV or EOPNOTSUPP among them, for filesystems without handles
        (overlayfs, many FUSE ones).
        """
        self._mark(MARK_ADD | MARK_FILESYSTEM, OF_FILESYSTEM, AT_FDCWD, os.fsencode(path))

    def mark_directory(self, descriptor: int) -> None:
        """Listen to writes into the files of one open directory, too."""
        self._mark(MARK_ADD | MARK_ONLYDIR, OF_DIRECTORY, descriptor, b".")

    def open_handle(self, mount: int, handle: bytes) -> int:
        """Open a directory by its handle; the descriptor reads nothing. OSError: it is gone."""
        buffer = ctypes.create_string_buffer(handle, len(handle))
        flags = os.O_PATH | os.O_CLOEXEC
        return self._checked(self._libc.open_by_handle_at(mount, buffer, ctypes.c_int(flags)))

    def read(self) -> list[RawEvent]:
        """Return the events that wait, at most one buffer full."""
        try:
            return list(_events_in(os.read(self._descriptor, READ_BYTES)))
        except BlockingIOError:
            return []

    def close(self) -> None:
        os.close(self._descriptor)

    def _mark(self, flags: int, mask: int, directory: int, path: bytes) -> None:
        self._checked(
            self._libc.fanotify_mark(
                self._descriptor, ctypes.c_uint(flags), ctypes.c_uint64(mask), directory, path
            )
        )

    def _checked(self, result: int) -> int:
        if result < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return result


def _events_in(data: bytes) -> "list[RawEvent]":
    events = []
    start = 0
    while start < len(data):
        length, _, _, metadata_bytes, mask, _, pid = METADATA.unpack_from(data, start)
        directory, name = _directory_and_name(data, start + metadata_bytes, start + length)
        events.append(RawEvent(mask, pid, directory, name))
        start += length
    return events


def _directory_and_name(data: bytes, place: int, end: int) -> tuple[bytes, bytes]:
    while place < end:
        kind, _, length = INFO_HEADER.unpack_from(data, place)
        if kind in (INFO_DFID_NAME, INFO_DFID):
            handle = place + INFO_HEADER.size + FSID_BYTES
            handle_end = (
                handle + HANDLE_HEADER_BYTES + int.from_bytes(data[handle : handle + 4], "little")
            )
            name = data[handle_end : place + length].partition(b"\0")[0]
            return data[place + INFO_HEADER.size : handle_end], name
        place += length
    return b"", b""


def unavailable_reason(exc: OSError) -> str:
    """Return in words why fanotify cannot be used."""
    if exc.errno == errno.EPERM:
        return "fanotify needs CAP_SYS_ADMIN"
    if exc.errno in {errno.EINVAL, errno.ENOSYS}:
        return "this kernel's fanotify names no files; Linux 5.9 does"
    return f"fanotify: {exc.strerror}"
