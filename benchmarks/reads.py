"""What lists, searches and reports cost at 10,000, 1 million and 10 million logs.

One connection asks, as a dashboard does; each request is asked again and again. Bars, for each
request: p50 under 25 ms, and no more than 3 times what the same request costs at the smallest
number of logs. An answer that has more logs in it where more are stored (today's, by the hundred a
category) costs more by that alone; the same with `limit=10` shows what the database costs.
"""

import time
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import quote, urlsplit

from benchmarks.client import Load, get_request, run_load
from benchmarks.fill import DAYS, end_of_week, filled_database
from benchmarks.records import ABSENT, COMMON, RARE
from benchmarks.report import Row, Section, Wrong, say
from benchmarks.servers import PINNING, address_of, picket, scratch
from benchmarks.stored import check_statuses, query
from tests.node import Node

FULL_COUNTS, QUICK_COUNTS = (10_000, 1_000_000, 10_000_000), (5_000,)
FULL_TIMES, QUICK_TIMES = 100, 5
# A request so slow is asked no more than FEW times.
SLOW_SECONDS, FEW = 0.5, 5
MAX_SECONDS = 60
P50_BAR_MS, RATIO_BAR = 25, 3
PAGE_SIZE = 10
# A recount reads every log.
MAX_TO_RECOUNT = 100_000


def measure(database: str, counts: list[int], *, is_quick: bool, command: str) -> Section:
    """Ask at each count; raises Wrong where a status or a count is not what it has to be."""
    section = Section(f"Reads, {database}", command)
    times = QUICK_TIMES if is_quick else FULL_TIMES
    with ExitStack() as stack:
        nodes = {count: _node_with(count, stack) for count in counts}
        asked = {count: paths(count) | _deep_cursor(node) for count, node in nodes.items()}
        for what in asked[counts[0]]:
            # At each count in turn: a machine that grows slower for a while does so for all.
            section.add(*_rows(what, nodes, {n: asked[n][what] for n in counts}, times))
        for count, node in nodes.items():
            _check_filled(node, count)
    section.notes += [
        PINNING,
        f"Each asked {times} times; {FEW} times where it takes over {SLOW_SECONDS:g} s.",
    ]
    return section


def _node_with(count: int, stack: ExitStack) -> Node:
    say(f"  {count:,} logs")
    url = filled_database(count)
    directory = stack.enter_context(scratch())
    return stack.enter_context(picket(directory, DATABASE_URL=url))


def _rows(what: str, nodes: dict[int, Node], path: dict[int, str], times: int) -> list[Row]:
    loads = {count: ask(node, what, path[count], times) for count, node in nodes.items()}
    base = next(iter(loads))
    return [
        _row(f"{what}, {count:,} logs", load, loads[base], base) for count, load in loads.items()
    ]


