"""The state of the running agent, as its heartbeats report it."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Status:
    """A snapshot. Moments are Unix times.

    `unwatched` are directories that are scanned instead, with the reason; `dropped` are ranges of
    `seq`: first, last, count; `lag_seconds` is the age of the oldest log that waits.
    """

    started_at: float
    seq: int = 0
    watches: int = 0
    unwatched: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    waiting: int = 0
    spool_depth: int = 0
    spool_bytes: int = 0
    last_scan_at: float | None = None
    last_scan_seconds: float | None = None
    lag_seconds: float = 0.0
    overflows: int = 0
    dropped: list[tuple[int, int, int]] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    refused: int = 0

    @property
    def ignored_count(self) -> int:
        return sum(self.ignored.values())

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
