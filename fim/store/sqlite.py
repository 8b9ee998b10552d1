"""How logs and subjects are stored and searched on SQLite. See `fim.store.dialect`."""

import fcntl
import os
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from config.raw_sql import run, run_many
from fim.models import FimLog, FimLogQuerySet, Subject
from fim.models.fields import microseconds_of
from fim.models.logs import holds
from fim.record.new_log import NewLog
from fim.store.log_rows import COLUMNS, INSERT, SET_EVENT_ID, TABLE, row_of

LAST_ID = "SELECT seq FROM sqlite_sequence WHERE name = %s"
SUBJECT_IDS = "SELECT digest, id FROM fim_subject WHERE digest IN ({})"
DIGESTS_PER_STATEMENT = 500
INSERT_SUBJECT = (
    'INSERT INTO fim_subject (digest, path, "user", process) VALUES (%s, %s, %s, %s)'
    " ON CONFLICT DO NOTHING"
)
TRIGRAM = 3
# How many subjects that hold a text are compared, to find those that equal it.
MAX_COMPARED_SUBJECTS = 10_000
MATCH = "SELECT rowid FROM fim_subject_search WHERE fim_subject_search MATCH %s LIMIT %s"
# CROSS JOIN makes SQLite look subjects up one by one: by a list of all it takes ten times as long.
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
# Of the database, whose pages have 4 KiB: some ten milliseconds' work.
PAGES_PER_STEP = 500

_TIMESTAMP, _RECEIVED_AT, _EVENT_ID = map(COLUMNS.index, ("timestamp", "received_at", "event_id"))
_local = threading.local()


@contextmanager
def write_lock() -> Iterator[None]:
    """Queue the processes of a node for the database's one writer.

    SQLite's own busy handler sleeps and tries again, so under load a waiting process is overtaken
    many times: with two processes the slowest of a hundred posts took 1.3 s. A file lock queues
    them. One thread of a process holds it at a time.
    """
    path = f"{connection.settings_dict['NAME']}-write-lock"
    lock: _LockFile | None = getattr(_local, "lock", None)
    if lock is None or (lock.path, lock.process) != (path, os.getpid()):
        lock = _local.lock = _LockFile(path)
    fcntl.flock(lock.descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock.descriptor, fcntl.LOCK_UN)


class _LockFile:
    """A thread's own open file, closed with it: to share one, even by `fork`, shares its lock."""

    def __init__(self, path: str) -> None:
        self.path, self.process = path, os.getpid()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self.descriptor = os.open(path, flags, 0o600)

    def __del__(self) -> None:
        os.close(self.descriptor)


def hold_counts_still() -> None:
    """Do nothing: the caller's transaction is the only writer."""


def reserve_ids(count: int) -> Sequence[int]:
    """Return the numbers after the table's own sequence, which follows the ids that are inserted.

    The caller's transaction is the only writer.
    """
    found = run(LAST_ID, [TABLE])
    first = (found[0][0] if found else 0) + 1
    return range(first, first + count)


def insert_logs(logs: Sequence[NewLog]) -> int:
    return run_many(INSERT, map(_row_of, logs))


def _row_of(log: NewLog) -> list[Any]:
    row = row_of(log)
    row[_TIMESTAMP] = microseconds_of(log.timestamp)
    row[_RECEIVED_AT] = microseconds_of(log.received_at)
    if log.event_id is not None:
        row[_EVENT_ID] = log.event_id.bytes
    return row


