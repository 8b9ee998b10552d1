"""A process that reads files for the first scan: `python -m fim.agent.scan.hashing`, fed by a pipe.

It reads directories and returns baseline rows and the directories below. Python can hash small
files on one core only within a process, so there is one of these for each core.
"""

import gc
import marshal
import os
import stat
import struct
import sys
from _hashlib import openssl_sha256  # hashlib's own, without its argument parsing
from typing import IO

from fim.agent.changes.facts import (
    MAX_HASHED_BYTES,
    TOO_LARGE,
    UNREADABLE,
    VANISHED,
    hash_steadily,
    read_xattrs,
    reason_of,
)
from fim.agent.watch.scope import Scope

# A larger directory is divided among the processes.
MAX_NAMES = 1_000
READ_BYTES = 64 * 1024
LENGTH = struct.Struct("I")
FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC
# A directory, and the names of the regular files in it to read; None for all that it holds.
Task = tuple[bytes, list[bytes] | None]


def main() -> int:
    # Rows live until they are sent; looking for reference cycles among them wastes time.
    gc.disable()
    ignored = marshal.loads(_receive(sys.stdin.buffer))  # noqa: S302
    scope = Scope([], ignore=ignored["patterns"], hidden=ignored["hidden"])
    while message := _receive(sys.stdin.buffer):
        directory, names = marshal.loads(message)  # noqa: S302
        send(sys.stdout.buffer, marshal.dumps(read_directory(directory, names, scope)))
    return 0


def send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(LENGTH.pack(len(message)) + message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    head = pipe.read(LENGTH.size)
    return pipe.read(*LENGTH.unpack(head)) if len(head) == LENGTH.size else b""


def read_directory(
    directory: bytes, names: list[bytes] | None, scope: Scope
) -> tuple[list[tuple], list[Task], int]:
    """Return the rows of the entries, what is left to read, and how many bytes were read.

    `names` are of regular files; None stands for all that is in the directory.
    """
    try:
        handle = os.open(directory, FLAGS | os.O_DIRECTORY)
    except OSError:
        return [], [], 0
    try:
        if os.fsencode(os.readlink(f"/proc/self/fd/{handle}")) != directory:
            return [], [], 0
        others: list[bytes] = []
        if names is None:
            names, others = _listing(handle)
        left: list[Task] = [
            (directory, names[start : start + MAX_NAMES])
            for start in range(MAX_NAMES, len(names), MAX_NAMES)
        ]
        rows, size = _read_files(directory, handle, names[:MAX_NAMES], scope)
        more, below = _read_others(directory, handle, others, scope)
        return rows + more, left + below, size
    except OSError:
        return [], [], 0
    finally:
        os.close(handle)


def _listing(handle: int) -> tuple[list[bytes], list[bytes]]:
    """Return the names of regular files and those of all else, each in order."""
    files: list[bytes] = []
    others: list[bytes] = []
    with os.scandir(handle) as entries:
        for entry in entries:
            kind = files if entry.is_file(follow_symlinks=False) else others
            kind.append(os.fsencode(entry.name))
    return sorted(files), sorted(others)


def _read_files(
    directory: bytes, handle: int, names: list[bytes], scope: Scope
) -> tuple[list[tuple], int]:
    rows: list[tuple] = []
    size = 0
    for name in names:
        if not scope.is_everything and not scope.includes(
            os.fsdecode(os.path.join(directory, name))
        ):
            continue
        row = _read_file(directory, handle, name) or _read_other(directory, handle, name)
        if row:
            rows.append(row)
            size += row[3] or 0
    return rows, size


def _read_others(
    directory: bytes, handle: int, names: list[bytes], scope: Scope
) -> tuple[list[tuple], list[Task]]:
    rows: list[tuple] = []
    below: list[Task] = []
    for name in names:
        row = _read_other(directory, handle, name)
        if row is None:
            continue
        path = os.path.join(directory, name)
        is_directory = stat.S_ISDIR(row[2])
        if not scope.includes(os.fsdecode(path), is_directory=is_directory):
            continue
        if is_directory:
            below.append((path, None))
        rows.append(row)
    return rows, below


def _read_file(directory: bytes, handle: int, name: bytes) -> tuple | None:
    """Read a regular file with as few calls as can be; None for all else.

    What was swapped since the directory was listed does no harm: a FIFO does not block (O_NONBLOCK)
    and a link is refused (O_NOFOLLOW).
    """
    try:
        descriptor = os.open(name, FLAGS, dir_fd=handle)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if status.st_size >= READ_BYTES or not stat.S_ISREG(status.st_mode):
            return _read_large(directory, name, descriptor, status)
        content = os.read(descriptor, READ_BYTES)
        after = os.fstat(descriptor)
        if len(content) != status.st_size or after.st_mtime_ns != status.st_mtime_ns:
            return _read_large(directory, name, descriptor, after)
        digest = openssl_sha256(content).digest()
        return _row(directory, name, after, digest, read_xattrs(descriptor), "")
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _read_large(
    directory: bytes, name: bytes, descriptor: int, status: os.stat_result
) -> tuple | None:
    if not stat.S_ISREG(status.st_mode):
        return None
    sha256, unread = "", TOO_LARGE
    if status.st_size <= MAX_HASHED_BYTES:
        os.lseek(descriptor, 0, os.SEEK_SET)
        sha256, status, unread = hash_steadily(descriptor, status)
    return _row(directory, name, status, bytes.fromhex(sha256), read_xattrs(descriptor), unread)


def _read_other(directory: bytes, handle: int, name: bytes) -> tuple | None:
    """Return the row of what is no file, or of a file that cannot be read."""
    try:
        status = os.lstat(name, dir_fd=handle)
        target = os.readlink(name, dir_fd=handle) if stat.S_ISLNK(status.st_mode) else b""
    except OSError as exc:
        assert reason_of(exc) in {VANISHED, UNREADABLE}
        return None
    is_file = stat.S_ISREG(status.st_mode)
    path = os.path.join(directory, name)
    xattrs = "" if stat.S_ISLNK(status.st_mode) else read_xattrs(path)
    row = _row(directory, name, status, b"", xattrs, UNREADABLE if is_file else "")
    return (*row[:11], target, *row[12:])


def _row(
    directory: bytes,
    name: bytes,
    status: os.stat_result,
    digest: bytes,
    xattrs: str,
    unread: str,
) -> tuple:
    return (
        *(directory, name, status.st_mode),
        status.st_size if stat.S_ISREG(status.st_mode) else None,
        *(status.st_uid, status.st_gid, status.st_mtime_ns, status.st_ctime_ns),
        *(status.st_ino, status.st_dev, digest, b"", xattrs, unread),
    )


if __name__ == "__main__":
    sys.exit(main())
