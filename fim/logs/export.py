"""Logs as lines of NDJSON or CSV: any number of them, in constant memory.

They are read in batches, each a query of its own that begins after the last log of the one
before. So a slow client keeps no transaction, no cursor and no part of SQLite's WAL open.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from fim.logs.serializers import FimLogSerializer
from fim.models import FimLog

# A log may have 130,000 characters and more; 200 of the largest are still no more than a few
# dozen megabytes, and 200 of the usual ones cost ten times what asking for them does.
BATCH_LOGS = 200
CHUNK_CHARACTERS = 65_536
FIELDS: Sequence[str] = FimLogSerializer.Meta.fields

# What makes a spreadsheet take a cell for a formula, the full-width forms included, as OWASP's
# page on CSV injection lists it; and the apostrophe itself, so that taking one away gives the text.
RISKY = tuple("=+-@\t\r\n＝＋－＠'")

Row = dict[str, Any]


def read_batches(
    logs: QuerySet[FimLog], *, newest_first: bool = True, size: int = BATCH_LOGS
) -> Iterator[list[FimLog]]:
    """Yield logs in the order of timestamp and id, a batch at a time.

    A log that is stored when this begins and is not deleted meanwhile comes exactly once; one
    that is stored meanwhile comes once or not at all. Costs up to two queries a batch, each a
    range of an index: one for the other logs of the moment it stopped at, however many these
    are, and one for those beyond it. (`older_than` reads all logs of that moment anew.)
    """
    sign, beyond = ("-", "lt") if newest_first else ("", "gt")
    ordered = logs.order_by(f"{sign}timestamp", f"{sign}pk")
    batch = list(ordered[:size])
    while batch:
        yield batch
        if len(batch) < size:
            return
        moment, pk = batch[-1].timestamp, batch[-1].pk
        batch = list(ordered.filter(**{"timestamp": moment, f"pk__{beyond}": pk})[:size])
        if missing := size - len(batch):
            batch += ordered.filter(**{f"timestamp__{beyond}": moment})[:missing]


def rows_of(batches: Iterable[Iterable[FimLog]]) -> Iterator[Row]:
    """Yield logs in the contract's fields."""
    show = FimLogSerializer().to_representation
    for batch in batches:
        yield from map(show, batch)


def ndjson_lines(rows: Iterable[Row], fields: Sequence[str] = FIELDS) -> Iterator[str]:
    """Yield an object a line, in ASCII: what some readers take for a line end is escaped."""
    for row in rows:
        yield json.dumps({name: row[name] for name in fields}) + "\n"


def csv_lines(rows: Iterable[Row], fields: Sequence[str] = FIELDS) -> Iterator[str]:
    """Yield a header and a record a row (RFC 4180), no cell of which is a formula."""
    # Its writer returns what the file's write does.
    writer = csv.writer(_Echo())
    yield writer.writerow(fields)
    for row in rows:
        yield writer.writerow([_cell(row[name]) for name in fields])


class _Echo:
    def write(self, text: str) -> str:
        return text


def _cell(value: object) -> object:
    if isinstance(value, dict):
        value = json.dumps(value)
    if isinstance(value, str) and value.startswith(RISKY):
        return f"'{value}"
    return value


def join_lines(lines: Iterable[str]) -> Iterator[bytes]:
    """Join lines to pieces that are worth being sent or compressed."""
    some: list[str] = []
    length = 0
    for line in lines:
        some.append(line)
        length += len(line)
        if length >= CHUNK_CHARACTERS:
            yield "".join(some).encode()
            some, length = [], 0
    if some:
        yield "".join(some).encode()


@dataclass(frozen=True)
class ExportFormat:
    name: str
    media_type: str
    lines: Callable[..., Iterator[str]]


FORMATS = {
    found.name: found
    for found in (
        ExportFormat("ndjson", "application/x-ndjson", ndjson_lines),
        ExportFormat("csv", "text/csv; charset=utf-8; header=present", csv_lines),
    )
}
