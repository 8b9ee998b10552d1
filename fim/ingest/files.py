"""Read records from files, plain or gzip: lines of JSON or text, JSON, text reports, own CSV.

Lines are read one by one and in bounded memory; only a document that is one JSON value, or one
text report, is held whole, up to MAX_DOCUMENT_BYTES.
"""

import codecs
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Any, NoReturn

from fim.formats import aide
from fim.formats.registry import FORMATS
from fim.ingest.body import Malformed, load_json
from fim.ingest.csv_rows import BrokenCSV, is_header, read_rows

GZIP_MAGIC = b"\x1f\x8b"
MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
HEAD_LINES = 4
# Lines of one NDJSON report of AIDE, which are read together.
MAX_REPORT_LINES = 100_000

Numbered = tuple[int, object]


class BrokenFile(Exception):
    """A file that cannot be read any further; the message says from where, and why."""


class TooLong:
    """Takes the place of a line that is longer than MAX_LINE_BYTES."""


def open_records(raw: io.BufferedReader) -> Iterator[Numbered]:
    """Yield the records of a file, each with the number of the line that it begins in.

    A line that is no JSON is `Malformed`, which may be a line of a tool's text log; one that is
    too long is `TooLong`. Raises BrokenFile where the rest cannot be read.
    """
    try:
        yield from _gathered(_read(_unpacked(raw)))
    except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
        raise BrokenFile("The gzip data breaks off or is damaged.") from exc
    except OSError as exc:
        raise BrokenFile(f"{exc.strerror or exc}.") from exc


def _unpacked(raw: io.BufferedReader) -> io.BufferedIOBase:
    if raw.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC):
        return gzip.GzipFile(fileobj=raw)
    return raw


def _read(stream: io.BufferedIOBase) -> Iterator[Numbered]:
    lines = _lines(stream)
    head = _head(lines)
    texts = [line for _, line in head if line and not line.isspace()]
    if not texts:
        return
    if is_header(texts[0]):
        yield from _csv_rows(chain(head, lines))
    elif _is_document(texts[0].lstrip(), texts[1:]):
        yield from _documents(_whole(head, stream))
    elif _is_report(texts):
        yield 1, _text(_whole(head, stream))
    else:
        for number, line in chain(head, lines):
            yield from _records_of(number, line)


def _csv_rows(lines: Iterator[tuple[int, bytes]]) -> Iterator[Numbered]:
    try:
        yield from read_rows(_text(line) for _, line in lines)
    except BrokenCSV as exc:
        raise BrokenFile(str(exc)) from exc


def _lines(stream: io.BufferedIOBase) -> Iterator[tuple[int, bytes]]:
    """Yield lines with their numbers; of one that is too long only the beginning.

    Its rest is read when the next line is asked for, so that an array without line ends can
    still be read as a whole.
    """
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        while len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE_BYTES + 1)


def _head(lines: Iterator[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    head: list[tuple[int, bytes]] = []
    for number, line in lines:
        head.append((number, line))
        if number == HEAD_LINES or len(line) > MAX_LINE_BYTES:
            break
    return head


def _is_document(first: bytes, others: list[bytes]) -> bool:
    """Return whether a file is JSON of several lines, or an array, rather than a record a line."""
    if first.startswith(b"["):
        # A line of a text log may begin with a time in brackets.
        return first[1:].lstrip()[:1] in (b"", b"{", b"[", b"]", b'"')
    if not first.startswith(b"{") or len(first) > MAX_LINE_BYTES:
        return False
    # Where the second line is a record, a malformed first line does not make the file a document.
    return not _is_json(first) and not (others and _is_json(others[0]))


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(load_json(line), dict)
    except ValueError:
        return False


def _is_report(texts: list[bytes]) -> bool:
    """Return whether the file is one text report: of a format whose records are whole texts."""
    text = _text(b"".join(texts))
    whole = (found for found in FORMATS.values() if getattr(found, "IS_WHOLE_TEXT", False))
    return any(found.recognises(text) for found in whole)


def _whole(head: list[tuple[int, bytes]], stream: io.BufferedIOBase) -> bytes:
    text = b"".join(line for _, line in head) + stream.read(MAX_DOCUMENT_BYTES)
    if len(text) > MAX_DOCUMENT_BYTES:
        raise BrokenFile(f"The document is over {MAX_DOCUMENT_BYTES} bytes. Split it into lines.")
    return text


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")


def _records_of(number: int, line: bytes) -> Iterator[Numbered]:
    if not line or line.isspace():
        return
    if len(line) > MAX_LINE_BYTES:
        yield number, TooLong()
        return
    try:
        value = load_json(line)
    except ValueError:
        value = None
    if isinstance(value, list):
        yield from ((number, record) for record in value)
    elif isinstance(value, dict):
        yield from ((number, record) for record in _unwrap(value))
    else:
        yield number, Malformed(_text(line).strip())


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


BETWEEN = re.compile(r"[ \t\r\n,\[\]]*")


def _documents(content: bytes) -> Iterator[Numbered]:
    """Yield the records of JSON values that follow each other, those of an array one by one."""
    # As `load_json` reads bytes that are no UTF-8.
    text, at, number, depth = content.decode("utf-8", "surrogateescape"), 0, 1, 0
    while True:
        between = BETWEEN.match(text, at)
        assert between is not None
        depth += between[0].count("[") - between[0].count("]")
        number, at = number + between[0].count("\n"), between.end()
        if at == len(text):
            break
        try:
            value, end = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as exc:
            raise BrokenFile(f"From line {number} on it is no JSON.") from exc
        yield from ((number, record) for record in _unwrap(value))
        number, at = number + text.count("\n", at, end), end
    if depth > 0:
        raise BrokenFile(f"The array breaks off in line {number}.")


def _unwrap(value: Any) -> list[Any]:
    """Return the logs of a page of GET /api/logs/, or the one record."""
    if isinstance(value, dict) and "count" in value and isinstance(value.get("results"), list):
        return value["results"]
    return [value]


def _gathered(numbered: Iterator[Numbered]) -> Iterator[Numbered]:
    """Read the lines of each NDJSON report of AIDE together: see `aide.gather`."""
    run: list[Numbered] = []
    for number, record in numbered:
        if not run and not aide.begins_report(record):
            yield number, record
            continue
        run.append((number, record))
        if aide.ends_report(record) or len(run) == MAX_REPORT_LINES:
            yield from _gather(run)
            run = []
    yield from _gather(run)


def _gather(run: list[Numbered]) -> Iterator[Numbered]:
    records = aide.gather([record for _, record in run])
    return zip((number for number, _ in run), records, strict=True)
