"""The baseline: what each path was when it was last looked at.

A row's key is its directory and its name, as bytes, so that a directory's entries lie side by side
and renaming a directory is one statement.
"""

import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Mapping

from fim.agent.changes.facts import KINDS, Facts

COLUMNS = (
    "name, st_mode, size_bytes, uid, gid, mtime_ns, ctime_ns, inode, device, sha256, target,"
    " xattrs, unread"
)
BELOW = "(directory = ? OR (directory >= ? AND directory < ?))"
Row = tuple  # of COLUMNS
TYPES = {kind: type_bits for type_bits, kind in reversed(KINDS.items())}


def split(path: str) -> tuple[bytes, bytes]:
    return os.path.split(os.fsencode(path))


def get(connection: sqlite3.Connection, path: str) -> Facts | None:
    found = connection.execute(
        f"SELECT {COLUMNS} FROM baseline WHERE directory = ? AND name = ?",  # noqa: S608
        split(path),
    ).fetchone()
    return facts_of(found) if found else None


def put(connection: sqlite3.Connection, path: str, facts: Facts) -> None:
    put_rows(connection, [(split(path)[0], *row_of(split(path)[1], facts))])


def put_rows(connection: sqlite3.Connection, rows: Iterable[tuple]) -> None:
    """Write rows of directory and COLUMNS."""
    marks = ", ".join("?" * 14)
    connection.executemany(f"INSERT OR REPLACE INTO baseline VALUES ({marks})", rows)  # noqa: S608


def learn_rows(connection: sqlite3.Connection, rows: Iterable[tuple]) -> None:
    """Write rows of directory and COLUMNS where there are none yet."""
    marks = ", ".join("?" * 14)
    connection.executemany(f"INSERT OR IGNORE INTO baseline VALUES ({marks})", rows)  # noqa: S608


def keep(connection: sqlite3.Connection, rows: Mapping[str, Facts | None]) -> None:
    """Write the rows by their paths; None removes one."""
    for path, facts in rows.items():
        if facts is None:
            connection.execute("DELETE FROM baseline WHERE directory = ? AND name = ?", split(path))
        else:
            put(connection, path, facts)


def entries(connection: sqlite3.Connection, directory: bytes) -> Iterator[Row]:
    """Return a directory's rows in the order of their names."""
    return connection.execute(
        f"SELECT {COLUMNS} FROM baseline WHERE directory = ? ORDER BY name",  # noqa: S608
        (directory,),
    )


def paths_below(
    connection: sqlite3.Connection, path: str
) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield path, st_mode, device, inode and mtime of all rows below a directory, parents first."""
    directory = os.fsencode(path)
    found = connection.execute(
        "SELECT directory, name, st_mode, device, inode, mtime_ns FROM baseline"  # noqa: S608
        f" WHERE {BELOW} ORDER BY directory, name",
        span(directory),
    )
    for parent, name, *others in found:
        yield os.fsdecode(os.path.join(parent, name)), *others


def count(connection: sqlite3.Connection, path: str) -> int:
    """Return how many rows lie below a directory."""
    query = f"SELECT count(*) FROM baseline WHERE {BELOW}"  # noqa: S608
    return int(connection.execute(query, span(os.fsencode(path))).fetchone()[0])


def rename_directory(connection: sqlite3.Connection, old: str, new: str) -> int:
    """Move all rows below `old` to `new`; return how many. What was below `new` is forgotten."""
    before, after = os.fsencode(old), os.fsencode(new)
    connection.execute(f"DELETE FROM baseline WHERE {BELOW}", span(after))  # noqa: S608
    moved = connection.execute(
        f"UPDATE baseline SET directory = CAST(? || substr(directory, ?) AS BLOB) WHERE {BELOW}",  # noqa: S608
        (after, len(before) + 1, *span(before)),
    )
    return moved.rowcount


def span(directory: bytes) -> tuple[bytes, bytes, bytes]:
    """Return a directory, and the bounds between which the paths below it lie."""
    stem = directory.rstrip(b"/")
    return directory, stem + b"/", stem + b"0"


def row_of(name: bytes, facts: Facts) -> Row:
    bits = TYPES.get(facts.kind, 0) | int(facts.mode or "0", 8)
    return (
        *(name, bits, facts.size_bytes, facts.uid, facts.gid),
        *(facts.mtime_ns, facts.ctime_ns, facts.inode, facts.device),
        *(bytes.fromhex(facts.sha256), os.fsencode(facts.target), facts.xattrs, facts.unread),
    )


def facts_of(row: Row) -> Facts:
    _, bits, size, uid, gid, mtime, ctime, inode, device, sha256, target, xattrs, unread = row
    return Facts(
        kind=KINDS.get(stat.S_IFMT(bits), "unknown"),
        sha256=sha256.hex(),
        size_bytes=size,
        mode=f"{stat.S_IMODE(bits):04o}",
        uid=uid,
        gid=gid,
        target=os.fsdecode(target),
        xattrs=xattrs,
        mtime_ns=mtime,
        ctime_ns=ctime,
        inode=inode,
        device=device,
        unread=unread,
    )
