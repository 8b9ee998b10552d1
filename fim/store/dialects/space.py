"""The space of deleted logs, and how it is given back."""

import time
from typing import Any

from django.db import connection

from fim.store.dialects.turns import turn_to_write

# Of SQLite's pages, which have 4 KiB: some ten milliseconds' work.
PAGES_A_STEP = 500


def reclaim_space() -> int:
    """Give the space of deleted logs back to the file system; return how many bytes came back.

    In short steps, between which others write. On PostgreSQL the space is mostly kept for new
    logs, and so it is on SQLite where the database was made without `auto_vacuum`.
    """
    with connection.cursor() as cursor:
        before = _size_bytes(cursor)
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM fim_fimlog, fim_rawrecord")
        else:
            _vacuum_sqlite(cursor)
        return max(0, before - _size_bytes(cursor))


def _vacuum_sqlite(cursor: Any) -> None:
    free, left = None, _pragma(cursor, "freelist_count")
    while left and left != free:
        free = left
        with turn_to_write():
            started = time.monotonic()
            # A script is stepped to its end; `execute` would free one page.
            connection.connection.executescript(f"PRAGMA incremental_vacuum({PAGES_A_STEP})")
            # Cuts the file off, as far as no reader is in the way; waits for nobody.
            _pragma(cursor, "wal_checkpoint(PASSIVE)")
            seconds = time.monotonic() - started
        time.sleep(seconds)
        left = _pragma(cursor, "freelist_count")


def _size_bytes(cursor: Any) -> int:
    if connection.vendor == "postgresql":
        cursor.execute(
            "SELECT sum(pg_total_relation_size(name)) FROM unnest(%s::regclass[]) name",
            [["fim_fimlog", "fim_rawrecord"]],
        )
        return int(cursor.fetchone()[0])
    return _pragma(cursor, "page_count") * _pragma(cursor, "page_size")


def _pragma(cursor: Any, text: str) -> int:
    cursor.execute(f"PRAGMA {text}")
    return int(cursor.fetchone()[0])
