"""What the agents of the demo's hosts say of themselves: most are well, three are not."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fim.demo.fleet import HOSTS

# A demo's agents send nothing while it is looked at, so they promise little.
EVERY = timedelta(hours=6)
SILENT_HOST, SILENT_FOR, SILENT_EVERY = "build-2", timedelta(hours=9), timedelta(minutes=1)
# Between two and five heartbeats: late, and not silent yet.
LATE_HOST, LATE_FOR = "db-2", timedelta(hours=15)
BLIND_HOST, BLIND_FOR = "web-3", timedelta(minutes=40)
# Another tool watches it, which sends no heartbeat.
OTHER_TOOLS_HOST = "files-1"
DROPPED = {"first_seq": 18_201, "last_seq": 18_455, "count": 255}


@dataclass(frozen=True, slots=True)
class Heartbeat:
    timestamp: datetime
    host: str
    report: dict[str, Any]
    dropped: tuple[dict[str, int], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Round:
    """The node looks for hosts that are silent."""

    timestamp: datetime


def is_heard(host: str, at: datetime, now: datetime) -> bool:
    return host != SILENT_HOST or at < now - SILENT_FOR


def heartbeats(now: datetime) -> Iterator[Heartbeat | Round]:
    """Yield what was last heard of each host, and what the node made of the silence of one."""
    ages = {SILENT_HOST: SILENT_FOR, LATE_HOST: LATE_FOR}
    for number, host in enumerate(HOSTS):
        if host != OTHER_TOOLS_HOST:
            at = now - ages.get(host, timedelta(seconds=7 + number))
            dropped = (DROPPED,) if host == "mail-1" else ()
            report = _report(host, number, now)
            yield Heartbeat(at, host, report, dropped)
            if host == BLIND_HOST:
                yield Heartbeat(now - BLIND_FOR, host, report)
    yield Round(now - SILENT_FOR + 6 * SILENT_EVERY)
    yield Round(now)


def _report(host: str, number: int, now: datetime) -> dict[str, Any]:
    is_blind = host == BLIND_HOST
    every = SILENT_EVERY if host == SILENT_HOST else EVERY
    return {
        "source": "picket-agent",
        "version": "1.0.0",
        "every_seconds": int(every.total_seconds()),
        "started_at": now - timedelta(days=11 + number, hours=number),
        "watches": 1_840 + 37 * number,
        "spool_depth": 0,
        "spool_bytes": 0,
        "last_scan_at": now - timedelta(hours=16, minutes=24 + number),
        "last_scan_seconds": 11.4 + number,
        "lag_seconds": 0.3,
        "overflows": 0,
        "ignored": 920 + 61 * number,
        "blind_since": now - BLIND_FOR if is_blind else None,
        "blind_roots": ["/var/log"] if is_blind else [],
    }
