"""A tree against its baseline, by stat alone: what differs is a candidate, to be examined."""

import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator

from fim.agent.changes.groups import Group, scan_candidate
from fim.agent.scan.moved_files import FileId, MovedFiles
from fim.agent.state import baseline
from fim.agent.watch.scope import Scope

# Rows are read in pages, by key: the baseline may be written to between two of them.
PAGE_ROWS = 1_000


class Scan:
    """One pass over some trees. Iterate it: a candidate, or None after each piece of work.

    What is new or missing comes at the end: a file that is missing at one path and new at another,
    by its inode, was moved. Memory grows with the names of one directory alone.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        scope: Scope,
        tops: list[str],
        *,
        reason: str,
        is_waiting: Callable[[str], bool] = lambda path: False,
    ) -> None:
        self._connection = connection
        self._scope = scope
        self._tops = tops
        self._reason = reason
        self._is_waiting = is_waiting
        self._at = time.time()
        self._moved_files = MovedFiles()
        self.seen_count = 0

    def __iter__(self) -> Iterator[Group | None]:
        for top in self._tops:
            yield from self._top(top)
        for paths in self._moved_files:
            yield self._candidate(*paths)

    def _top(self, top: str) -> Iterator[Group | None]:
        parent, name = os.path.split(top)
        try:
            status = os.lstat(top)
        except OSError:
            self._gone_below(top)
            row = baseline.get(self._connection, top)
            if row:
                mtime_ns = row.mtime_ns if row.kind == "file" else 0
                self._add_missing(top, (row.device, row.inode, mtime_ns))
            return
        row = baseline.get(self._connection, top)
        if row is None:
            self._moved_files.add_new(top, _file_id_of(status))
        elif not row.has_stat_of(status):
            yield self._candidate(top)
        if not stat.S_ISDIR(status.st_mode):
            return
        waiting = [top]
        while waiting:
            directory = waiting.pop()
            found: list[str] = []
            yield from self._directory(directory, found)
            waiting += reversed(found)

    def _directory(self, directory: str, found: list[str]) -> Iterator[Group | None]:
        """Merge the directory's names with its rows, both in order."""
        try:
            names = sorted(os.listdir(os.fsencode(directory)))
        except PermissionError:
            return
        except OSError:
            names = []
        rows = self._rows(os.fsencode(directory))
        row = next(rows, None)
        for place, name in enumerate(names):
            while row and row[0] < name:
                self._without_file(directory, row)
                row = next(rows, None)
            has_row = row is not None and row[0] == name
            yield from self._entry(directory, name, row if has_row else None, found)
            if has_row:
                row = next(rows, None)
            if place % PAGE_ROWS == PAGE_ROWS - 1:
                yield None
        while row:
            self._without_file(directory, row)
            row = next(rows, None)
        yield None

    def _rows(self, directory: bytes) -> Iterator[tuple]:
        after = b""
        while True:
            page = self._connection.execute(
                "SELECT name, st_mode, mtime_ns, ctime_ns, inode, device, size_bytes FROM baseline"
                " WHERE directory = ? AND name > ? ORDER BY name LIMIT ?",
                (directory, after, PAGE_ROWS),
            ).fetchall()
            yield from page
            if len(page) < PAGE_ROWS:
                return
            after = page[-1][0]

    def _entry(
        self, directory: str, name: bytes, row: tuple | None, found: list[str]
    ) -> Iterator[Group]:
        path = os.path.join(directory, os.fsdecode(name))
        try:
            status = os.lstat(path)
        except OSError:
            if row:
                self._without_file(directory, row)
            return
        is_directory = stat.S_ISDIR(status.st_mode)
        if not self._scope.includes(path, is_directory=is_directory):
            return
        self.seen_count += 1
        if is_directory:
            found.append(path)
        if row is None:
            if not self._is_waiting(path):
                self._moved_files.add_new(path, _file_id_of(status))
        elif not _is_same(row, status):
            if stat.S_ISDIR(row[1]) and not is_directory:
                self._gone_below(path)
            if not self._is_waiting(path):
                yield self._candidate(path)

    def _without_file(self, directory: str, row: tuple) -> None:
        path = os.path.join(directory, os.fsdecode(row[0]))
        if stat.S_ISDIR(row[1]):
            self._gone_below(path)
        self._add_missing(path, _file_id(row[1], row[5], row[4], row[2]))

    def _gone_below(self, directory: str) -> None:
        for path, *values in baseline.paths_below(self._connection, directory):
            self._add_missing(path, _file_id(*values))

    def _add_missing(self, path: str, file_id: FileId) -> None:
        if not self._is_waiting(path):
            self._moved_files.add_missing(path, file_id)

    def _candidate(self, *paths: str) -> Group:
        return scan_candidate(list(paths), at=self._at, reason=self._reason)


def _file_id(mode: int, device: int, inode: int, mtime_ns: int) -> FileId:
    return device, inode, mtime_ns if stat.S_ISREG(mode) else 0


def _file_id_of(status: os.stat_result) -> FileId:
    return _file_id(status.st_mode, status.st_dev, status.st_ino, status.st_mtime_ns)


def _is_same(row: tuple, status: os.stat_result) -> bool:
    _, _, mtime_ns, ctime_ns, inode, device, size_bytes = row
    return (
        ctime_ns == status.st_ctime_ns
        and mtime_ns == status.st_mtime_ns
        and inode == status.st_ino
        and device == status.st_dev
        and (size_bytes is None or size_bytes == status.st_size)
    )
