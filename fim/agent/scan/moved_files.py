"""Pairs what a scan found new with what it found missing, at its end: a moved file is both."""

import os
import sqlite3
from collections.abc import Iterator

# What a file keeps when it is moved: device, inode, and when it was written.
FileId = tuple[int, int, int]
# What takes more memory than this goes to an unlinked temporary file.
CACHE_KILOBYTES = 1024
SCHEMA = """
CREATE TABLE found (path BLOB, device INTEGER, inode INTEGER, written INTEGER);
CREATE TABLE lost (path BLOB, device INTEGER, inode INTEGER, written INTEGER);
CREATE INDEX lost_place ON lost (device, inode, written);
"""


class MovedFiles:
    """Fill it, then iterate it once: each new path with the one that it was moved from, if any,
    then each path that is gone. Memory does not grow with them.
    """

    def __init__(self) -> None:
        # SQLite makes that file in the state's directory: State sets SQLITE_TMPDIR.
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.execute(f"PRAGMA cache_size=-{CACHE_KILOBYTES}")
        self._connection.executescript(SCHEMA)
        self._connection.execute("BEGIN")

    def add_new(self, path: str, file_id: FileId) -> None:
        self._put("found", path, file_id)

    def add_missing(self, path: str, file_id: FileId) -> None:
        self._put("lost", path, file_id)

    def __iter__(self) -> Iterator[list[str]]:
        for path, *file_id in self._connection.execute("SELECT * FROM found ORDER BY rowid"):
            source = self._pop_missing(*file_id)
            yield [os.fsdecode(each) for each in (source, path) if each is not None]
        for (path,) in self._connection.execute("SELECT path FROM lost ORDER BY rowid"):
            yield [os.fsdecode(path)]
        self._connection.close()

    def _put(self, table: str, path: str, file_id: FileId) -> None:
        self._connection.execute(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?)",  # noqa: S608
            (os.fsencode(path), *file_id),
        )

    def _pop_missing(self, *file_id: int) -> bytes | None:
        found = self._connection.execute(
            "SELECT rowid, path FROM lost WHERE device = ? AND inode = ? AND written = ?"
            " ORDER BY rowid LIMIT 1",
            file_id,
        ).fetchone()
        if found is None:
            return None
        self._connection.execute("DELETE FROM lost WHERE rowid = ?", found[:1])
        return bytes(found[1])
