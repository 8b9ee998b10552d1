"""What a format reads from one foreign record, and the functions that formats share. Pure."""

import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ParsedLog:
    """A file change in the contract's fields; what the record does not say is absent.

    `raw` is the piece of the record that this log came from, where a record holds many.
    `is_local_time` says that a timestamp without a zone is in the node's, not in UTC;
    `is_timeless` that the event id was made of a record that names no time, so that the same find
    months later has the same one.
    """

    fields: dict[str, Any]
    raw: object = None
    is_local_time: bool = False
    is_timeless: bool = False


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """A record of a known tool that is no file change, but may need a person's attention.

    `severity` is one of LOW, MEDIUM, HIGH and CRITICAL. `event_id` is the same for a repeat.
    """

    source_name: str
    event_type: str
    severity: str
    description: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """Logs and events of one record; neither means that the record is to be ignored."""

    logs: list[ParsedLog] = field(default_factory=list)
    events: list[ParsedEvent] = field(default_factory=list)


IGNORED = Parsed()
HEXADECIMAL = frozenset("0123456789abcdef")


def dig(record: object, dotted: str) -> Any:
    """Return what stands at `a.b.c`, in nested objects or under a dotted key; None if nothing."""
    if not isinstance(record, dict):
        return None
    if dotted in record:
        return record[dotted]
    head, dot, rest = dotted.partition(".")
    while dot:
        if head in record and (found := dig(record[head], rest)) is not None:
            return found
        more, dot, rest = rest.partition(".")
        head = f"{head}.{more}"
    return None


def as_text(value: object) -> str:
    """Return a text or a number as text; "" for anything else, which says nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def first_text(record: object, *dotted: str) -> str:
    """Return the first of several places that holds a text which is not empty."""
    for name in dotted:
        if text := as_text(dig(record, name)):
            return text
    return ""


def as_number(value: object) -> int | None:
    """Return a whole number from 0 up, also from its digits; None for anything else."""
    if isinstance(value, str) and value.isdigit() and value.isascii() and len(value) < 20:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None


def with_last_hash(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a deleted file's fields with its last hashes as those before.

    Tools report them as the file's, or as those after. Where one reports both, both stay.
    """
    fields = dict(fields)
    attributes = dict(fields.pop("attributes", {}))
    for holder, name in ((fields, "sha256"), (attributes, "hashes")):
        if name in holder and f"{name}_before" not in holder:
            holder[f"{name}_before"] = holder.pop(name)
    return fields | {"attributes": attributes}


def as_sha256(value: object) -> str:
    """Return the 64 digits of a SHA-256 in lower case, "" for anything else."""
    text = value.lower() if isinstance(value, str) and len(value) == 64 else ""
    return "" if set(text) - HEXADECIMAL else text


def compact(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is empty: None, empty texts, lists and objects."""
    # 0 and False are values, not empty; every other falsy value is.
    return {name: value for name, value in fields.items() if value or isinstance(value, int)}


def event_id_of(tool: str, parts: Iterable[object]) -> str:
    """Return the UUID of a record that names none itself: the same for the same parts.

    The parts are those by which the tool itself distinguishes records, or the whole record.
    """
    text = json.dumps([tool, *parts], sort_keys=True, separators=(",", ":"))
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]))
