"""Elastic Common Schema: where it keeps what the contract's fields hold. Pure.

Shared by the formats of Auditbeat, Elastic Defend and plain ECS. Source of the names: Elastic's
"ECS field reference".
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from fim.record.categories import ELASTIC_RISKS
from fim.record.fields import EARLIEST, MAX_INTEGER, InvalidRecord
from fim.record.parsed import (
    Parsed,
    ParsedLog,
    as_number,
    as_sha256,
    as_text,
    compact,
    dig,
    event_id_of,
    first_text,
)

PATH_MISSING = {"path": ["The record names no file: file.path is missing."]}


def document_of(record: object) -> dict[str, Any]:
    """Return the document, out of the wrapper of a search hit; {} for a log of Picket's own."""
    if not isinstance(record, dict) or ("path" in record and "action" in record):
        return {}
    source = record.get("_source")
    return group(source if isinstance(source, dict) else record)


def group(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose keys are dotted, such as `file.path`, as objects by first name."""
    # One text to search is four times as fast as each key; keys are texts, as JSON has them.
    if "." not in "".join(document):
        return document
    groups = {
        key: dict(value) if isinstance(value, dict) else value
        for key, value in document.items()
        if "." not in key
    }
    for key, value in document.items():
        head, dot, rest = key.partition(".")
        if dot and isinstance(known := groups.setdefault(head, {}), dict):
            known.setdefault(rest, value)
    return groups


def part(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def words(value: object) -> list[str]:
    """Return the texts of a field, which ECS lets be one value or an array of them."""
    if isinstance(value, str):
        return [value]
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def host_of(document: dict[str, Any]) -> str:
    host = document.get("host")
    return host if isinstance(host, str) else first_text(host, "name", "hostname", "id")


def read_moment(value: object) -> str:
    """Return a moment as ISO text with its zone, UTC where it names none; "" for an odd one.

    A number is milliseconds since 1970, as Elasticsearch's date fields read it.
    """
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value / 1000, UTC)
        else:
            moment = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        return ""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.isoformat() if moment >= EARLIEST else ""


def happened_at(*values: object) -> tuple[str, str]:
    """Return the first usable moment, and what was sent instead where none is."""
    for value in values:
        if moment := read_moment(value):
            return moment, ""
    return "", next(filter(None, map(as_text, values)), "")


def file_fields(file: dict[str, Any]) -> dict[str, Any]:
    path = file.get("path")
    if not isinstance(path, str) or not path:
        raise InvalidRecord(PATH_MISSING)
    return {
        "path": path,
        "sha256": as_sha256(_hashes(file).get("sha256")),
        "size_bytes": whole_number(file.get("size")),
        "mode": as_text(file.get("mode")),
        "owner": as_text(file.get("owner")) or as_text(file.get("uid")),
        "group": as_text(file.get("group")) or as_text(file.get("gid")),
    }


def file_attributes(file: dict[str, Any]) -> dict[str, Any]:
    return {
        "hashes": other_hashes(_hashes(file)),
        "inode": as_text(file.get("inode")),
        "mtime": as_text(file.get("mtime")),
        "file_type": as_text(file.get("type")),
        "target": as_text(file.get("target_path")),
    }


def process_fields(process: dict[str, Any]) -> dict[str, Any]:
    return {
        "process": as_text(process.get("name")),
        "executable": as_text(process.get("executable")),
    }


def process_attributes(process: dict[str, Any]) -> dict[str, Any]:
    if not process:
        return {}
    return {
        "pid": whole_number(process.get("pid")),
        "ppid": whole_number(dig(process, "parent.pid")),
        "parent": first_text(process, "parent.executable", "parent.name"),
        "command_line": as_text(process.get("command_line")),
        "working_directory": as_text(process.get("working_directory")),
    }


def user_attributes(user: object) -> dict[str, Any]:
    if not isinstance(user, dict):
        return {}
    return {"user_domain": as_text(user.get("domain")), "user_id": as_text(user.get("id"))}


def _hashes(file: dict[str, Any]) -> dict[str, Any]:
    found = file.get("hash")
    if isinstance(found, dict):
        return found
    return {name[5:]: value for name, value in file.items() if name.startswith("hash.")}


def other_hashes(hashes: dict[str, Any]) -> dict[str, str]:
    """Return all hashes but a good SHA-256, which has a field of its own."""
    return {
        name: value
        for name, value in hashes.items()
        if isinstance(value, str) and value and not (name == "sha256" and as_sha256(value))
    }


def whole_number(value: object) -> int | None:
    number = as_number(value)
    return number if number is not None and number <= MAX_INTEGER else None


def judge_risk(risk_score: object, severity: object) -> tuple[str, str]:
    """Return the category and the severity of an event that scores from 0 to 100; "" for none."""
    for value in (risk_score, severity):
        if isinstance(value, str) and value.isdecimal():
            value = whole_number(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return next((row[1:] for row in ELASTIC_RISKS if value >= row[0]), ("", ""))
    return "", ""


def one_log(fields: dict[str, Any], attributes: dict[str, Any]) -> Parsed:
    return Parsed([ParsedLog(compact(fields | {"attributes": compact(attributes)}))])


def identify(tool: str, parts: Iterable[object]) -> str:
    """Return the event id; a document that is nested too deeply to be read again is refused."""
    try:
        return event_id_of(tool, parts)
    except RecursionError as exc:
        raise InvalidRecord({"non_field_errors": ["Is nested too deeply."]}) from exc
