"""Batches of logs over HTTP, beside the database alone that stores the very same rows.

The floor takes the rows that Picket made of the batches and inserts them into a second database
with the same tables and indexes, in the same order, one transaction a batch, each waiting for the
disk: on SQLite with `executemany`, on PostgreSQL with `executemany` and COPY, whichever is faster.
Its table grows as Picket's did: an index over half a million rows takes longer than an empty one.
It parses nothing, counts nothing and raises no alert. The bar: half of its rows/s.
"""

import gzip
import sqlite3
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.string import TextLoader

from benchmarks.client import Load, post_request, run_load
from benchmarks.postgres import SQLITE
from benchmarks.records import HOSTS, Fleet, batch
from benchmarks.report import Row, Section, at_least
from benchmarks.servers import PINNING, address_of, empty_database, picket, scratch
from benchmarks.stored import check_statuses, check_stored, path_of
from tests.node import Node

TABLE = "fim_fimlog"
RECORDS = 1_000
PATH = "/api/ingest/fim/"
CONNECTIONS = (1, 4)
SELECT = f"SELECT * FROM {TABLE} ORDER BY id"  # noqa: S608
BAR = 0.5
PLAIN, GZIP = "NDJSON", "NDJSON, gzip"
MAX_SECONDS = 120
REFERENCED = (
    "SELECT DISTINCT confrelid::regclass::text FROM pg_constraint"
    " WHERE conrelid = %s::regclass AND contype = 'f'"
)


@dataclass(frozen=True, slots=True)
class Effort:
    """Rounds, and batches of RECORDS records a load."""

    rounds: int
    batches: int


FULL, QUICK = Effort(5, 60), Effort(3, 4)
# By kind and connections.
Loads = dict[tuple[str, int], list[Load]]


def measure(database: str, *, is_quick: bool, command: str) -> Section:
    """Post batches; raises Wrong where an answer is not 201 or a record of one is not stored."""
    section = Section(f"Batches of {RECORDS:,} logs, {database}", command)
    effort = QUICK if is_quick else FULL
    with ExitStack() as stack:
        directory = stack.enter_context(scratch())
        node = stack.enter_context(picket(directory / "node"))
        loads = _post_rounds(node, effort)
        rates = {key: statistics.median(load.rate for load in some) for key, some in loads.items()}
        posted = sum(load.statuses[201] for some in loads.values() for load in some)
        section.notes.append(check_stored(node, posted * RECORDS))
        node.stop()
        empty = stack.enter_context(empty_database(directory))
        floors = _floors(database, node.env["DATABASE_URL"], empty, effort)
    best = max(floors, key=floors.__getitem__)
    for (kind, connections), rate in rates.items():
        what = f"{kind}, {connections} connection{'s' if connections > 1 else ''}"
        rate *= RECORDS
        section.add(at_least(what, _figure(rate), rate / floors[best], best, BAR))
    section.add(*(Row(name, _figure(rate)) for name, rate in floors.items()))
    section.notes += [PINNING, _idle(loads)]
    section.notes.append(f"Medians of {effort.rounds} runs of {effort.batches} batches.")
    return section


def _idle(loads: Loads) -> str:
    """Say how much of the machine is left where the node and its database wait for each other."""
    shares = [
        f"{statistics.median(load.idle_share for load in loads[PLAIN, connections]):.0%}"
        f" of the time at {connections}"
        for connections in CONNECTIONS
    ]
    return f"The cores were idle for {' and '.join(shares)} connections of {PLAIN}."


def _figure(rate: float) -> str:
    return f"{rate:,.0f} rows/s"


def _post_rounds(node: Node, effort: Effort) -> Loads:
    fleet = Fleet(seed=5)
    loads: Loads = defaultdict(list)
    for _, connections, kind in product(range(effort.rounds), CONNECTIONS, (PLAIN, GZIP)):
        requests = [_request(fleet, n, kind) for n in range(effort.batches)]
        load = run_load(address_of(node), requests, connections=connections, seconds=MAX_SECONDS)
        check_statuses(kind, load.statuses, 201)
        loads[kind, connections].append(load)
    return loads


def _request(fleet: Fleet, number: int, kind: str) -> bytes:
    body = batch(fleet, RECORDS, host=number % HOSTS)
    media_type = "application/x-ndjson"
    if kind == PLAIN:
        return post_request(PATH, body, content_type=media_type)
    packed = gzip.compress(body, compresslevel=6)
    return post_request(PATH, packed, "Content-Encoding: gzip", content_type=media_type)


def _floors(database: str, source: str, target: str, effort: Effort) -> dict[str, float]:
    """Return rows/s of each way of the database alone."""
    load = effort.batches * RECORDS
    if database == SQLITE:
        return _sqlite_floors(Path(path_of(source)), path_of(target), load)
    return _postgres_floors(source, target, load)


def _sqlite_floors(source: Path, target: str, load: int) -> dict[str, float]:
    reader, writer = sqlite3.connect(source), sqlite3.connect(target, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("PRAGMA synchronous=FULL")
    found = reader.execute(SELECT)
    insert = f"INSERT INTO {TABLE} VALUES ({', '.join('?' * len(found.description))})"  # noqa: S608

    def store(some: Sequence[Any]) -> None:
        writer.execute("BEGIN IMMEDIATE")
        writer.executemany(insert, some)
        writer.execute("COMMIT")

    try:
        return {"sqlite3.executemany": _time_loads(store, found, load)}
    finally:
        reader.close()
        writer.close()


def _postgres_floors(source: str, target: str, load: int) -> dict[str, float]:
    with psycopg.connect(source) as reader, psycopg.connect(target, autocommit=True) as writer:
        reader.adapters.register_loader("jsonb", TextLoader)
        _copy_referenced(reader, writer)

        def store(some: Sequence[Any]) -> None:
            insert = f"INSERT INTO {TABLE} VALUES ({', '.join(['%s'] * len(some[0]))})"  # noqa: S608
            with writer.transaction(), writer.cursor() as cursor:
                cursor.executemany(insert, some)

        def copy(some: Sequence[Any]) -> None:
            with writer.transaction(), writer.cursor().copy(f"COPY {TABLE} FROM STDIN") as lines:
                for row in some:
                    lines.write_row(row)

        rates = {}
        for name, way in (("psycopg executemany", store), ("psycopg COPY", copy)):
            writer.execute(f"TRUNCATE {TABLE} CASCADE")
            with reader.cursor("rows") as found:
                rates[name] = _time_loads(way, found.execute(SELECT), load)
        return rates


def _copy_referenced(reader: psycopg.Connection, writer: psycopg.Connection) -> None:
    """Copy the tables that the rows point to; SQLite, asked directly, does not look."""
    found = reader.execute(REFERENCED, [TABLE]).fetchall()
    for (table,) in found:
        rows = reader.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
        with writer.cursor().copy(f"COPY {table} FROM STDIN") as lines:
            for row in rows:
                lines.write_row(row)


def _time_loads(store: Callable[[Sequence[Any]], None], found: Any, load: int) -> float:
    """Return the median rows/s over loads of so many rows, each stored in batches."""
    rates = []
    while rows := found.fetchmany(load):
        started_at = time.perf_counter()
        for start in range(0, len(rows), RECORDS):
            store(rows[start : start + RECORDS])
        rates.append(len(rows) / (time.perf_counter() - started_at))
    return statistics.median(rates)
