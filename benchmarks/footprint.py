"""What a node takes of its host: memory, the time until it answers, and bytes of disk a log.

Bars: each worker under 120 MB resident after all that the other benchmarks do to one; the first
200 within 1.5 s of starting gunicorn; under 450 bytes a log at a million, indexes included.
"""

import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import psutil

from benchmarks.client import post_request, run_load
from benchmarks.fill import filled_database
from benchmarks.postgres import SQLITE
from benchmarks.reads import ask, paths
from benchmarks.records import Fleet, as_sent, batch, live_logs
from benchmarks.report import ROOT, Row, Section, Wrong, under
from benchmarks.servers import address_of, picket, scratch, starting_a_server
from benchmarks.stored import check_statuses, check_stored, path_of, query
from tests.node import Node

RSS_BAR_MB, START_BAR_SECONDS, BYTES_BAR = 120, 1.5, 450
FULL_LOGS, QUICK_LOGS = 1_000_000, 5_000
FULL_STARTS, QUICK_STARTS = 5, 1
FULL_SECONDS, QUICK_SECONDS = 10.0, 0.5
MAX_PER_SECOND = 6_000
BATCHES, RECORDS, LARGE_BATCH = 8, 1_000, 10_000
ASKED = 4
MEGABYTE = 1_000_000
MAX_START_SECONDS = 30
SQLITE_SIZES = (
    "SELECT name, sum(pgsize) FROM dbstat WHERE name LIKE 'fim%' GROUP BY name ORDER BY 2 DESC"
)
POSTGRES_SIZES = (
    "SELECT relname, pg_relation_size(oid) FROM pg_class"
    " WHERE relname LIKE 'fim%' AND relkind IN ('r', 'i') AND pg_relation_size(oid) > 0"
    " ORDER BY 2 DESC"
)


def measure(database: str, *, is_quick: bool, command: str) -> Section:
    section = Section(f"Footprint, {database}", command)
    with ExitStack() as stack:
        directory = stack.enter_context(scratch())
        node = stack.enter_context(picket(directory))
        section.add(*_memory(node, QUICK_SECONDS if is_quick else FULL_SECONDS, section))
        section.add(_start(node, QUICK_STARTS if is_quick else FULL_STARTS))
    logs = QUICK_LOGS if is_quick else FULL_LOGS
    section.add(*_disk(database, filled_database(logs), logs))
    return section


def _memory(node: Node, seconds: float, section: Section) -> list[Row]:
    """Return what each worker holds before and after posts, batches, reads and an export."""
    before = max(_resident(node))
    acknowledged = _post(node, seconds)
    for what, path in paths(acknowledged).items():
        ask(node, what, path, times=ASKED)
    for path in ("/api/logs/?page_size=1000", "/api/logs/today/?limit=1000", "/swagger.json"):
        ask(node, path, path, times=ASKED)
    _export(node, acknowledged)
    section.notes.append(check_stored(node, acknowledged))
    after = max(_resident(node))
    return [
        Row("largest worker before the load", f"{before:.1f} MB resident"),
        under("largest worker after the load", after, "MB", RSS_BAR_MB),
    ]


def _export(node: Node, acknowledged: int) -> None:
    status, exported = node.as_admin("GET", "/api/logs/export/?format=ndjson")
    lines = exported.count(b"\n") if status == 200 else 0
    if lines != acknowledged:
        raise Wrong(f"The export answered {status} with {lines} of {acknowledged} logs.")


def _post(node: Node, seconds: float) -> int:
    """Post single logs and batches; return how many logs were acknowledged."""
    fleet, path = Fleet(seed=6), "/api/ingest/fim/"
    logs = live_logs(fleet, int(MAX_PER_SECOND * seconds))
    singles = [post_request(path, as_sent(log), content_type="application/json") for log in logs]
    single = run_load(address_of(node), singles, connections=16, seconds=seconds)
    check_statuses("single logs", single.statuses, 201)
    acknowledged = single.statuses[201]
    for records, times in ((RECORDS, BATCHES), (LARGE_BATCH, 2)):
        bodies = [batch(fleet, records, host=n) for n in range(times)]
        posts = [post_request(path, b, content_type="application/x-ndjson") for b in bodies]
        load = run_load(address_of(node), posts, connections=4, seconds=60)
        check_statuses("batches", load.statuses, 201)
        acknowledged += records * load.statuses[201]
    return acknowledged


def _resident(node: Node) -> list[float]:
    """Return the megabytes that each worker has in memory, shared pages included."""
    workers = psutil.Process(node.process.pid).children()
    return [worker.memory_info().rss / MEGABYTE for worker in workers]


def _start(node: Node, times: int) -> Row:
    found = []
    for _ in range(times):
        node.stop()
        found.append(_seconds_to_first_200(node))
    return under("first 200 of /readyz", statistics.median(found), "s", START_BAR_SECONDS)


def _seconds_to_first_200(node: Node) -> float:
    started_at = time.perf_counter()
    with starting_a_server(), node.log.open("ab") as log:
        command = [sys.executable, "-m", "gunicorn", "config.wsgi"]
        node.process = subprocess.Popen(command, cwd=ROOT, env=node.env, stdout=log, stderr=log)  # noqa: S603
    while not _answers(node):
        if time.perf_counter() - started_at > MAX_START_SECONDS:
            raise RuntimeError("The node did not start.")
        time.sleep(0.005)
    return time.perf_counter() - started_at


def _answers(node: Node) -> bool:
    try:
        return node.request("GET", "/readyz")[0] == 200
    except OSError:
        return False


def _disk(database: str, url: str, logs: int) -> list[Row]:
    """Return bytes a log: of all, then of each table and index."""
    sizes = query(url, SQLITE_SIZES if database == SQLITE else POSTGRES_SIZES)
    total = Path(path_of(url)).stat().st_size if database == SQLITE else sum(n for _, n in sizes)
    whole = under(f"disk a log, {logs:,} logs", total / logs, "bytes", BYTES_BAR)
    parts = [Row(f"of that {name}", f"{size / logs:.1f} bytes") for name, size in sizes]
    return [whole, *parts]
