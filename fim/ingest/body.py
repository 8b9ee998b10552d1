"""From the bytes of a request to records: bounded, unpacked, split. Knows no field of a log."""

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from config.api.errors import DomainError
from config.api.parsers import parse_json
from fim.formats import picket
from fim.formats.registry import is_whole_text
from fim.record.reading import decode_log, decode_logs

MAX_RECORDS = 10_000
# Values that a body may hold, 200 a record. Each costs 60 bytes and more once it is parsed, so
# that 64 MiB of "[],[],[]" would take 1.5 GiB.
MAX_VALUES = 200 * MAX_RECORDS
CHUNK_BYTES = 16_384
GZIP_WINDOW_BITS = 31  # zlib's manual, inflateInit2: 16 for a gzip header, 15 for any window


class BodyTooLarge(DomainError):
    code = "body_too_large"
    http_status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class BatchTooLarge(DomainError):
    code = "batch_too_large"
    http_status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    detail = f"The batch has over {MAX_RECORDS} records; at most {MAX_RECORDS} are accepted."


class MalformedBody(DomainError):
    code = "malformed_body"


class UnknownEncoding(DomainError):
    code = "unknown_encoding"
    http_status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class UnknownMediaType(DomainError):
    code = "unsupported_media_type"
    http_status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


@dataclass(frozen=True, slots=True)
class Malformed:
    """Takes the place of an NDJSON line that is no JSON; its text may be of a tool's own log."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """Records: a SentLog where it is plainly one of Picket's own logs, else what the JSON says."""

    records: list[Any]
    is_batch: bool


def unpack(raw: bytes, *, encoding: str, limit_bytes: int) -> bytes:
    """Undo the Content-Encoding; never holds more than `limit_bytes` of what it unpacks to.

    Raises UnknownEncoding (415), MalformedBody (400), BodyTooLarge (413).
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return raw
    if encoding not in ("gzip", "x-gzip"):
        raise UnknownEncoding("Content-Encoding takes gzip or nothing.")
    try:
        return _gunzip(raw, limit_bytes)
    except zlib.error as exc:
        raise MalformedBody("The body is not valid gzip.") from exc


def _gunzip(raw: bytes, limit_bytes: int) -> bytes:
    """Unpack one gzip member after the other.

    In chunks: each member copies what is left of its input, so that a body of 400,000 empty
    members handed over whole would copy a terabyte.
    """
    unpacked = bytearray()
    rest, stream = memoryview(raw), zlib.decompressobj(GZIP_WINDOW_BITS)
    while rest:
        if stream.eof:
            stream = zlib.decompressobj(GZIP_WINDOW_BITS)
        chunk = rest[:CHUNK_BYTES]
        unpacked += stream.decompress(chunk, limit_bytes + 1 - len(unpacked))
        if len(unpacked) > limit_bytes:
            raise BodyTooLarge(
                f"The body unpacks to over {limit_bytes} bytes; at most {limit_bytes} are accepted."
            )
        rest = rest[len(chunk) - len(stream.unused_data) :]
    if not stream.eof:
        raise MalformedBody("The gzip body ends too early.")
    return bytes(unpacked)


def load_json(text: bytes) -> Any:
    """Return the value of a JSON text; raise ValueError for whatever is not one.

    Tools write the names of files as they are, and a name may hold any byte. One that is no UTF-8
    becomes the lone surrogate of `os.fsdecode`, which is shown in a record of another tool and
    refused in one of Picket's own.
    """
    try:
        return parse_json(text)
    except UnicodeDecodeError:
        value = parse_json(text.decode("utf-8-sig", "surrogateescape"))
        if picket.recognises(value):
            raise
        return value


def read_json(text: bytes, *, may_be_own: bool = True) -> Body:
    """Return the one record of a JSON object, or those of an array.

    Raises MalformedBody (400) and BatchTooLarge (413).
    """
    if may_be_own and (sent := decode_log(text)):
        return Body([sent], is_batch=False)
    refuse_flood(text, marks=(b",", b"[", b"{"))
    if may_be_own and (many := decode_logs(text)):
        return _batch(many)
    try:
        value = load_json(text)
    except ValueError as exc:
        raise MalformedBody("The body is not valid JSON.") from exc
    if isinstance(value, dict):
        return Body([value], is_batch=False)
    if not isinstance(value, list):
        raise MalformedBody("The body takes a JSON object or an array of objects.")
    return _batch(value)


def read_ndjson(text: bytes, *, may_be_own: bool = True) -> Body:
    """Return a record a line; empty lines do not count, a line that is no JSON is `Malformed`.

    Raises MalformedBody (400) and BatchTooLarge (413).
    """
    refuse_flood(text, marks=(b"\n", b",", b"[", b"{"))
    return _read_lines(text, _as_log if may_be_own else _as_json)


def read_text(text: bytes, *, may_be_own: bool = True) -> Body:
    """Return a record a line of a tool's own log, or one for a report of many lines.

    Raises MalformedBody (400) and BatchTooLarge (413).
    """
    whole = text.decode("utf-8", "backslashreplace")
    return _batch([whole]) if is_whole_text(whole) else _read_lines(text, _as_line)


def _read_lines(text: bytes, read: Callable[[bytes], object]) -> Body:
    records: list[object] = []
    for line in io.BytesIO(text):
        if line.isspace():
            continue
        if len(records) == MAX_RECORDS:
            raise BatchTooLarge
        records.append(read(line))
    return _batch(records)


def _as_log(line: bytes) -> object:
    return decode_log(line) or _as_json(line)


def _as_json(line: bytes) -> object:
    try:
        return load_json(line)
    except ValueError:
        return _as_line(line)


def _as_line(line: bytes) -> Malformed:
    return Malformed(line.decode("utf-8", "backslashreplace").strip())


def refuse_flood(text: bytes, *, marks: tuple[bytes, ...]) -> None:
    """Refuse a text that may hold more values than MAX_VALUES: one follows each mark at most."""
    if len(text) > MAX_VALUES and sum(map(text.count, marks)) > MAX_VALUES:
        raise BodyTooLarge(
            f"The body holds over {MAX_VALUES} values; at most {MAX_VALUES} are accepted."
            " Send fewer records at once."
        )


def _batch(records: list[object]) -> Body:
    if not records:
        raise MalformedBody("The batch is empty.")
    if len(records) > MAX_RECORDS:
        raise BatchTooLarge
    return Body(records, is_batch=True)
