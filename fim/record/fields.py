"""The fields of a log: which there are, and how large each may be. Pure."""

from datetime import UTC, datetime, timedelta

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
# A clock may be a little off; a timestamp that is further ahead than this is refused.
MAX_AHEAD = timedelta(minutes=10)
HASH = r"[0-9a-f]{64}"


class InvalidRecord(Exception):
    """A record that cannot be a log; `fields` says why, by field."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__(fields)
        self.fields = fields


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
    """Return whether both databases can hold the text: UTF-8 without NUL."""
    if "\x00" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