def set_event_ids(event_ids: Mapping[int, uuid.UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(SET_EVENT_ID, [(found.bytes, pk) for pk, found in event_ids.items()])


def subject_ids(digests: Sequence[bytes]) -> dict[bytes, int]:
    """Look 500 up at a time, which every build of SQLite accepts as parameters."""
    ids: dict[bytes, int] = {}
    for start in range(0, len(digests), DIGESTS_PER_STATEMENT):
        some = digests[start : start + DIGESTS_PER_STATEMENT]
        ids.update(run(SUBJECT_IDS.format(", ".join(["%s"] * len(some))), some))
    return ids


def insert_subjects(new: Sequence[tuple[bytes, NewLog]]) -> None:
    run_many(INSERT_SUBJECT, [(digest, log.path, log.user, log.process) for digest, log in new])


def search_subjects(text: str, *, limit: int) -> list[int] | None:
    """Look texts of three characters and more up in the trigram index (FTS5), others in all rows.

    What is not in the index yet is read row by row.
    """
    if len(text) < TRIGRAM:
        return _read_rows(Subject.objects.all(), text, limit)
    # Read before the index, to which these subjects may be added meanwhile.
    tail = Subject.objects.filter(pk__gt=MARK)
    read = _read_rows if text.isascii() else _read_rows_in_lower_case
    found = read(tail, text, limit)
    phrase = '"{}"'.format(text.replace('"', '""'))
    with connection.cursor() as cursor:
        cursor.execute(MATCH, [phrase, limit])
        return list({*found, *(row[0] for row in cursor.fetchall())})[:limit]


def _read_rows(subjects: QuerySet[Subject], text: str, limit: int) -> list[int]:
    return list(subjects.filter(holds(text)).values_list("pk", flat=True)[:limit])


def _read_rows_in_lower_case(subjects: QuerySet[Subject], text: str, limit: int) -> list[int]:
    """Fold the case of all letters, as the trigram index does; SQLite's LIKE folds ASCII alone."""
    text = text.lower()
    rows = subjects.values_list("pk", "path", "user", "process").iterator()
    found = (pk for pk, *texts in rows if any(text in one.lower() for one in texts))
    return list(islice(found, limit))


def subjects_whose(name: str, value: str, *, limit: int) -> list[int] | None:
    """Look the value up in the trigram index, then leave out the longer texts that hold it.

    None where these are too many.
    """
    exactly = Subject.objects.filter(**{name: value}).values_list("pk", flat=True)
    if len(value) < TRIGRAM:
        return list(exactly.filter(**{f"{name}__iexact": value})[:limit])
    found = set(exactly.filter(pk__gt=MARK)[:limit])
    phrase = '{} : "{}"'.format(name, value.replace('"', '""'))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({MATCH})", [phrase, MAX_COMPARED_SUBJECTS])  # noqa: S608
        if cursor.fetchone()[0] == MAX_COMPARED_SUBJECTS:
            return None
        cursor.execute(EXACT_HOLDERS.format(name), [phrase, MAX_COMPARED_SUBJECTS, value, limit])
        return list({*found, *(row[0] for row in cursor.fetchall())})[:limit]


def search_mark() -> tuple[int, int]:
    """Return the newest subject in the search index, and the newest of all."""
    with connection.cursor() as cursor:
        cursor.execute(SEARCH_MARK)
        mark, newest = cursor.fetchone()
    return mark, newest or 0


def add_to_search_index(limit: int) -> int:
    """Add the oldest subjects that are not in the search index; return how many.

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


def has_value(name: str, values: Sequence[str]) -> Exists:
    """Look each log up in the column's own index, a page of which holds hundreds of one time.

    SQLite would otherwise fetch each log's row, and so a page of the file for each, for one column.
    """
    # With the bare id SQLite would fetch the row.
    same = FimLog.objects.annotate(row=F("pk") + 0).filter(
        **{f"{name}__in": values}, timestamp=OuterRef("timestamp"), row=OuterRef("pk")
    )
    return Exists(same)


def newest_ids(logs: FimLogQuerySet, subjects: Sequence[int] | None, limit: int) -> list[int]:
    if subjects is not None:
        logs = logs.filter(subject_id__in=subjects)
    return list(logs.values_list("pk", flat=True)[:limit])


def has_search_index() -> bool:
    """Return True: a migration makes it."""
    return True


def reclaim_space() -> int:
    """Free pages in short steps, between which others write.

    A database that was made without `auto_vacuum` keeps them for new logs.
    """
    with connection.cursor() as cursor:
        before = _size_bytes(cursor)
        _vacuum(cursor)
        return max(0, before - _size_bytes(cursor))


def _vacuum(cursor: Any) -> None:
    free, left = None, _pragma(cursor, "freelist_count")
    while left and left != free:
        free = left
        with write_lock():
            started = time.monotonic()
            # A script is stepped to its end; `execute` would free one page.
            connection.connection.executescript(f"PRAGMA incremental_vacuum({PAGES_PER_STEP})")
            # Shortens the file, unless a reader still needs its end; waits for nobody.
            _pragma(cursor, "wal_checkpoint(PASSIVE)")
            seconds = time.monotonic() - started
        time.sleep(seconds)
        left = _pragma(cursor, "freelist_count")


def _size_bytes(cursor: Any) -> int:
    return _pragma(cursor, "page_count") * _pragma(cursor, "page_size")


def _pragma(cursor: Any, text: str) -> int:
    cursor.execute(f"PRAGMA {text}")
    return int(cursor.fetchone()[0])
