"""From one foreign record to a log that can be stored. Pure: no Django, no clock, no database."""

import json
import math
import ntpath
import posixpath
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec

from fim.record.actions import ACTIONS, read_action
from fim.record.categories import read_severity

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
HASH = r"[0-9a-f]{64}"
ESCAPED_NUL = b"\\u0000"


class InvalidRecord(Exception):
    """A record that cannot be a log; `fields` says why, by field."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__(fields)
        self.fields = fields


class NewLog(msgspec.Struct, gc=False):
    """A log that is fit to be stored; the fields are those of the contract.

    A struct of msgspec's: made, and read as a row, in a sixth of what a dataclass takes.
    """

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
    attributes: dict[str, Any] = {}  # noqa: RUF012
    # Both 0 until it is stored.
    id: int = 0
    subject_id: int = 0
    # What the agent sent, packed, where its words are not Picket's own.
    raw: bytes = b""

    @property
    def file_name(self) -> str:
        return file_name_of(self.path)


def file_name_of(path: str) -> str:
    """Return the last part of a path; of a Windows path too, whose separator is a backslash."""
    is_windows = path[1:3] == ":\\" or path.startswith("\\\\")
    if is_windows:
        return ntpath.basename(path.rstrip("\\/")) or path
    return posixpath.basename(path.rstrip("/")) or path


_TEXTS = [
    (name, Annotated[str, msgspec.Meta(max_length=limit)], "") for name, limit in LIMITS.items()
]
_Number = Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)] | None
_Hash = Annotated[str, msgspec.Meta(pattern=rf"\A({HASH})?\Z")]

# A log's fields as a client sent them, each in itself as it may be.
SentLog: Any = msgspec.defstruct(
    "SentLog",
    [
        *(
            (name, Annotated[str, msgspec.Meta(max_length=LIMITS[name])], "")
            for name in TEXT_FIELDS
        ),
        *((name, _Hash, "") for name in HASH_FIELDS),
        *((name, _Number, None) for name in NUMBER_FIELDS),
        ("category", Literal[CATEGORIES] | None, None),
        ("event_id", uuid.UUID | None, None),
        ("timestamp", Any, None),
        ("attributes", dict[str, Any] | None, None),
        ("raw", str | None, None),
    ],
    gc=False,  # JSON has no cycles
)
_decode_one = msgspec.json.Decoder(SentLog).decode
_decode_many = msgspec.json.Decoder(list[SentLog]).decode


def decode_log(text: bytes) -> Any:
    """Return the SentLog that a JSON text is; None for whatever is none, without saying why.

    Decodes and checks in one step, ten times faster than `read_log`, which is the one to ask about
    what this one leaves alone: all that is wrong, and some things that are merely rare.
    """
    if ESCAPED_NUL in text:
        return None
    try:
        sent = _decode_one(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return sent if _read_rest(sent) else None


def decode_logs(text: bytes) -> list[Any] | None:
    """Return the SentLogs of a JSON array of nothing else; None for whatever is none."""
    if ESCAPED_NUL in text:
        return None
    try:
        many = _decode_many(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return many if all(map(_read_rest, many)) else None


def _read_rest(sent: Any) -> bool:
    """Read what the types do not say; False where `read_log` is to look at it."""
    if not sent.path or not sent.action or read_action(sent.action) is None:
        return False
    try:
        if sent.timestamp is not None:
            sent.timestamp = _read_timestamp("timestamp", sent.timestamp)
        if sent.attributes:
            _read_attributes("attributes", sent.attributes)
            # An agent's canary is no log.
            return "canary" not in sent.attributes
    except ValueError:
        return False
    return True


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
    return complete_log(SentLog(**values), received_at=received_at, default_host=default_host)


def complete_log(sent: Any, *, received_at: datetime, default_host: str) -> NewLog:
    """Return the log of a SentLog, with what its client left to the node."""
    timestamp, action = sent.timestamp, read_action(sent.action)
    if timestamp is None or timestamp > received_at + MAX_AHEAD:
        timestamp = received_at
    attributes = sent.attributes or {}
    if action != sent.action:
        attributes = attributes | {"action_sent": sent.action}
    category, rule = read_severity(sent.severity)
    # By place, which takes half of what names would.
    return NewLog(
        timestamp,
        received_at,
        sent.host or default_host,
        sent.category or category,
        str(action),
        sent.path,
        sent.event_id,
        sent.severity,
        sent.path_from,
        sent.user,
        sent.process,
        sent.executable,
        sent.sha256,
        sent.sha256_before,
        sent.size_bytes,
        sent.mode,
        sent.owner,
        sent.group,
        sent.rule or rule,
        sent.full_log,
        sent.source,
        sent.seq,
        attributes,
    )


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
    if text and not re.fullmatch(HASH, text):
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