def paths(count: int) -> dict[str, str]:
    """Return what is asked, by name, of a database with so many logs."""
    earlier = (end_of_week() - timedelta(days=DAYS // 2)).date()
    span = f"timestamp_after={earlier}T00:00:00Z&timestamp_before={earlier}T12:00:00Z"
    logs, deep = "/api/logs/", max(1, count * 9 // 10 // PAGE_SIZE)
    return {
        "first page": logs,
        "page at 90 %": f"{logs}?page={deep}",
        "first page by cursor": f"{logs}?cursor=",
        "status=normal": f"{logs}?status=normal",
        "status=malware": f"{logs}?status=malware",
        "status=normal at 90 %": f"{logs}?status=normal&page={max(1, deep * 7 // 10)}",
        "host": f"{logs}?host=web-07",
        "unknown host": f"{logs}?host=nowhere",
        "action=modified": f"{logs}?action=modified",
        "action=moved": f"{logs}?action=moved",
        "half a day": f"{logs}?{span}",
        "status, host": f"{logs}?status=danger&host=web-07",
        "status, action": f"{logs}?status=malware&action=moved",
        "host, action": f"{logs}?host=web-07&action=deleted",
        "status, host, action, half a day": (
            f"{logs}?status=normal&host=web-07&action=modified&{span}"
        ),
        "user": f"{logs}?user=postgres",
        "user, host": f"{logs}?user=postgres&host=web-07",
        "search, common": f"{logs}?search={quote(COMMON)}",
        "search, common, other case": f"{logs}?search={quote(COMMON.upper())}",
        "search, rare": f"{logs}?search={RARE}",
        "search, absent": f"{logs}?search={ABSENT}",
        "search, user": f"{logs}?search=postgres",
        "search, common, of malware": f"{logs}?search={quote(COMMON)}&status=malware",
        "search, common, of a host": f"{logs}?search={quote(COMMON)}&host=web-07",
        "search, rare, of a host": f"{logs}?search={RARE}&host=web-07",
        "analytics": f"{logs}analytics/",
        "historical, 7 days": f"{logs}analytics/historical/?days=7",
        "historical, 366 days": f"{logs}analytics/historical/?days=366",
        "stats-by-date": f"{logs}stats-by-date/?date={earlier}",
        "today": f"{logs}today/",
        "today, limit=10": f"{logs}today/?limit=10",
        "by-date": f"{logs}by-date/?date={earlier}",
        "by-date, limit=10": f"{logs}by-date/?date={earlier}&limit=10",
        "DHIMP's first page": "/dhimp/api/logs/?status=bahaya",
        "DHIMP's analytics": "/dhimp/api/logs/analytics/",
    }


def ask(node: Node, what: str, path: str, times: int) -> Load:
    """Ask so many times, on one connection, after one that is not counted."""
    if not node.token:
        node.as_admin("GET", "/api/check-auth/")
    request = get_request(path, f"Authorization: Bearer {node.token}")
    address = address_of(node)
    started_at = time.perf_counter()
    first = run_load(address, [request], connections=1, seconds=MAX_SECONDS)
    check_statuses(f"{what} ({path})", first.statuses, 200)
    if time.perf_counter() - started_at > SLOW_SECONDS:
        times = FEW
    load = run_load(address, [request] * times, connections=1, seconds=MAX_SECONDS)
    check_statuses(f"{what} ({path})", load.statuses, 200)
    return load


def _deep_cursor(node: Node) -> dict[str, str]:
    """Return the path of a page that lies 90 % deep and is named by a cursor."""
    moment = end_of_week() - timedelta(days=DAYS) * 0.9
    before = quote(moment.isoformat())
    page = node.as_admin("GET", f"/api/logs/?cursor=&timestamp_before={before}")[1]
    cursor = urlsplit(page["next"]).query.partition("cursor=")[2].partition("&")[0]
    return {"page at 90 % by cursor": f"/api/logs/?cursor={cursor}"}


def _check_filled(node: Node, count: int) -> None:
    url = node.env["DATABASE_URL"]
    told = node.as_admin("GET", "/api/logs/")[1]["count"]
    rows = query(url, "SELECT count(*) FROM fim_fimlog")[0][0]
    counted = query(url, "SELECT sum(count) FROM fim_daycount")[0][0]
    if not count == rows == counted == told:
        raise Wrong(f"{rows} logs are stored, {counted} are counted, the list tells {told}.")
    if count <= MAX_TO_RECOUNT and "no count had drifted" not in node.manage("recount"):
        raise Wrong("A recount found other counts.")


def _row(what: str, load: Load, base: Load, base_count: int) -> Row:
    p50, p99 = load.p50 * 1_000, load.p99 * 1_000
    figure = f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"
    if load is base:
        return Row(what, figure, "", f"p50 under {P50_BAR_MS} ms", p50 < P50_BAR_MS)
    ratio = load.p50 / base.p50
    bar = f"p50 under {P50_BAR_MS} ms, at most {RATIO_BAR}"
    is_reached = p50 < P50_BAR_MS and ratio <= RATIO_BAR
    return Row(what, figure, f"{ratio:.2f} of {base_count:,} logs", bar, is_reached)
