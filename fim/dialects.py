"""What SQLite and PostgreSQL need told differently. Elsewhere the code knows no dialect."""

import fcntl
import json
import os
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from config.statements import run, run_many
from fim.fields import microseconds_of
from fim.ingest.record import NewLog
from fim.models import FimLog, FimLogQuerySet, Subject

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
SUBJECT_IDS = "SELECT digest, id FROM fim_subject WHERE digest"
DIGESTS_A_STATEMENT = 500
INSERT_SUBJECT = (
    'INSERT INTO fim_subject (digest, path, "user", process) VALUES (%s, %s, %s, %s)'
    " ON CONFLICT DO NOTHING"
)
INSERT_MANY_SUBJECTS = (
    'INSERT INTO fim_subject (digest, path, "user", process)'
    " SELECT decode(digest, 'hex'), path, \"user\", process FROM json_to_recordset(%s)"
    ' AS new (digest text, path text, "user" text, process text)'
    " ON CONFLICT DO NOTHING"
)
# Below this, the round trips of a COPY cost more than it saves.
ROWS_WORTH_A_COPY = 10
# Of SQLite's pages, which have 4 KiB: some ten milliseconds' work.
PAGES_A_STEP = 500
TRIGRAM = 3
# Statistics know a hundred texts of a column: what three of them hold is no chance.
SURELY_SHARED = 0.03
# How many subjects that hold a text are looked at for those that are exactly it.
MAX_HOLDERS = 10_000
MATCH = "SELECT rowid FROM fim_subject_search WHERE fim_subject_search MATCH %s LIMIT %s"
# One by one, as CROSS JOIN has SQLite do: a list of all holders takes it ten times as long to read.
EXACT_HOLDERS = (
    f"SELECT subject.id FROM ({MATCH}) AS holder CROSS JOIN fim_subject AS subject"  # noqa: S608
    ' WHERE subject.id = holder.rowid AND subject."{}" = %s LIMIT %s'
)
MARK = RawSQL("SELECT indexed_to FROM fim_subject_search_mark", [])
SEARCH_MARK = "SELECT indexed_to, (SELECT max(id) FROM fim_subject) FROM fim_subject_search_mark"
END_OF_STEP = (
    "SELECT max(id), count(*) FROM (SELECT id FROM fim_subject WHERE id > %s ORDER BY id LIMIT %s)"
)
ADD_TO_SEARCH = (
    "INSERT INTO fim_subject_search (rowid, path, user, process)"
    ' SELECT id, path, "user", process FROM fim_subject WHERE id > %s AND id <= %s'
)

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

_local = threading.local()
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


def subject_ids(digests: Sequence[bytes]) -> dict[bytes, int]:
    """Return the ids of the subjects that are there, by digest. A query for 500 on SQLite.

    Past the ORM: it takes a fifth of what a lone log costs to build this query.
    """
    if connection.vendor == "postgresql":
        # psycopg takes longer to write an array than PostgreSQL to look it up.
        array = ",".join(rf'"\\x{digest.hex()}"' for digest in digests)
        found = run(f"{SUBJECT_IDS} = ANY (%s::bytea[])", [f"{{{array}}}"])
        return {bytes(digest): pk for digest, pk in found}
    ids: dict[bytes, int] = {}
    for start in range(0, len(digests), DIGESTS_A_STATEMENT):
        some = digests[start : start + DIGESTS_A_STATEMENT]
        ids.update(run(f"{SUBJECT_IDS} IN ({', '.join(['%s'] * len(some))})", some))
    return ids


def insert_subjects(new: Sequence[tuple[bytes, NewLog]]) -> None:
    """Insert the subjects of logs, given with their digests; leave out those that are there."""
    rows = [(digest, log.path, log.user, log.process) for digest, log in new]
    if connection.vendor == "postgresql":
        # One statement, one text: `executemany` would be a third of what a large batch costs.
        names = ("digest", "path", "user", "process")
        found = [dict(zip(names, (row[0].hex(), *row[1:]), strict=True)) for row in rows]
        run(INSERT_MANY_SUBJECTS, [json.dumps(found)])
    else:
        run_many(INSERT_SUBJECT, rows)


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


def has_search_index() -> bool:
    """Say whether searches have their index; before the first migration there is nothing to say."""
    if connection.vendor == "sqlite" or Subject._meta.db_table not in (
        connection.introspection.table_names()
    ):
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_indexes WHERE indexname = 'fim_subject_path_trgm'")
        return cursor.fetchone() is not None


def holds(text: str) -> Q:
    """The condition that a row's path, user or process holds a text, read row by row."""
    return Q(path__icontains=text) | Q(user__icontains=text) | Q(process__icontains=text)


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


