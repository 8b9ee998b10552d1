"""From the bytes of a request to records: bounded, unpacked, split. Knows no field of a log."""

import zlib
from dataclasses import dataclass
from http import HTTPStatus

from config.errors import DomainError
from config.parsers import parse_json

MAX_RECORDS = 10_000
GZIP_WINDOW_BITS = 31  # zlib's manual, inflateInit2: 16 for a gzip header, 15 for any window


class BodyTooLarge(DomainError):
    code = "body_too_large"
    http_status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def __init__(self, what: str, limit_bytes: int) -> None:
        super().__init__(f"{what}; at most {limit_bytes} bytes are accepted.")


class BatchTooLarge(DomainError):
    code = "batch_too_large"
    http_status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    detail = f"The batch has over {MAX_RECORDS} records; at most {MAX_RECORDS} are accepted."


class MalformedBody(DomainError):
    code = "malformed_body"


class UnknownEncoding(DomainError):
    code = "unknown_encoding"
    http_status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


@dataclass(frozen=True, slots=True)
class Malformed:
    """Stands where a line of NDJSON is no JSON."""


@dataclass(frozen=True, slots=True)
class Body:
    records: list[object]
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
    unpacked = bytearray()
    while raw:
        stream = zlib.decompressobj(GZIP_WINDOW_BITS)
        try:
            unpacked += stream.decompress(raw, limit_bytes + 1 - len(unpacked))
        except zlib.error as exc:
            raise MalformedBody("The body is not valid gzip.") from exc
        if len(unpacked) > limit_bytes:
            raise BodyTooLarge(f"The body unpacks to over {limit_bytes} bytes", limit_bytes)
        if not stream.eof:
            raise MalformedBody("The gzip body ends too early.")
        raw = stream.unused_data
    return bytes(unpacked)


def read_json(text: bytes) -> Body:
    """Return the one record of a JSON object, or those of an array.

    Raises MalformedBody (400) and BatchTooLarge (413).
    """
    try:
        value = parse_json(text)
    except ValueError as exc:
        raise MalformedBody("The body is not valid JSON.") from exc
    if isinstance(value, dict):
        return Body([value], is_batch=False)
    if not isinstance(value, list):
        raise MalformedBody("The body takes a JSON object or an array of objects.")
    return _batch(value)


def read_ndjson(text: bytes) -> Body:
    """Return a record a line; empty lines do not count, a line that is no JSON is `Malformed`.

    Raises MalformedBody (400) and BatchTooLarge (413).
    """
    records: list[object] = []
    for line in text.split(b"\n"):
        if line.isspace() or not line:
            continue
        if len(records) == MAX_RECORDS:
            raise BatchTooLarge
        try:
            records.append(parse_json(line))
        except ValueError:
            records.append(Malformed())
    return _batch(records)


def _batch(records: list[object]) -> Body:
    if not records:
        raise MalformedBody("The batch is empty.")
    if len(records) > MAX_RECORDS:
        raise BatchTooLarge
    return Body(records, is_batch=True)
