"""What a file looks like: hash, size, mode, owner. Linux only, as inotify is."""

import errno
import grp
import hashlib
import os
import pwd
import stat
from dataclasses import dataclass

CHUNK_BYTES = 1024 * 1024
MAX_HASHED_BYTES = 512 * 1024 * 1024
KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}
VANISHED = "vanished"
UNREADABLE = "unreadable"
TOO_LARGE = "larger than 512 MiB"


@dataclass(frozen=True, slots=True)
class Facts:
    """What could be learned. `unread` says why there is no hash where one would be expected."""

    kind: str = ""
    sha256: str = ""
    size_bytes: int | None = None
    mode: str = ""
    owner: str = ""
    group: str = ""
    target: str = ""
    unread: str = ""


def read_facts(path: str) -> Facts:
    """Read the facts of what is at an absolute path free of symbolic links.

    Never blocks on a FIFO, opens no device and follows no symbolic link: O_PATH gives a handle
    that reads nothing, and only a regular file is then opened through it. A path that leads
    elsewhere by now, through a directory that was replaced by a link, counts as vanished.
    """
    try:
        handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as exc:
        return Facts(unread=_reason(exc))
    try:
        if os.readlink(_proc_path(handle)) != path:
            return Facts(unread=VANISHED)
        return _facts_of(handle)
    except OSError as exc:
        return Facts(unread=_reason(exc))
    finally:
        os.close(handle)


def _facts_of(handle: int) -> Facts:
    status = os.fstat(handle)
    kind = KINDS.get(stat.S_IFMT(status.st_mode), "unknown")
    sha256, size_bytes, unread = "", None, ""
    if kind == "file":
        sha256, size_bytes, unread = _content_of(handle, status.st_size)
    return Facts(
        kind=kind,
        sha256=sha256,
        size_bytes=size_bytes,
        mode=f"{stat.S_IMODE(status.st_mode):04o}",
        owner=_user_name(status.st_uid),
        group=_group_name(status.st_gid),
        target=os.readlink("", dir_fd=handle) if kind == "symlink" else "",
        unread=unread,
    )


def _content_of(handle: int, size_bytes: int) -> tuple[str, int, str]:
    """Give hash, size and why there is no hash. The size is of the very bytes that were hashed."""
    if size_bytes > MAX_HASHED_BYTES:
        return "", size_bytes, TOO_LARGE
    try:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        descriptor = os.open(_proc_path(handle), flags)
    except OSError:
        return "", size_bytes, UNREADABLE
    try:
        return _hash(descriptor)
    except OSError:
        return "", size_bytes, UNREADABLE
    finally:
        os.close(descriptor)


def _hash(descriptor: int) -> tuple[str, int, str]:
    digest, size_bytes = hashlib.sha256(), 0
    while chunk := os.read(descriptor, CHUNK_BYTES):
        digest.update(chunk)
        size_bytes += len(chunk)
        if size_bytes > MAX_HASHED_BYTES:
            return "", size_bytes, TOO_LARGE
    return digest.hexdigest(), size_bytes, ""


def _proc_path(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def _reason(exc: OSError) -> str:
    return VANISHED if exc.errno in {errno.ENOENT, errno.ENOTDIR} else UNREADABLE


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
