"""What SQLite and PostgreSQL need told differently. Elsewhere the code knows no dialect."""

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import connection

from fim.ingest.record import NewLog
from fim.models import FimLog

TABLE = FimLog._meta.db_table
COLUMNS = tuple(field.name for field in fields(NewLog) if field.name != "raw")
QUOTED_COLUMNS = ", ".join(f'"{name}"' for name in COLUMNS)
INSERT = f"INSERT INTO {TABLE} ({QUOTED_COLUMNS}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"  # noqa: S608
COPY = f"COPY {TABLE} ({QUOTED_COLUMNS}) FROM STDIN"
# Below this, the round trips of a COPY cost more than it saves.
ROWS_WORTH_A_COPY = 10

_values_of = attrgetter(*COLUMNS)
_AT = {name: place for place, name in enumerate(COLUMNS)}


def reserve_ids(count: int) -> Sequence[int]:
    """Return the next ids of logs, rising. The caller holds the transaction that will use them.

    PostgreSQL has many writers, so rows go in by event id, which keeps two batches from waiting
    for each other; reserved ids still tell the order in which they were received. On SQLite the
    transaction is the only writer, and the table's own sequence follows the ids.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [TABLE, count],
            )
            return sorted(row[0] for row in cursor.fetchall())
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [TABLE])
        row = cursor.fetchone()
    first = (row[0] if row else 0) + 1
    return range(first, first + count)


def insert_logs(logs: Sequence[NewLog]) -> None:
    """Insert logs that have their ids, past the ORM: its models and compilers take four times
    longer than the database itself.

    Raises IntegrityError where one of them is stored already.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.executemany(INSERT, list(map(_sqlite_row, logs)))
        elif len(logs) < ROWS_WORTH_A_COPY:
            cursor.executemany(INSERT, list(map(_postgres_row, logs)))
        else:
            with connection.wrap_database_errors, cursor.cursor.copy(COPY) as copy:
                for log in logs:
                    copy.write_row(_postgres_row(log))


def _sqlite_row(log: NewLog) -> list[Any]:
    row = _postgres_row(log)
    for name in ("timestamp", "received_at"):
        row[_AT[name]] = _naive_text(row[_AT[name]])
    if log.event_id is not None:
        row[_AT["event_id"]] = log.event_id.hex
    return row


def _postgres_row(log: NewLog) -> list[Any]:
    row = list(_values_of(log))
    row[_AT["attributes"]] = json.dumps(log.attributes) if log.attributes else "{}"
    return row


def _naive_text(moment: datetime) -> str:
    """The form in which Django keeps an aware UTC moment in SQLite."""
    return moment.replace(tzinfo=None).isoformat(" ")


@contextmanager
def turn_to_write() -> Iterator[None]:
    """On SQLite, let the processes of a node write in turn; PostgreSQL has many writers.

    SQLite's own busy handler sleeps and tries again, so under load a waiting process is passed
    by again and again: with two processes the slowest of a hundred posts took 1.3 s. A file
    lock queues them. One thread of a process holds it at a time.
    """
    if connection.vendor == "postgresql":
        yield
        return
    with open(f"{connection.settings_dict['NAME']}-turn", "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hold_counts_still() -> None:
    """On PostgreSQL, let no other transaction change counts meanwhile; SQLite has one writer."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE fim_daycount IN SHARE ROW EXCLUSIVE MODE")
