"""Picket's own CSV, as its export and its archives write it, back to records. Pure."""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from fim.record.fields import NUMBER_FIELDS

# How the header of every such file begins: no log of a tool does.
HEADER = b"id,event_id,timestamp,received_at,host,"


class BrokenCSV(Exception):
    """The file is no CSV from some line on; the message says from which."""


def is_header(line: bytes) -> bool:
    return line.startswith(HEADER)


def read_rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield a record a row, with the number of its last line; the header is the first line.

    Raises BrokenCSV.
    """
    reader = csv.reader(lines, strict=True)
    try:
        names = next(reader)
        for row in reader:
            cells = zip(names, row, strict=False)
            yield reader.line_num, {name: _value(name, cell) for name, cell in cells if cell}
    except csv.Error as exc:
        raise BrokenCSV(f"From line {reader.line_num} on it is no CSV.") from exc


def _value(name: str, cell: str) -> Any:
    # The apostrophe that keeps a spreadsheet from running the cell.
    text = cell.removeprefix("'")
    if name == "attributes":
        try:
            return json.loads(text)
        except ValueError:
            return text  # which the log refuses, by name
    return int(text) if name in NUMBER_FIELDS and text.isdecimal() else text
