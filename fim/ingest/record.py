"""From one foreign record to a log that can be stored. Pure: no Django, no clock, no database."""

import json
import math
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fim.ingest.actions import ACTIONS, read_action
from fim.ingest.categories import read_severity

CATEGORIES = ("malware", "danger", "suspicious", "normal")

# Characters a text field may have. Linux allows paths of 4,096 bytes (PATH_MAX) and names of
# hosts, users and groups far below 255.
LIMITS = {
    "host": 255,
    "severity": 255,
    "action": 64,
    "path": 4096,
    "path_from": 4096,
    "user": 255,
    "process": 1024,
    "executable": 4096,
    "sha256": 64,
    "sha256_before": 64,
    "mode": 64,
    "owner": 255,
    "group": 255,
    "rule": 255,
    "full_log": 65_536,
    "source": 64,
}
TEXT_FIELDS = tuple(LIMITS)
HASH_FIELDS = ("sha256", "sha256_before")
NUMBER_FIELDS = ("size_bytes", "seq")
MAX_INTEGER = 2**63 - 1
MAX_ATTRIBUTES_CHARACTERS = 65_536
MAX_ATTRIBUTES_DEPTH = 8
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# A clock may be a little off; what is further ahead than this is not believed.
MAX_AHEAD = timedelta(minutes=10)


class InvalidRecord(Exception):
    """A record that cannot be a log; `fields` says why, by field."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__(fields)
        self.fields = fields


@dataclass(slots=True)
class NewLog:
    """A log that is fit to be stored; the fields are those of the contract."""

    timestamp: datetime
    received_at: datetime
    host: str
    category: str
    action: str
    path: str
    event_id: uuid.UUID | None = None
    severity: str = ""
    path_from: str = ""
    user: str = ""
    process: str = ""
    executable: str = ""
    sha256: str = ""
    sha256_before: str = ""
    size_bytes: int | None = None
    mode: str = ""
    owner: str = ""
    group: str = ""
    rule: str = ""
    full_log: str = ""
    source: str = ""
    seq: int | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    # What the agent sent, packed, where its words are not Picket's own.
    raw: bytes = b""
    # Both 0 until it is stored.
    id: int = 0
    subject_id: int = 0


def read_log(record: object, *, received_at: datetime, default_host: str) -> NewLog:
    """Return the log that a canonical record describes; unknown fields are ignored.

    Raises InvalidRecord, which names every bad field at once.
    """
    if not isinstance(record, dict):
        raise InvalidRecord({"non_field_errors": ["A log is a JSON object."]})
    errors: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for name, read in READERS.items():
        value = record.get(name)
        if value is None:
            continue
        try:
            values[name] = read(name, value)
        except ValueError as exc:
            errors[name] = [str(exc)]
    for name in ("path", "action"):
        if name not in errors and not values.get(name):
            errors[name] = ["This field is required."]
    if errors:
        raise InvalidRecord(errors)
    return _complete(values, received_at=received_at, default_host=default_host)


def _complete(values: dict[str, Any], *, received_at: datetime, default_host: str) -> NewLog:
    values["received_at"] = received_at
    values["host"] = values.get("host") or default_host
    timestamp = values.get("timestamp")
    if timestamp is None or timestamp > received_at + MAX_AHEAD:
        values["timestamp"] = received_at
    sent = values["action"]
    values["action"] = read_action(sent)
    if sent != values["action"]:
        values["attributes"] = values.get("attributes", {}) | {"action_sent": sent}
    category, rule = read_severity(values.get("severity", ""))
    values.setdefault("category", category)
    if rule and not values.get("rule"):
        values["rule"] = rule
    return NewLog(**values)


def read_text(name: str, value: object) -> str:
    """Return a text within its limit; raise ValueError with a message for the client."""
    if not isinstance(value, str):
        raise ValueError("Takes a text.")
    if len(value) > LIMITS[name]:
        raise ValueError(f"Has {len(value)} characters; at most {LIMITS[name]} are accepted.")
    if not is_storable(value):
        raise ValueError("Holds a NUL or a lone surrogate, which is no text.")
    return value


def is_storable(text: str) -> bool:
    """Say whether both databases can hold the text: UTF-8 without NUL."""
    if "\x00" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_action(name: str, value: object) -> str:
    text = read_text(name, value)
    if text and read_action(text) is None:
        raise ValueError(f"Is no known action; it takes one of {', '.join(ACTIONS)}.")
    return text


def _read_category(name: str, value: object) -> str:
    if value not in CATEGORIES:
        raise ValueError(f"Takes one of {', '.join(CATEGORIES)}.")
    return str(value)


def _read_hash(name: str, value: object) -> str:
    text = read_text(name, value).lower()
    if text and not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError("Takes the 64 hexadecimal digits of a SHA-256.")
    return text


def _read_number(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_INTEGER:
        raise ValueError(f"Takes a whole number from 0 to {MAX_INTEGER}.")
    return value


def _read_event_id(name: str, value: object) -> uuid.UUID:
    try:
        return uuid.UUID(value)  # type: ignore[arg-type]
    except (ValueError, AttributeError, TypeError) as exc:
        raise ValueError("Takes a UUID.") from exc


def _read_timestamp(name: str, value: object) -> datetime | None:
    """Return the moment, in UTC where no zone is named; None for one past the calendar's end."""
    if not isinstance(value, str) or len(value) > 64:
        raise ValueError("Takes an ISO 8601 moment, such as 2026-01-31T23:59:59Z.")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as exc:
        raise ValueError("Is no ISO 8601 moment, such as 2026-01-31T23:59:59Z.") from exc
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        if moment.year > EARLIEST.year:
            return None
        moment = datetime.min.replace(tzinfo=UTC)
    if moment < EARLIEST:
        raise ValueError("Is before 1970; no file changed then.")
    return moment


def _read_attributes(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("Takes a JSON object.")
    _check_json(value, MAX_ATTRIBUTES_DEPTH)
    size = len(json.dumps(value))
    if size > MAX_ATTRIBUTES_CHARACTERS:
        raise ValueError(
            f"Has {size} characters as JSON; at most {MAX_ATTRIBUTES_CHARACTERS} are accepted."
        )
    return value


def _check_json(value: object, depth: int) -> None:
    """Refuse what PostgreSQL's jsonb or SQLite's JSON cannot hold, and deep nesting."""
    if isinstance(value, str):
        if not is_storable(value):
            raise ValueError("Holds a NUL or a lone surrogate, which is no text.")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("Holds a number that is too large.")
    elif isinstance(value, dict | list):
        if depth == 0:
            raise ValueError(f"Is nested more than {MAX_ATTRIBUTES_DEPTH} levels deep.")
        for key in value if isinstance(value, dict) else ():
            _check_json(key, depth)
        for item in value.values() if isinstance(value, dict) else value:
            _check_json(item, depth - 1)


READERS = (
    dict.fromkeys(TEXT_FIELDS, read_text)
    | dict.fromkeys(HASH_FIELDS, _read_hash)
    | dict.fromkeys(NUMBER_FIELDS, _read_number)
    | {
        "event_id": _read_event_id,
        "timestamp": _read_timestamp,
        "category": _read_category,
        "action": _read_action,
        "attributes": _read_attributes,
    }
)
