"""Counters that all worker processes of a node share: one small SQLite file.

Django's file and database caches read, add and write in three steps, so parallel requests slip
through; a memory cache counts in each worker by itself. One upsert in SQLite does neither, and
in WAL with `synchronous=NORMAL` it waits for the disk only when a checkpoint does: what a power
cut loses here is a throttle's last counts, never the file.
"""

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

UPSERT = """
INSERT INTO counter (key, started_at, count) VALUES (:key, :now, :more)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN started_at > :now - :period AND started_at <= :now + :slack
        THEN count + :more ELSE :more END,
    started_at = CASE WHEN started_at > :now - :period AND started_at <= :now + :slack
        THEN started_at ELSE :now END
RETURNING count, started_at
"""
# Longer than any throttle's period. Older counters are deleted, and a fleet has thousands of
# callers, so the table stays small.
KEEP_SECONDS = 2 * 86400
# Requests may reach the file in another order than they read the clock, so a window may begin this
# much ahead of now. One that begins later is from before the clock was set back, and starts anew.
SLACK_SECONDS = 60

# A process leases a thousandth of a limit at once, since an upsert for each request would cost a
# tenth of storing a log. What it leases and does not use is lost until the window ends.
SHARES_OF_A_LIMIT = 1_000
MAX_LEASES = 10_000

_local = threading.local()
_leases: dict[tuple[Path, str], "Lease"] = {}
# The threads of a process wait for each other here: SQLite's busy handler would sleep for a
# millisecond and more, where an upsert takes a fiftieth of one.
_lock = threading.Lock()


@dataclass(slots=True)
class Lease:
    """Counts of a window that this process gives out by itself: after `count`, up to `last`."""

    count: int
    last: int
    started_at: float


def add_one(
    path: Path, key: str, *, period_seconds: int, now: float, limit: int = 0
) -> tuple[int, float]:
    """Count one more for `key`; return its count and when its window began (Unix seconds).

    A window begins with its first count and lasts `period_seconds`. Raises sqlite3.Error. Of a
    `limit` over 1,000 each process leases a thousandth at once: together they never let more
    pass than the limit, and each may refuse up to a thousandth of it too early.
    """
    with _lock:
        lease = _leases.get((path, key))
        if lease is None or lease.count >= lease.last or not _is_within(lease, period_seconds, now):
            lease = _take_lease(path, key, period_seconds, now, 1 + limit // SHARES_OF_A_LIMIT)
        lease.count += 1
        return lease.count, lease.started_at


def _is_within(lease: Lease, period_seconds: int, now: float) -> bool:
    return now - period_seconds < lease.started_at <= now + SLACK_SECONDS


def _take_lease(path: Path, key: str, period_seconds: int, now: float, more: int) -> Lease:
    values = {"key": key, "now": now, "period": period_seconds, "slack": SLACK_SECONDS}
    row = _connection(path, now).execute(UPSERT, values | {"more": more}).fetchone()
    if len(_leases) >= MAX_LEASES:
        _leases.clear()
    lease = _leases[path, key] = Lease(row[0] - more, row[0], row[1])
    return lease


def _connection(path: Path, now: float) -> sqlite3.Connection:
    """Return this thread's connection; the first of each day deletes old counters."""
    is_fresh = abs(now - getattr(_local, "opened_at", now)) < KEEP_SECONDS / 2
    if getattr(_local, "path", None) != path or not is_fresh:
        if old := getattr(_local, "connection", None):
            old.close()
        _local.connection = _open(path)
        _local.connection.execute("DELETE FROM counter WHERE started_at < ?", (now - KEEP_SECONDS,))
        _local.path, _local.opened_at = path, now
    return _local.connection


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS counter"
        " (key TEXT PRIMARY KEY, started_at REAL NOT NULL, count INTEGER NOT NULL)"
        " WITHOUT ROWID"
    )
    return connection
