"""Subjects: given their ids, and found by what they hold."""

import json
from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from config.raw_sql import run, run_many
from fim.models import Subject
from fim.record.new_log import NewLog

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
