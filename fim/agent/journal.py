"""What the kernel told, on disk until it is reported: a killed agent reads it again."""

import os
import sqlite3
from collections.abc import Iterable, Sequence

from fim.agent.state import State
from fim.agent.steps import Step


class Journal:
    def __init__(self, state: State) -> None:
        self._state = state

    def write(self, steps: Sequence[Step]) -> list[int]:
        """Keep the steps; give their numbers, which rise for as long as the state lives."""
        with self._state.writing() as connection:
            last = _last_id(connection)
            connection.executemany(
                "INSERT INTO pending (at, what, path, path_from, is_directory)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    (at, what, os.fsencode(path), os.fsencode(path_from), is_directory)
                    for at, what, path, path_from, is_directory in steps
                ],
            )
        return list(range(last + 1, last + 1 + len(steps)))

    def read(self) -> list[tuple[int, Step]]:
        found = self._state.connection().execute(
            "SELECT id, at, what, path, path_from, is_directory FROM pending ORDER BY id"
        )
        return [
            (number, Step(at, what, os.fsdecode(path), os.fsdecode(path_from), bool(is_directory)))
            for number, at, what, path, path_from, is_directory in found
        ]


def forget(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    connection.executemany("DELETE FROM pending WHERE id = ?", [(number,) for number in numbers])


def _last_id(connection: sqlite3.Connection) -> int:
    """AUTOINCREMENT never gives a number again, so it is kept beside the table, as SQLite does."""
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'pending'").fetchone()
    return found[0] if found else 0
