"""How logs and subjects are stored and searched on PostgreSQL. See `fim.store.dialect`."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from config.raw_sql import run, run_many
from fim.models import FimLogQuerySet, Subject
from fim.models.logs import holds
from fim.record.new_log import NewLog
from fim.store.log_rows import INSERT, QUOTED_COLUMNS, SET_EVENT_ID, TABLE, row_of

COPY = f"COPY {TABLE} ({QUOTED_COLUMNS}) FROM STDIN"
# Below this, the round trips of a COPY cost more than it saves.
MIN_COPY_ROWS = 10
# In one row, since psycopg is slow with a thousand; the sequence's name is looked up once.
NEXT_IDS = (
    "WITH ids AS MATERIALIZED (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS name)"
    " SELECT ARRAY(SELECT nextval(name) FROM ids, generate_series(1, %s))"
)
SUBJECT_IDS = "SELECT digest, id FROM fim_subject WHERE digest = ANY (%s::bytea[])"
INSERT_SUBJECTS = (
    'INSERT INTO fim_subject (digest, path, "user", process)'
    " SELECT decode(digest, 'hex'), path, \"user\", process FROM json_to_recordset(%s)"
    ' AS new (digest text, path text, "user" text, process text)'
    " ON CONFLICT DO NOTHING"
)
# Statistics know a hundred texts of a column: if three of them match, that is no coincidence.
MIN_COMMON_SHARE = 0.03

# Logs are read in order until a page is full, so a plan that sorts or collects all first is slower.
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
# Beyond so many, the logs that the other filters leave are read instead, newest first.
MAX_LOGS_READ = 20_000


@contextmanager
def write_lock() -> Iterator[None]:
    """Lock nothing: PostgreSQL has many writers."""
    yield


def hold_counts_still() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE fim_daycount, fim_hourcount IN SHARE ROW EXCLUSIVE MODE")


def reserve_ids(count: int) -> Sequence[int]:
    """Take ids from the sequence, so that they tell the order in which logs were received.

    There are many writers, so rows are inserted in the order of their event ids, which keeps two
    batches from a deadlock.
    """
    return sorted(run(NEXT_IDS, [TABLE, count])[0][0])


def insert_logs(logs: Sequence[NewLog]) -> int:
    # In the same order everywhere, so that parallel batches cannot deadlock.
    rows = list(map(row_of, sorted(logs, key=_insert_order)))
    if len(rows) >= MIN_COPY_ROWS and _copy(rows):
        return len(rows)
    return run_many(INSERT, rows)


def _insert_order(log: NewLog) -> tuple[str, int]:
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


def set_event_ids(event_ids: Mapping[int, uuid.UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(SET_EVENT_ID, [(found, pk) for pk, found in event_ids.items()])


def subject_ids(digests: Sequence[bytes]) -> dict[bytes, int]:
    # psycopg takes longer to write an array than PostgreSQL to look it up.
    array = ",".join(rf'"\\x{digest.hex()}"' for digest in digests)
    return {bytes(digest): pk for digest, pk in run(SUBJECT_IDS, [f"{{{array}}}"])}


def insert_subjects(new: Sequence[tuple[bytes, NewLog]]) -> None:
    """Insert by one statement of one text: `executemany` takes a third of a large batch's time."""
    rows = [
        {"digest": digest.hex(), "path": log.path, "user": log.user, "process": log.process}
        for digest, log in new
    ]
    run(INSERT_SUBJECTS, [json.dumps(rows)])


def search_subjects(text: str, *, limit: int) -> list[int] | None:
    """Look the text up in the trigram index (pg_trgm), or in all subjects where there is none.

    None where statistics expect more: listing them reads rows, 45 ms for a user that one subject in
    twenty has.
    """
    found = Subject.objects.filter(holds(text))
    if _is_common(found, limit):
        return None
    return list(found.values_list("pk", flat=True)[:limit])


def subjects_whose(name: str, value: str, *, limit: int) -> list[int] | None:
    exactly = Subject.objects.filter(**{name: value}).values_list("pk", flat=True)
    if _is_common(exactly, limit):
        return None
    # This condition can use the trigram index.
    return list(exactly.filter(**{f"{name}__iexact": value})[:limit])


def _is_common(subjects: QuerySet[Any], limit: int) -> bool:
    """Return whether PostgreSQL expects far more than `limit`, and has seen enough to know."""
    expected = _estimate(subjects)
    return expected > 2 * limit and expected > MIN_COMMON_SHARE * _estimate(Subject.objects.all())


def _estimate(rows: QuerySet[Any]) -> int:
    """Return how many rows PostgreSQL expects, from its statistics, without reading one."""
    text, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {text}", values)
        return int(cursor.fetchone()[0][0]["Plan"]["Plan Rows"])


def has_value(name: str, values: Sequence[str]) -> Q:
    """Compare the column: PostgreSQL fetches a row faster than it looks one up in an index."""
    return Q(**{f"{name}__in": values})


def newest_ids(logs: FimLogQuerySet, subjects: Sequence[int] | None, limit: int) -> list[int]:
    """Make PostgreSQL read an index of its choice in order; of subjects, the newest of each.

    By itself it expects every text to be rare and every subject to have hundreds of logs, so it
    would sort all logs of a category to find a text, or read a table from its beginning.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(READ_IN_ORDER)
        if subjects is None:
            return list(logs.values_list("pk", flat=True)[:limit])
        if not _is_faster_by_subject(cursor, logs, subjects):
            found = logs.filter(subject_id__in=subjects)
            return list(found.values_list("pk", flat=True)[:limit])
        of_one = logs.filter(subject_id=ONE_SUBJECT).values_list("timestamp", "pk")
        newest, values = of_one[:limit].query.sql_with_params()
        cursor.execute(NEWEST_OF_EACH.format(newest), [list(subjects), *values, limit])
        return [row[0] for row in cursor.fetchall()]


def _is_faster_by_subject(cursor: Any, logs: FimLogQuerySet, subjects: Sequence[int]) -> bool:
    """Return whether the subjects have so few logs that reading those of each is faster.

    Another filter may leave out all that is read, so with one they must be few.
    """
    if not logs.query.where:
        return True
    cursor.execute(LOGS_OF_SUBJECTS, [list(subjects), MAX_LOGS_READ + 1])
    return int(cursor.fetchone()[0]) <= MAX_LOGS_READ


def has_search_index() -> bool:
    if Subject._meta.db_table not in connection.introspection.table_names():
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_indexes WHERE indexname = 'fim_subject_path_trgm'")
        return cursor.fetchone() is not None


def reclaim_space() -> int:
    """Vacuum the tables, which mostly keep their space for new logs."""
    with connection.cursor() as cursor:
        before = _size_bytes(cursor)
        cursor.execute("VACUUM fim_fimlog, fim_rawrecord")
        return max(0, before - _size_bytes(cursor))


def _size_bytes(cursor: Any) -> int:
    cursor.execute(
        "SELECT sum(pg_total_relation_size(name)) FROM unnest(%s::regclass[]) name",
        [["fim_fimlog", "fim_rawrecord"]],
    )
    return int(cursor.fetchone()[0])
