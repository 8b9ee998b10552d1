"""What the agent keeps on disk: one SQLite file, written by several threads in turn."""

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

FILE_NAME = "agent.sqlite3"
LOCK_NAME = "agent.lock"
BUSY_SECONDS = 30.0
# Of each connection; the kernel caches the file as well, once for all of them.
CACHE_KILOBYTES = 1024
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS baseline (
    directory BLOB, name BLOB, st_mode INTEGER, size_bytes INTEGER, uid INTEGER, gid INTEGER,
    mtime_ns INTEGER, ctime_ns INTEGER, inode INTEGER, device INTEGER,
    sha256 BLOB, target BLOB, xattrs TEXT, unread TEXT,
    PRIMARY KEY (directory, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL, what TEXT, path BLOB, path_from BLOB,
    is_directory INTEGER
);
CREATE TABLE IF NOT EXISTS spool (
    seq INTEGER PRIMARY KEY, category TEXT, size_bytes INTEGER, log BLOB
);
-- Which logs go first where the spool is full.
CREATE INDEX IF NOT EXISTS spool_category ON spool (category, seq);
CREATE TABLE IF NOT EXISTS dropped (
    first_seq INTEGER PRIMARY KEY, last_seq INTEGER, count INTEGER
);
"""


class StateInUse(Exception):
    """Another agent runs with this state."""


class State:
    """The agent's database. Make it once for a process; each thread has a connection of its own.

    `synchronous=NORMAL`: what is committed outlives a killed process. Where the machine itself
    loses power, the last commits may be gone with the events that led to them, and the next start
    finds by its scan what the baseline does not know.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.path = os.path.join(directory, FILE_NAME)
        self._local = threading.local()
        self._write_lock = threading.Lock()
        os.makedirs(directory, mode=0o700, exist_ok=True)
        self._make_private()
        # For SQLite's temporary files: the systemd service may write nowhere else.
        os.environ["SQLITE_TMPDIR"] = directory
        self.connection().executescript(SCHEMA)

    def _make_private(self) -> None:
        """Make the file before SQLite does, for its owner alone.

        A file that exists is not opened here: closing it again would end all of SQLite's locks that
        this process holds, as POSIX has it, and another process would then reset the write-ahead
        log.
        """
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection; outside of `writing()` it is for reading."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            found.execute("PRAGMA journal_mode=WAL")
            found.execute("PRAGMA synchronous=NORMAL")
            found.execute("PRAGMA temp_store=MEMORY")
            found.execute(f"PRAGMA cache_size=-{CACHE_KILOBYTES}")
            self._local.connection = found
        return found

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write in one transaction. Threads wait for a lock here, not in SQLite's busy loop."""
        connection = self.connection()
        with self._write_lock:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def get(self, name: str, default: object = None) -> object:
        found = self.connection().execute("SELECT value FROM meta WHERE name = ?", (name,))
        row = found.fetchone()
        return row[0] if row else default

    def set(self, name: str, value: object) -> None:
        with self.writing() as connection:
            put_meta(connection, name, value)

    def close(self) -> None:
        """Close this thread's connection."""
        if connection := getattr(self._local, "connection", None):
            connection.close()
            self._local.connection = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other agents off this state. Raises StateInUse where one has it."""
        path = os.path.join(self.directory, LOCK_NAME)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            os.close(descriptor)
            raise StateInUse(f"An agent already runs with {self.directory}.") from exc
        try:
            yield
        finally:
            os.close(descriptor)


def put_meta(connection: sqlite3.Connection, name: str, value: object) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
