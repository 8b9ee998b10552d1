"""What it costs to make a log of a record: find its format, parse it, check and bound its fields.

Each kind is timed over the records of the suite's fixtures, again and again; the best time counts,
for what else the machine does only ever adds. A report that holds many logs counts as that many
records. Bars, in microseconds a record: 15 for Picket's own logs, 60 for any foreign format.
Listed apart, without a bar: reading the JSON, and packing the raw record of a foreign one.
"""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from benchmarks.records import Fleet, as_sent, live_logs
from benchmarks.report import ROOT, Row, Section, under

# The formats need no setting; a neighbour of theirs, DRF, wants to be asked for its own.
if not settings.configured:
    settings.configure()

from fim.formats.registry import FORMATS, format_of  # noqa: E402
from fim.ingest.files import open_records  # noqa: E402
from fim.record.fields import InvalidRecord  # noqa: E402
from fim.record.raw import pack_raw  # noqa: E402
from fim.record.reading import read_log

FIXTURES = ROOT / "tests" / "fim" / "formats" / "fixtures"
OWN_BAR, FOREIGN_BAR = 15, 60
OWN_RECORDS = 200
MICROSECONDS = 1e6
# How many times, and for how long at least each time.
FULL, QUICK = (9, 0.1), (3, 0.02)


def measure(*, is_quick: bool, command: str) -> Section:
    """Time each format. Uses neither a server nor a database."""
    section = Section("Parsing", command)
    effort = QUICK if is_quick else FULL
    for name, records in _records_by_format().items():
        section.add(*_rows(name, records, effort))
    section.notes.append(f"Best of {effort[0]}; in brackets the worst, the machine's noise.")
    return section


def _records_by_format() -> dict[str, list[object]]:
    own = [json.loads(as_sent(log)) for log in live_logs(Fleet(seed=3), OWN_RECORDS)]
    found: dict[str, list[object]] = {"picket": own}
    for path in sorted(FIXTURES.iterdir()):
        name = max((name for name in FORMATS if path.name.startswith(f"{name}_")), key=len)
        with path.open("rb") as stream:
            records = [record for _, record in open_records(stream)]
        found.setdefault(name, []).extend(map(_as_read, records))
    return found


def _as_read(record: object) -> object:
    """Return a line that is no JSON as the text that a format is asked about."""
    return getattr(record, "text", record)


def _rows(name: str, records: list[object], effort: tuple[int, float]) -> list[Row]:
    holders = [record for record in records if _is_of(name, record)]
    units = sum(max(1, _take(record)) for record in holders)
    best, worst = _time(_take, holders, units, effort)
    packed = _time(pack_raw, holders, units, effort)[0]
    texts = [json.dumps(record) for record in holders]
    loaded = _time(json.loads, texts, units, effort)[0]
    bar = OWN_BAR if name == "picket" else FOREIGN_BAR
    row = under(f"{name}, {len(holders)} records, {units} logs", best, "us", bar)
    aside = f"{row.figure} [{worst:.3g}]; JSON {loaded:.3g}, packing {packed:.3g} us"
    return [Row(row.what, aside, "", row.bar, row.is_reached)]


def _is_of(name: str, record: object) -> bool:
    try:
        return name == format_of(record).NAME
    except InvalidRecord:
        return False


NOW = datetime.now(UTC)


def _take(record: object) -> int:
    """Do what ingest does with a record, up to what is stored; return how many logs it holds."""
    logs = format_of(record).parse(record).logs
    for log in logs:
        read_log(log.fields, received_at=NOW, default_host="web-01")
    return len(logs)


def _time(
    work: Callable[[Any], object], records: Sequence[object], units: int, effort: tuple[int, float]
) -> tuple[float, float]:
    """Return the best and the worst time a record, in microseconds."""
    times, at_least_seconds = effort
    found = []
    for _ in range(times):
        passes, started_at = 0, time.perf_counter()
        while (taken := time.perf_counter() - started_at) < at_least_seconds or not passes:
            for record in records:
                work(record)
            passes += 1
        found.append(MICROSECONDS * taken / passes / units)
    return min(found), max(found)
