"""What a file looks like: hash, size, mode, owner. Linux only, as inotify is."""

import errno
import grp
import hashlib
import os
import pwd
import stat
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

CHUNK_BYTES = 1024 * 1024
MAX_HASHED_BYTES = 512 * 1024 * 1024
# A file that is written without a pause is not read for ever.
MAX_READS = 3
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
CHANGING = "changing"
TOO_LARGE = "larger than 512 MiB"
# How long an account's name is cached.
NAMES_SECONDS = 60
Pace = Callable[[int], None]
# Returns the hash, and why there is none, of a file that was read elsewhere; None: read it here.
ContentSource = Callable[[str, os.stat_result], tuple[str, str] | None]


@dataclass(frozen=True, slots=True)
class Facts:
    """What could be learned; where nothing could, all but the reason is empty.

    `unread` says why there is no hash where one would be expected. `mode` is octal text, such as
    "4755". `xattrs` is a line of names with a short digest of each value, POSIX ACLs and
    capabilities among them.
    """

    kind: str = ""
    sha256: str = ""
    size_bytes: int | None = None
    mode: str = ""
    uid: int | None = None
    gid: int | None = None
    target: str = ""
    xattrs: str = ""
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    device: int = 0
    unread: str = ""

    @property
    def owner(self) -> str:
        return "" if self.uid is None else user_name(self.uid, _names_age())

    @property
    def group(self) -> str:
        return "" if self.gid is None else group_name(self.gid, _names_age())

    @property
    def is_there(self) -> bool:
        return bool(self.kind)

    def has_stat_of(self, status: os.stat_result) -> bool:
        """Return whether the stat is the same, which is taken for the same content."""
        return (
            self.inode == status.st_ino
            and self.mtime_ns == status.st_mtime_ns
            and self.ctime_ns == status.st_ctime_ns
            and self.device == status.st_dev
            and (self.size_bytes is None or self.size_bytes == status.st_size)
        )


def read_facts(
    path: str, *, known: Sequence[Facts] = (), content_source: ContentSource | None = None
) -> Facts:
    """Read the facts of what is at an absolute path free of symbolic links.

    Never blocks on a FIFO, opens no device and follows no symbolic link: O_PATH gives a handle
    that reads nothing, and only a regular file is then opened through it. A path that leads
    elsewhere by now, through a directory that was replaced by a link, counts as vanished. The hash
    of one in `known` is taken over where size, mtime and inode say that it is the same content;
    give them only where the kernel told of no write.
    """
    try:
        handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as exc:
        return Facts(unread=reason_of(exc))
    try:
        if os.readlink(_proc_path(handle)) != path:
            return Facts(unread=VANISHED)
        return _facts_of(path, handle, known, content_source)
    except OSError as exc:
        return Facts(unread=reason_of(exc))
    finally:
        os.close(handle)


def _facts_of(
    path: str, handle: int, known: Sequence[Facts], content_source: ContentSource | None
) -> Facts:
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        return facts_from(status, xattrs=_xattrs_of(handle, status), target=_target(handle, status))
    same = next((facts for facts in known if _is_same_content(facts, status)), None)
    if same:
        sha256, unread = same.sha256, same.unread
    elif content_source and (content := content_source(path, status)):
        sha256, unread = content
    else:
        sha256, status, unread = _content_of(handle, status)
    xattrs = _xattrs_of(handle, status)
    return facts_from(status, sha256=sha256, xattrs=xattrs, unread=unread)


def facts_from(
    status: os.stat_result,
    *,
    sha256: str = "",
    target: str = "",
    xattrs: str = "",
    unread: str = "",
) -> Facts:
    is_file = stat.S_ISREG(status.st_mode)
    return Facts(
        kind=KINDS.get(stat.S_IFMT(status.st_mode), "unknown"),
        sha256=sha256,
        size_bytes=status.st_size if is_file else None,
        mode=f"{stat.S_IMODE(status.st_mode):04o}",
        uid=status.st_uid,
        gid=status.st_gid,
        target=target,
        xattrs=xattrs,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        inode=status.st_ino,
        device=status.st_dev,
        unread=unread,
    )


def _is_same_content(known: Facts, status: os.stat_result) -> bool:
    written = (known.kind, known.size_bytes, known.mtime_ns, known.inode, known.device)
    now = ("file", status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)
    return written == now and known.unread != CHANGING


def _content_of(handle: int, status: os.stat_result) -> tuple[str, os.stat_result, str]:
    if status.st_size > MAX_HASHED_BYTES:
        return "", status, TOO_LARGE
    try:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        descriptor = os.open(_proc_path(handle), flags)
    except OSError:
        return "", status, UNREADABLE
    try:
        return hash_steadily(descriptor, status)
    except OSError:
        return "", status, UNREADABLE
    finally:
        os.close(descriptor)


def hash_steadily(
    descriptor: int, status: os.stat_result, pace: Pace | None = None
) -> tuple[str, os.stat_result, str]:
    """Return hash, the stat that holds for the hashed bytes, and why there is no hash.

    Reads again what changed while it was read. `pace` is called with the bytes of each chunk and
    may sleep, so that a reader keeps to its rate.
    """
    for _ in range(MAX_READS):
        sha256, unread = _hash(descriptor, pace)
        after = os.fstat(descriptor)
        if unread or not _was_written(status, after):
            return sha256, after, unread
        status = after
        os.lseek(descriptor, 0, os.SEEK_SET)
    return sha256, status, CHANGING


def _was_written(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)


def _hash(descriptor: int, pace: Pace | None) -> tuple[str, str]:
    digest, size_bytes = hashlib.sha256(), 0
    while chunk := os.read(descriptor, CHUNK_BYTES):
        digest.update(chunk)
        size_bytes += len(chunk)
        if size_bytes > MAX_HASHED_BYTES:
            return "", TOO_LARGE
        if pace:
            pace(len(chunk))
    return digest.hexdigest(), ""


def _target(handle: int, status: os.stat_result) -> str:
    return os.readlink("", dir_fd=handle) if stat.S_ISLNK(status.st_mode) else ""


def _xattrs_of(handle: int, status: os.stat_result) -> str:
    return "" if stat.S_ISLNK(status.st_mode) else read_xattrs(_proc_path(handle))


def read_xattrs(place: str | bytes | int) -> str:
    """Return the line of a file's extended attributes; empty where none can be read."""
    try:
        names = os.listxattr(place)
    except OSError:
        return ""
    return " ".join(f"{name}={_value_digest(place, name)}" for name in sorted(names))


def _value_digest(place: str | bytes | int, name: str) -> str:
    try:
        return hashlib.sha256(os.getxattr(place, name)).hexdigest()[:16]
    except OSError:
        return ""


def _proc_path(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def reason_of(exc: OSError) -> str:
    return VANISHED if exc.errno in {errno.ENOENT, errno.ENOTDIR} else UNREADABLE


def _names_age() -> int:
    return int(time.monotonic() / NAMES_SECONDS)


@lru_cache(maxsize=512)
def user_name(uid: int, age: int) -> str:
    """Return the account's name, or the number of an unknown one; `age` only ends the cache."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@lru_cache(maxsize=512)
def group_name(gid: int, age: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
