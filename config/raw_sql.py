"""SQL without the ORM, for what runs with every log: on SQLite without Django's cursors as well."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Values = Sequence[Any]


def run(statement: str, values: Values = ()) -> list[tuple]:
    """Run a statement with `%s` marks; return the rows it gives, if any.

    Raises as Django's cursors do. They take five times longer than SQLite takes for a short
    statement; where statements are to be counted or logged, they are used all the same.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if _is_plain(database):
        with database.wrap_database_errors:
            return database.connection.execute(_with_question_marks(statement), values).fetchall()
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def run_many(statement: str, rows: Iterable[Values]) -> int:
    """Run a statement once for each row of values; return how many rows it changed in all."""
    database = connections[DEFAULT_DB_ALIAS]
    if _is_plain(database):
        with database.wrap_database_errors:
            changed: int = database.connection.executemany(
                _with_question_marks(statement), rows
            ).rowcount
            return changed
    with database.cursor() as cursor:
        cursor.executemany(statement, rows)  # type: ignore[arg-type]
        return cursor.rowcount


def _is_plain(database: Any) -> bool:
    """Return whether the connection is SQLite's, open, and nothing counts or wraps statements."""
    return (
        database.vendor == "sqlite"
        and database.connection is not None
        and not database.execute_wrappers
        and not database.queries_logged
    )


# The commonest: those of large batches, each of another length, are long and seldom come again.
@lru_cache(maxsize=128)
def _with_question_marks(statement: str) -> str:
    return statement.replace("%s", "?")
