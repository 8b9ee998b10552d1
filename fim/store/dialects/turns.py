"""Whose turn it is to write, where a database has one writer or must have one."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_local = threading.local()


@contextmanager
def turn_to_write() -> Iterator[None]:
    """On SQLite, let the processes of a node write in turn; PostgreSQL has many writers.

    SQLite's own busy handler sleeps and tries again, so under load a waiting process is passed
    by again and again: with two processes the slowest of a hundred posts took 1.3 s. A file
    lock queues them. One thread of a process holds it at a time.
    """
    if connection.vendor == "postgresql":
        yield
        return
    path = f"{connection.settings_dict['NAME']}-turn"
    turn: _TurnFile | None = getattr(_local, "turn", None)
    if turn is None or (turn.path, turn.process) != (path, os.getpid()):
        turn = _local.turn = _TurnFile(path)
    fcntl.flock(turn.descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(turn.descriptor, fcntl.LOCK_UN)


class _TurnFile:
    """A thread's own open file, closed with it: who shares one, by `fork` too, shares its lock."""

    def __init__(self, path: str) -> None:
        self.path, self.process = path, os.getpid()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self.descriptor = os.open(path, flags, 0o600)

    def __del__(self) -> None:
        os.close(self.descriptor)


def hold_counts_still() -> None:
    """On PostgreSQL, let no other transaction change counts meanwhile; SQLite has one writer."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE fim_daycount, fim_hourcount IN SHARE ROW EXCLUSIVE MODE")
