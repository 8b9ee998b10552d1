"""Directory handles of fanotify as the paths that the agent knows them by."""

import os
import re
from collections.abc import Callable
from typing import NamedTuple

from fim.agent.kernel.fanotify import FSID_BYTES

MOUNTS = "/proc/self/mountinfo"
MAX_KEPT = 8192
DELETED = b" (deleted)"
OCTAL = re.compile(rb"\\([0-7]{3})")


class Directory(NamedTuple):
    """A watched directory; `is_marked` says whether all writes into it were reported so far."""

    path: bytes
    is_marked: bool


class _Place(NamedTuple):
    """A root, or a mount point below one: `real` as the kernel names it, `named` as the agent."""

    mount: int
    real: bytes
    named: bytes


class Handles:
    """Finds the watched directory of a handle; keeps what it found until directories move."""

    def __init__(
        self, open_handle: Callable[[int, bytes], int], mark: Callable[[int], None]
    ) -> None:
        self._open_handle = open_handle
        self._mark = mark
        self._places: dict[bytes, list[_Place]] = {}
        self._kept: dict[bytes, Directory] = {}
        self._foreign: set[bytes] = set()
        self._marked: set[bytes] = set()

    def add_root(self, root: str) -> None:
        """Open a root to look up handles below it. Raises OSError where it cannot be opened."""
        mount = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fsid = os.fstatvfs(mount).f_fsid.to_bytes(FSID_BYTES, "little")
        place = _Place(mount, os.fsencode(os.path.realpath(root)), os.fsencode(root))
        self._places.setdefault(fsid, []).append(place)

    def find(self, directory: bytes) -> Directory | None:
        """Return the directory; None where it is not watched or is gone."""
        if kept := self._kept.get(directory):
            return kept
        if directory in self._foreign:
            return None
        found = self._look_up(directory)
        if found is None:
            _make_room(self._foreign)
            self._foreign.add(directory)
        else:
            _make_room(self._kept)
            # From the next event on, writes into it are reported.
            self._kept[directory] = found._replace(is_marked=directory in self._marked)
        return found

    def forget(self, path: bytes) -> None:
        """Forget what is at and below a path from or to which a directory was moved."""
        self._foreign.clear()
        below = path + b"/"
        for directory, kept in list(self._kept.items()):
            if kept.path == path or kept.path.startswith(below):
                del self._kept[directory]

    def close(self) -> None:
        for places in self._places.values():
            for place in places:
                os.close(place.mount)

    def _look_up(self, directory: bytes) -> Directory | None:
        for place in self._places.get(directory[:FSID_BYTES], ()):
            try:
                handle = self._open_handle(place.mount, directory[FSID_BYTES:])
            except OSError:
                return None
            try:
                if path := _path_below(place, _path_of(handle)):
                    was_marked = directory in self._marked
                    self._mark_once(directory, handle)
                    return Directory(path, was_marked)
            finally:
                os.close(handle)
        return None

    def _mark_once(self, directory: bytes, handle: int) -> None:
        if directory in self._marked:
            return
        try:
            self._mark(handle)
        except OSError:
            return  # No mark left: closes after writing are still reported.
        _make_room(self._marked)
        self._marked.add(directory)


def _make_room(kept: dict[bytes, Directory] | set[bytes]) -> None:
    if len(kept) >= MAX_KEPT:
        kept.clear()


def mounts_below(root: str) -> list[str]:
    """Return the mount points below a root, which are filesystems of their own."""
    real = os.fsencode(os.path.realpath(root)).rstrip(b"/") + b"/"
    with open(MOUNTS, "rb") as file:
        points = [OCTAL.sub(_byte, line.split(b" ")[4]) for line in file]
    return sorted({os.fsdecode(point) for point in points if point.startswith(real)} - {"/"})


def _byte(octal: re.Match[bytes]) -> bytes:
    return bytes([int(octal[1], 8)])


def _path_of(handle: int) -> bytes:
    path = os.readlink(os.fsencode(f"/proc/self/fd/{handle}"))
    is_deleted = path.endswith(DELETED) and os.fstat(handle).st_nlink == 0
    return path.removesuffix(DELETED) if is_deleted else path


def _path_below(place: _Place, path: bytes) -> bytes:
    """Name a path as the agent does; empty where it is not below the place."""
    if path == place.real or path.startswith(place.real.rstrip(b"/") + b"/"):
        return place.named.rstrip(b"/") + path[len(place.real.rstrip(b"/")) :]
    return b""
