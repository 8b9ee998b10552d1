"""Counters that all worker processes of a node share: one small SQLite file.

Django's file and database caches read, add and write in three steps, so parallel requests slip
through; a memory cache counts in each worker by itself. One upsert in SQLite does neither, and
with `synchronous=OFF` it touches no disk: what a power cut loses here is a throttle's count.
"""

import sqlite3
import threading
from pathlib import Path

UPSERT = """
INSERT INTO counter (key, started_at, count) VALUES (:key, :now, 1)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN started_at <= :now - :period THEN 1 ELSE count + 1 END,
    started_at = CASE WHEN started_at <= :now - :period THEN :now ELSE started_at END
RETURNING count, started_at
"""
# A fleet has thousands of callers, not millions; what is older than any period can go.
KEEP_SECONDS = 2 * 86400

_local = threading.local()


def add_one(path: Path, key: str, *, period_seconds: int, now: float) -> tuple[int, float]:
    """Count one more for `key`; return its count and when its window began (Unix seconds).

    A window begins with its first count and lasts `period_seconds`.
    """
    connection = _connection(path)
    values = {"key": key, "now": now, "period": period_seconds}
    count, started_at = connection.execute(UPSERT, values).fetchone()
    return count, started_at


def _connection(path: Path) -> sqlite3.Connection:
    if getattr(_local, "path", None) != path:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=10, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS counter"
            " (key TEXT PRIMARY KEY, started_at REAL NOT NULL, count INTEGER NOT NULL)"
            " WITHOUT ROWID"
        )
        connection.execute(
            "DELETE FROM counter WHERE started_at < unixepoch() - ?", (KEEP_SECONDS,)
        )
        _local.path, _local.connection = path, connection
    return _local.connection
