"""Seconds since 1970, as tools send them: a number or its digits. Pure."""

from datetime import UTC, datetime

from fim.ingest.parsed import as_number


def moment_of_epoch(value: object) -> str:
    """Return the ISO 8601 text of that second; "" for 0, which says nothing, and anything else."""
    seconds = as_number(value)
    if not seconds:
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""
