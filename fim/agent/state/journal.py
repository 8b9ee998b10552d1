"""Events on disk until they are reported: an agent that was killed reads them again."""

import os
import sqlite3
from collections.abc import Iterable, Sequence

from fim.agent.changes.events import MOVED, FsEvent
from fim.agent.state.baseline import span
from fim.agent.state.database import State

Numbered = tuple[int, FsEvent]
COLUMNS = "id, at, what, path, path_from, is_directory"
IS_DIRECTORY_MOVE = f"(is_directory AND what = '{MOVED}')"


class Journal:
    def __init__(self, state: State) -> None:
        self._state = state

    def write(self, events: Sequence[FsEvent]) -> list[int]:
        """Keep the events; return their numbers, which rise for as long as the state lives."""
        with self._state.writing() as connection:
            last = _last_id(connection)
            connection.executemany(
                "INSERT INTO pending (at, what, path, path_from, is_directory)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    (at, what, os.fsencode(path), os.fsencode(path_from), is_directory)
                    for at, what, path, path_from, is_directory in events
                ],
            )
        return list(range(last + 1, last + 1 + len(events)))

    def read(self, first: int, *, limit: int) -> list[Numbered]:
        """Return the next events in their order, moves of directories left out."""
        return self._numbered(
            f"id >= ? AND NOT {IS_DIRECTORY_MOVE} ORDER BY id LIMIT ?", first, limit
        )

    def directory_moves(self) -> list[Numbered]:
        return self._numbered(f"{IS_DIRECTORY_MOVE} ORDER BY id")

    def _numbered(self, which: str, *values: int) -> list[Numbered]:
        found = self._state.connection().execute(
            f"SELECT {COLUMNS} FROM pending WHERE {which}",  # noqa: S608
            values,
        )
        return [
            (
                number,
                FsEvent(at, what, os.fsdecode(path), os.fsdecode(path_from), bool(is_directory)),
            )
            for number, at, what, path, path_from, is_directory in found
        ]


def forget(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    connection.executemany("DELETE FROM pending WHERE id = ?", [(number,) for number in numbers])


def rename_directory(connection: sqlite3.Connection, old: str, new: str, *, before: int) -> None:
    """Give the events that came before a directory's move its new path."""
    stem, place = os.fsencode(old), os.fsencode(new)
    for column in ("path", "path_from"):
        connection.execute(
            f"UPDATE pending SET {column} = CAST(? || substr({column}, ?) AS BLOB)"  # noqa: S608
            f" WHERE id < ? AND ({column} = ? OR ({column} >= ? AND {column} < ?))",
            (place, len(stem) + 1, before, *span(stem)),
        )


def _last_id(connection: sqlite3.Connection) -> int:
    """Return the last number, which SQLite keeps beside the table: none is used twice."""
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'pending'").fetchone()
    return found[0] if found else 0
