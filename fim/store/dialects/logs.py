"""Logs, as each database takes them and reads the newest of them."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.expressions import RawSQL

from config.raw_sql import run, run_many
from fim.models import FimLog, FimLogQuerySet
from fim.models.fields import microseconds_of
from fim.record.new_log import NewLog

TABLE = FimLog._meta.db_table
# A log's fields in their order, but for the last one, the raw record.
COLUMNS = NewLog.__struct_fields__[:-1]
QUOTED_COLUMNS = ", ".join(f'"{name}"' for name in COLUMNS)
INSERT = (
    f"INSERT INTO {TABLE} ({QUOTED_COLUMNS}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"  # noqa: S608
    " ON CONFLICT (host, event_id) WHERE event_id IS NOT NULL DO NOTHING"
)
COPY = f"COPY {TABLE} ({QUOTED_COLUMNS}) FROM STDIN"
# In one row, since psycopg takes long over a thousand; the sequence's name is looked up once.
NEXT_IDS = (
    "WITH ids AS MATERIALIZED (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS name)"
    " SELECT ARRAY(SELECT nextval(name) FROM ids, generate_series(1, %s))"
)
LAST_ID = "SELECT seq FROM sqlite_sequence WHERE name = %s"
# Below this, the round trips of a COPY cost more than it saves.
ROWS_WORTH_A_COPY = 10

# What is read in order is read until a page is full, so no plan pays that prepares all of it first.
READ_IN_ORDER = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;"
    " SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off"
)
NEWEST_OF_EACH = (
    "SELECT newest.id FROM unnest(%s::bigint[]) AS one (id)"
    " CROSS JOIN LATERAL ({}) AS newest (timestamp, id)"
    " ORDER BY newest.timestamp DESC, newest.id DESC LIMIT %s"
)
ONE_SUBJECT = RawSQL("one.id", [])
LOGS_OF_SUBJECTS = (
    "SELECT count(*) FROM"
    " (SELECT 1 FROM fim_fimlog WHERE subject_id = ANY (%s::bigint[]) LIMIT %s) AS read"
)
# Beyond so many, the newest logs of the other filters are looked through instead.
MAX_LOGS_READ = 20_000

_TIMESTAMP, _RECEIVED_AT, _EVENT_ID, _ATTRIBUTES = map(
    COLUMNS.index, ("timestamp", "received_at", "event_id", "attributes")
)


def reserve_ids(count: int) -> Sequence[int]:
    """Return the next ids of logs, rising. The caller holds the transaction that will use them.

    PostgreSQL has many writers, so rows go in by event id, which keeps two batches from waiting
    for each other; reserved ids still tell the order in which they were received. On SQLite the
    transaction is the only writer, and the table's own sequence follows the ids.
    """
    if connection.vendor == "postgresql":
        return sorted(run(NEXT_IDS, [TABLE, count])[0][0])
    found = run(LAST_ID, [TABLE])
    first = (found[0][0] if found else 0) + 1
    return range(first, first + count)


def insert_logs(logs: Sequence[NewLog]) -> int:
    """Insert logs that have their ids; leave out those whose (host, event_id) is stored already.

    Returns how many rows there are now. Goes past the ORM, whose models and compilers take four
    times longer than the database itself.
    """
    if connection.vendor != "postgresql":
        return run_many(INSERT, map(_sqlite_row, logs))
    # In one order for everyone, so that parallel batches wait for each other in one direction.
    rows = list(map(_postgres_row, sorted(logs, key=_place_of)))
    if len(rows) >= ROWS_WORTH_A_COPY and _copy(rows):
        return len(rows)
    return run_many(INSERT, rows)


def _place_of(log: NewLog) -> tuple[str, int]:
    return log.host, log.event_id.int if log.event_id else 0


def _copy(rows: Sequence[Sequence[Any]]) -> bool:
    """Insert rows by COPY, which takes all or none; False where one of them is stored already."""
    try:
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.cursor.copy(COPY) as copy,
        ):
            for row in rows:
                copy.write_row(row)
    except IntegrityError:
        return False
    return True


def _sqlite_row(log: NewLog) -> list[Any]:
    row = _postgres_row(log)
    row[_TIMESTAMP] = microseconds_of(log.timestamp)
    row[_RECEIVED_AT] = microseconds_of(log.received_at)
    if log.event_id is not None:
        row[_EVENT_ID] = log.event_id.bytes
    return row


def _postgres_row(log: NewLog) -> list[Any]:
    row = list(msgspec.structs.astuple(log))
    row[_ATTRIBUTES] = json.dumps(log.attributes) if log.attributes else "{}"
    del row[-1]
    return row


def with_values(logs: FimLogQuerySet, name: str, values: Sequence[str]) -> FimLogQuerySet:
    """Return the logs that have one of some values, where another column's index leads to them.

    SQLite would fetch each row, a page of the file a log, to look at one column: here it looks the
    log up in that column's own index, whose pages of the same hours hold hundreds. PostgreSQL
    fetches a row faster than it looks one up.
    """
    if connection.vendor == "postgresql":
        return logs.filter(**{f"{name}__in": values})
    # By the bare id it would fetch the row.
    same = FimLog.objects.annotate(row=F("pk") + 0).filter(
        **{f"{name}__in": values}, timestamp=OuterRef("timestamp"), row=OuterRef("pk")
    )
    return logs.filter(Exists(same))


def newest_ids(logs: FimLogQuerySet, limit: int) -> list[int]:
    """Return the ids of logs that are newest first, at most so many.

    PostgreSQL takes every text to be rare and every subject to have hundreds of logs, so it would
    sort all logs of a category for those that hold a text, or read a table from its beginning. Here
    it chooses an index and reads that in order; of subjects it reads the newest of each.
    """
    ids = logs.values_list("pk", flat=True)[:limit]
    if connection.vendor != "postgresql":
        return list(ids)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(READ_IN_ORDER)
        if logs.chosen is None or not _is_worth_each(cursor, *logs.chosen):
            return list(ids)
        chosen_from, subjects = logs.chosen
        of_one = chosen_from.filter(subject_id=ONE_SUBJECT).values_list("timestamp", "pk")
        newest, values = of_one[:limit].query.sql_with_params()
        cursor.execute(NEWEST_OF_EACH.format(newest), [subjects, *values, limit])
        return [row[0] for row in cursor.fetchall()]


def _is_worth_each(cursor: Any, chosen_from: FimLogQuerySet, subjects: list[int]) -> bool:
    """Whether subjects have so few logs that another filter may throw all of them away."""
    if not chosen_from.query.where:
        return True
    cursor.execute(LOGS_OF_SUBJECTS, [subjects, MAX_LOGS_READ + 1])
    return int(cursor.fetchone()[0]) <= MAX_LOGS_READ


def set_event_ids(event_ids: Mapping[int, uuid.UUID]) -> None:
    """Store the event ids of logs, by log, in a fraction of the time of the ORM's `bulk_update`."""
    is_sqlite = connection.vendor != "postgresql"
    rows = [(found.bytes if is_sqlite else found, pk) for pk, found in event_ids.items()]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {TABLE} SET event_id = %s WHERE id = %s", rows)  # noqa: S608
