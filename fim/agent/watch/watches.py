"""One inotify watch for each directory: the path of each, and the directories without one."""

import errno
import logging
import os
import threading
from collections.abc import Iterator

from fim.agent.kernel.inotify import COMING_AND_GOING, Inotify
from fim.agent.watch.scope import Scope, is_below

logger = logging.getLogger(__name__)

LIMIT = "fs.inotify.max_user_watches is reached"
# The errors of a directory that is gone by now.
GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


class Watches:
    """Changed by the reader, read by any thread. Directories below `unwatched` have no watch."""

    def __init__(self, inotify: Inotify, scope: Scope) -> None:
        self._inotify = inotify
        self._scope = scope
        self._lock = threading.RLock()
        self._paths: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._parents: dict[int, str] = {}
        self.unwatched: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, path: str) -> bool:
        return path in self._numbers

    def path_of(self, number: int) -> str | None:
        return self._paths.get(number)

    def add_parents(self) -> None:
        """Watch the roots' parents: a root that is held open is deleted without its own event."""
        for root in self._scope.roots:
            parent = os.path.dirname(root)
            if parent != root and parent not in self._parents.values():
                try:
                    number = self._inotify.add(os.fsencode(parent), COMING_AND_GOING)
                    self._parents[number] = parent
                except OSError as exc:
                    logger.warning("%a cannot be watched: %s.", parent, exc.strerror)

    def parent_of(self, number: int) -> str | None:
        """Return the directory of a watch that is for the roots in it alone."""
        return self._parents.get(number)

    def add_tree(self, top: str) -> Iterator[tuple[str, bool]]:
        """Watch a directory and all below it; yield each entry, and whether it is a directory.

        A directory is listed once its watch is set: what was made in it before is yielded here, and
        what is made later is reported by the kernel. A directory that cannot be watched is not
        listed.
        """
        waiting = [top]
        while waiting:
            directory = waiting.pop()
            if not self._add(directory):
                continue
            for name, is_directory in _listing(directory):
                path = os.path.join(directory, name)
                if not self._scope.includes(path, is_directory=is_directory):
                    continue
                if is_directory:
                    waiting.append(path)
                yield path, is_directory

    def _add(self, directory: str) -> bool:
        with self._lock:
            try:
                number = self._inotify.add(os.fsencode(directory))
            except OSError as exc:
                if exc.errno not in GONE:
                    self._refuse(directory, exc)
                return False
            self.unwatched.pop(directory, None)
            before = self._paths.get(number)
            if before != directory and self._numbers.get(before or "") == number:
                # The kernel knows directories, not paths: this one was renamed meanwhile.
                del self._numbers[before or ""]
            self._paths[number] = directory
            self._numbers[directory] = number
            return True

    def _refuse(self, directory: str, exc: OSError) -> None:
        reason = LIMIT if exc.errno == errno.ENOSPC else exc.strerror or str(exc)
        if reason not in self.unwatched.values():
            logger.error("%a cannot be watched, so it is scanned instead: %s.", directory, reason)
        self.unwatched[directory] = reason

    def refresh(self) -> None:
        """Watch the roots anew, after events were lost: renamed and new directories are found."""
        with self._lock:
            stale = set(self._paths)
            self._numbers.clear()
            self.unwatched.clear()
            for root in self._scope.roots:
                for _ in self.add_tree(root):
                    pass
            for number in stale - set(self._numbers.values()):
                del self._paths[number]
                self._inotify.remove(number)

    def rename(self, old: str, new: str) -> None:
        """Give the watches of a renamed directory their new paths."""
        with self._lock:
            for path in [path for path in self._numbers if is_below(path, old)]:
                number = self._numbers.pop(path)
                moved = new + path[len(old) :]
                self._numbers[moved] = number
                self._paths[number] = moved
            for path in [path for path in self.unwatched if is_below(path, old)]:
                self.unwatched[new + path[len(old) :]] = self.unwatched.pop(path)

    def drop(self, top: str) -> None:
        """End the watches of a directory that is gone or lies outside now."""
        with self._lock:
            for path in [path for path in self._numbers if is_below(path, top)]:
                number = self._numbers.pop(path)
                self._paths.pop(number, None)
                self._inotify.remove(number)
            for path in [path for path in self.unwatched if is_below(path, top)]:
                del self.unwatched[path]

    def forget(self, number: int) -> None:
        """Forget a watch that the kernel ended."""
        with self._lock:
            path = self._paths.pop(number, None)
            if path is not None and self._numbers.get(path) == number:
                del self._numbers[path]


def _listing(directory: str) -> list[tuple[str, bool]]:
    try:
        with os.scandir(directory) as entries:
            return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    except OSError:
        return []
