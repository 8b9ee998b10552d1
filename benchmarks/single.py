"""Single logs over HTTP: Picket beside the textbook build, a bare Django view and gunicorn alone.

Each round loads every server in turn, so that a machine that grows slower for a while does so for
all; figures are medians over the rounds. The bars: 5 times the textbook's requests/s, half of the
bare Django view's, p99 under 10 times p50 at 16 connections.
"""

import itertools
import os
import sqlite3
import statistics
import time
from collections import defaultdict
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.client import Address, Load, post_request, run_load
from benchmarks.postgres import SQLITE
from benchmarks.records import Fleet, as_sent, live_logs
from benchmarks.report import Row, Section, Wrong, at_least, at_most
from benchmarks.servers import (
    ALL_CORES,
    PINNING,
    address_of,
    bare,
    empty_database,
    picket,
    scratch,
    textbook,
)
from benchmarks.stored import check_statuses, check_stored, path_of, query
from tests.node import Node

CONNECTIONS = (16, 64)
PATH = "/api/ingest/fim/"
# No build answers so many in a second; the rest is thrown away.
MAX_PER_SECOND = 6_000
WARM_UP_SECONDS = 0.3
PAGE, SYNCS = bytes(4096), 100
# At 16 connections Picket commits about so many together.
GROUP, ROWS_ALONE = 5, 5_000
TEXTBOOK_BAR, BARE_BAR, P99_BAR = 5, 0.5, 10
PICKET, TEXTBOOK, VIEW, GUNICORN = "Picket", "textbook", "bare Django view", "gunicorn alone"


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a benchmark takes: rounds, and seconds a load."""

    rounds: int
    seconds: float


FULL, QUICK = Effort(5, 5.0), Effort(3, 0.3)


@dataclass(slots=True)
class Servers:
    node: Node
    addresses: dict[str, Address]
    textbook_database: Path


def measure(database: str, *, is_quick: bool, command: str) -> Section:
    """Load all four; raises Wrong where an answer is not 201 or rows are not the 201s."""
    section = Section(f"Single logs over HTTP, {database}", command)
    effort, fleet = QUICK if is_quick else FULL, Fleet(seed=4)
    with ExitStack() as stack:
        servers = _start(stack)
        loads = _take_rounds(servers, effort, fleet)
        section.notes.append(check_stored(servers.node, _acknowledged(loads, PICKET)))
        storing = _storing_alone(stack, servers) if database == SQLITE else []
        url = f"sqlite://{servers.textbook_database}"
        stored = query(url, "SELECT count(*) FROM textbook_filechange")[0][0]
    if stored != _acknowledged(loads, TEXTBOOK):
        raise Wrong(f"The textbook build stored {stored} logs, which is not what it acknowledged.")
    for connections in CONNECTIONS:
        section.add(*_rows(connections, {name: loads[name, connections] for name in NAMES}))
    section.notes += [PINNING, _disk(), *_cpu(loads), *storing]
    section.notes.append(f"Medians of {effort.rounds} runs of {effort.seconds:g} s.")
    return section


NAMES = (PICKET, TEXTBOOK, VIEW, GUNICORN)
Loads = dict[tuple[str, int], list[Load]]


def _start(stack: ExitStack) -> Servers:
    directory = stack.enter_context(scratch())
    node = stack.enter_context(picket(directory))
    addresses = {
        PICKET: address_of(node),
        TEXTBOOK: stack.enter_context(textbook(directory)),
        VIEW: stack.enter_context(bare(directory, "django_view")),
        GUNICORN: stack.enter_context(bare(directory, "app")),
    }
    return Servers(node, addresses, directory / "textbook.sqlite3")


def _take_rounds(servers: Servers, effort: Effort, fleet: Fleet) -> Loads:
    """Return the loads by name and connections; those of the warm-up under 0 connections."""
    loads: Loads = defaultdict(list)
    for name, address in servers.addresses.items():
        loads[name, 0].append(_load(name, address, fleet, CONNECTIONS[0], WARM_UP_SECONDS))
    for _, connections, (name, address) in itertools.product(
        range(effort.rounds), CONNECTIONS, servers.addresses.items()
    ):
        loads[name, connections].append(_load(name, address, fleet, connections, effort.seconds))
    return loads


def _load(name: str, address: Address, fleet: Fleet, connections: int, seconds: float) -> Load:
    logs = live_logs(fleet, int(MAX_PER_SECOND * seconds))
    requests = [post_request(PATH, as_sent(log), content_type="application/json") for log in logs]
    # What stores nothing may have the same again.
    sent = requests if name in (PICKET, TEXTBOOK) else itertools.cycle(requests)
    server_before, client_before = _server_cpu_seconds(), time.process_time()
    load = run_load(address, sent, connections=connections, seconds=seconds)
    load.server_cpu_seconds = _server_cpu_seconds() - server_before
    load.client_cpu_seconds = time.process_time() - client_before
    check_statuses(name, load.statuses, 201)
    return load


def _server_cpu_seconds() -> float:
    """Return what all servers have taken until now; only one of them has work at a time."""
    times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return sum(taken.user + taken.system for taken in times)


def _acknowledged(loads: Loads, name: str) -> int:
    return sum(load.statuses[201] for key in loads if key[0] == name for load in loads[key])


def _rows(connections: int, loads: dict[str, list[Load]]) -> list[Row]:
    rate = {name: statistics.median(load.rate for load in loads[name]) for name in NAMES}
    where = f"{connections} connections"
    against = [(TEXTBOOK, TEXTBOOK_BAR), (VIEW, BARE_BAR)]
    figure = _figure(loads[PICKET])
    rows = [
        at_least(f"Picket, {where}", figure, rate[PICKET] / rate[name], name, bar)
        for name, bar in against
    ]
    p50, p99 = _median_ms(loads[PICKET], 50), _median_ms(loads[PICKET], 99)
    spread = f"p99 {p99:.1f} ms"
    if connections == CONNECTIONS[0]:
        rows.append(at_most(f"Picket's p99, {where}", spread, p99 / p50, "p50", P99_BAR))
    rows += [Row(f"{name}, {where}", _figure(loads[name])) for name in (TEXTBOOK, VIEW)]
    # Nothing that gunicorn serves can be seen to be faster than this.
    rows.append(Row(f"{GUNICORN}, the client's ceiling, {where}", _figure(loads[GUNICORN])))
    return rows


def _figure(loads: list[Load]) -> str:
    rate = statistics.median(load.rate for load in loads)
    p50, p99 = _median_ms(loads, 50), _median_ms(loads, 99)
    return f"{rate:,.0f} requests/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms"


def _disk() -> str:
    """Say what one wait for the disk takes: it bounds everything that waits for it."""
    taken = []
    with scratch() as directory, (directory / "synced").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(PAGE)
            started_at = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - started_at)
    return f"fdatasync of 4 KiB: {1_000 * statistics.median(taken):.2f} ms."


def _cpu(loads: Loads) -> list[str]:
    """Say what a request takes of the cores, and what half of the bare view's rate would leave."""
    fewest = CONNECTIONS[0]
    taken = {name: _cpu_us(loads[name, fewest], "server_cpu_seconds") for name in NAMES}
    client = _cpu_us(loads[PICKET, fewest], "client_cpu_seconds")
    rate = statistics.median(load.rate for load in loads[VIEW, fewest])
    left = 1e6 * len(ALL_CORES) / (BARE_BAR * rate) - client
    each = ", ".join(f"{name} {us:.0f} us" for name, us in taken.items())
    return [
        f"CPU of a server a request, {fewest} connections: {each}; of the client {client:.0f} us.",
        f"At {BARE_BAR:g} of the bare view's rate, with no core ever idle, the server would have"
        f" {left:.0f} us a request.",
        f"In Picket's loads the cores were idle for {_idle(loads, fewest)} of the time at {fewest}"
        f" connections, {_idle(loads, CONNECTIONS[1])} at {CONNECTIONS[1]}: one process writes.",
    ]