def subjects_with(text: str, *, limit: int) -> list[int] | None:
    """Return the ids of subjects that hold a text in path, user or process, whatever its case.

    At most so many, in no order. None where PostgreSQL expects more, so that to list them would be
    in vain: it reads rows for them, 45 ms for a user that one subject in twenty has.
    SQLite looks texts of three characters and more up in its trigram index (FTS5), PostgreSQL in
    that of pg_trgm where the extension is installed; shorter ones are looked for in all subjects.
    """
    subjects = Subject.objects.all()
    if connection.vendor == "postgresql":
        if _is_surely_more(subjects.filter(holds(text)), limit):
            return None
        return _subjects_by_rows(subjects, text, limit)
    if len(text) < TRIGRAM:
        return _subjects_by_rows(subjects, text, limit)
    # Before the index, to which what is not in it yet may be added meanwhile.
    tail = Subject.objects.filter(pk__gt=MARK)
    read = _subjects_by_rows if text.isascii() else _subjects_by_lower_case
    found = read(tail, text, limit)
    phrase = '"{}"'.format(text.replace('"', '""'))
    with connection.cursor() as cursor:
        cursor.execute(MATCH, [phrase, limit])
        return list({*found, *(row[0] for row in cursor.fetchall())})[:limit]


def _is_surely_more(subjects: QuerySet[Any], limit: int) -> bool:
    """Whether PostgreSQL expects far more of them than so many, and has seen enough to know."""
    expected = _estimate(subjects)
    return expected > 2 * limit and expected > SURELY_SHARED * _estimate(Subject.objects.all())


def _estimate(rows: QuerySet[Any]) -> int:
    """Return how many rows PostgreSQL expects, from its statistics, without reading one."""
    text, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {text}", values)
        return int(cursor.fetchone()[0][0]["Plan"]["Plan Rows"])


def _subjects_by_rows(subjects: QuerySet[Subject], text: str, limit: int) -> list[int]:
    return list(subjects.filter(holds(text)).values_list("pk", flat=True)[:limit])


def _subjects_by_lower_case(subjects: QuerySet[Subject], text: str, limit: int) -> list[int]:
    """Look beyond ASCII as the trigram index does: SQLite's LIKE knows the case of ASCII alone."""
    text = text.lower()
    rows = subjects.values_list("pk", "path", "user", "process").iterator()
    found = (pk for pk, *texts in rows if any(text in one.lower() for one in texts))
    return list(islice(found, limit))


def search_mark() -> tuple[int, int]:
    """Return the newest subject in SQLite's search index, and the newest of all."""
    with connection.cursor() as cursor:
        cursor.execute(SEARCH_MARK)
        mark, newest = cursor.fetchone()
    return mark, newest or 0


def add_to_search_index(limit: int) -> int:
    """Add the oldest subjects that are not in SQLite's search index; return how many.

    The caller holds the transaction.
    """
    mark, _ = search_mark()
    with connection.cursor() as cursor:
        cursor.execute(END_OF_STEP, [mark, limit])
        end, count = cursor.fetchone()
        if count:
            cursor.execute(ADD_TO_SEARCH, [mark, end])
            cursor.execute("UPDATE fim_subject_search_mark SET indexed_to = %s", [end])
    return int(count)


def subjects_whose(name: str, value: str, *, limit: int) -> list[int] | None:
    """Return the ids of subjects whose path, user or process (`name`) is exactly a value.

    At most so many, in no order. None where too many subjects hold the text in longer ones: to
    tell them apart would cost more than to read logs.
    """
    exactly = Subject.objects.filter(**{name: value}).values_list("pk", flat=True)
    if connection.vendor == "postgresql" and _is_surely_more(exactly, limit):
        return None
    if connection.vendor != "sqlite" or len(value) < TRIGRAM:
        # The condition is what PostgreSQL's trigram index knows.
        return list(exactly.filter(**{f"{name}__iexact": value})[:limit])
    found = set(exactly.filter(pk__gt=MARK)[:limit])
    phrase = '{} : "{}"'.format(name, value.replace('"', '""'))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({MATCH})", [phrase, MAX_HOLDERS])  # noqa: S608
        if cursor.fetchone()[0] == MAX_HOLDERS:
            return None
        cursor.execute(EXACT_HOLDERS.format(name), [phrase, MAX_HOLDERS, value, limit])
        return list({*found, *(row[0] for row in cursor.fetchall())})[:limit]


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
    path = f"{connection.settings_dict['NAME']}-turn"
    turn: _TurnFile | None = getattr(_local, "turn", None)
    if turn is None or (turn.path, turn.process) != (path, os.getpid()):
        turn = _local.turn = _TurnFile(path)
    fcntl.flock(turn.descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(turn.descriptor, fcntl.LOCK_UN)


class _TurnFile:
    """A thread's own open file, closed with it: who shares one, by `fork` too, shares its lock."""

    def __init__(self, path: str) -> None:
        self.path, self.process = path, os.getpid()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self.descriptor = os.open(path, flags, 0o600)

    def __del__(self) -> None:
        os.close(self.descriptor)


def hold_counts_still() -> None:
    """On PostgreSQL, let no other transaction change counts meanwhile; SQLite has one writer."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE fim_daycount, fim_hourcount IN SHARE ROW EXCLUSIVE MODE")


def set_event_ids(event_ids: Mapping[int, uuid.UUID]) -> None:
    """Store the event ids of logs, by log, in a fraction of the time of the ORM's `bulk_update`."""
    is_sqlite = connection.vendor != "postgresql"
    rows = [(found.bytes if is_sqlite else found, pk) for pk, found in event_ids.items()]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {TABLE} SET event_id = %s WHERE id = %s", rows)  # noqa: S608


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
