"""Moments as tools write them. Pure."""

from datetime import UTC, datetime

from fim.record.parsed import as_number


def as_moment(value: object) -> str:
    """Return the ISO 8601 text of a moment that a log can have, as sent; "" for anything else.

    A moment in 1970 comes from a clock that was never set.
    """
    if not isinstance(value, str) or len(value) > 64:
        return ""
    try:
        return value if datetime.fromisoformat(value).year > 1970 else ""
    except ValueError:
        return ""


def timestamps(value: object) -> tuple[str, str]:
    """Return a log's `timestamp` and, of an odd time, what is kept as `timestamp_sent`."""
    if moment := as_moment(value):
        return moment, ""
    return "", value[:64] if isinstance(value, str) else ""


def moment_of_epoch(value: object) -> str:
    """Return the ISO 8601 text of that second; "" for 0, which says nothing, and anything else."""
    seconds = as_number(value)
    if not seconds:
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""