def _idle(loads: Loads, connections: int) -> str:
    return f"{statistics.median(load.idle_share for load in loads[PICKET, connections]):.0%}"


def _cpu_us(loads: list[Load], name: str) -> float:
    return statistics.median(1e6 * getattr(load, name) / len(load.latencies) for load in loads)


def _storing_alone(stack: ExitStack, servers: Servers) -> list[str]:
    """Say what SQLite alone takes to store rows that Picket stored, as many a commit as it does."""
    source = path_of(servers.node.env["DATABASE_URL"])
    target = path_of(stack.enter_context(empty_database(servers.node.log.parent)))
    with closing(sqlite3.connect(source)) as reader:
        rows = reader.execute(
            "SELECT * FROM fim_fimlog ORDER BY id LIMIT ?", [ROWS_ALONE]
        ).fetchall()
    insert = f"INSERT INTO fim_fimlog VALUES ({', '.join('?' * len(rows[0]))})"  # noqa: S608
    with closing(sqlite3.connect(target, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("PRAGMA synchronous=FULL")
        started_at, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(rows), GROUP):
            writer.execute("BEGIN IMMEDIATE")
            writer.executemany(insert, rows[start : start + GROUP])
            writer.execute("COMMIT")
        cpu_us = 1e6 * (time.process_time() - cpu) / len(rows)
        rate = len(rows) / (time.perf_counter() - started_at)
    return [
        f"SQLite alone, {GROUP} of the rows a commit, no counts, no alerts, one process:"
        f" {cpu_us:.0f} us of CPU a row, {rate:,.0f} rows/s."
    ]


def _median_ms(loads: list[Load], percent: int) -> float:
    return 1_000 * statistics.median(load.percentile(percent) for load in loads)
