"""Logs that wait for the node, on disk, in the order of their `seq`."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from fim.agent.state.database import State, put_meta

SEQ = "seq"
# What is dropped where there is no room, in this order; malware and danger never are.
EXPENDABLE = ("normal", "suspicious")
# How much is dropped at once, so that a full spool does not drop at each new log.
DROPPED_SHARE = 0.02


class SpooledLog(NamedTuple):
    seq: int
    line: bytes


class Spool:
    """Filled by the engine in its own transactions, emptied by the sender.

    Bounded by the bytes of the logs that it holds. What it drops is kept as ranges of `seq` until
    `forget_dropped`, so that every drop is reported to the node.
    """

    def __init__(self, state: State, *, max_bytes: int) -> None:
        self._state = state
        self._max_bytes = max_bytes
        self.arrived = threading.Event()
        self._sending_to = 0
        self.recount()

    def recount(self) -> None:
        """Read again what the database says, after a transaction that failed."""
        self.seq = int(str(self._state.get(SEQ, 0)))
        found = self._state.connection().execute("SELECT sum(size_bytes) FROM spool")
        self.bytes_waiting = int(found.fetchone()[0] or 0)

    def __len__(self) -> int:
        found = self._state.connection().execute("SELECT count(*) FROM spool")
        return int(found.fetchone()[0])

    def append(self, connection: sqlite3.Connection, logs: Sequence[dict[str, Any]]) -> None:
        """Number the logs and keep them, as part of the caller's transaction."""
        if not logs:
            return
        lines = []
        for log in logs:
            self.seq += 1
            log["seq"] = self.seq
            lines.append((self.seq, log.get("category") or "normal", json.dumps(log).encode()))
        connection.executemany(
            "INSERT INTO spool VALUES (?, ?, ?, ?)",
            [(seq, category, len(line), line) for seq, category, line in lines],
        )
        put_meta(connection, SEQ, self.seq)
        self.bytes_waiting += sum(len(line) for _, _, line in lines)
        if self.bytes_waiting > self._max_bytes:
            self._drop(connection)

    def oldest(self, *, max_count: int, max_bytes: int) -> list[SpooledLog]:
        """Return the logs to send next; they are not dropped until they are removed or refused."""
        found = self._state.connection().execute(
            "SELECT seq, log FROM spool ORDER BY seq LIMIT ?", (max_count,)
        )
        batch: list[SpooledLog] = []
        size = 0
        for seq, line in found:
            size += len(line) + 1
            if batch and size > max_bytes:
                break
            batch.append(SpooledLog(seq, line))
        self._sending_to = batch[-1].seq if batch else 0
        return batch

    def remove(self, batch: Sequence[SpooledLog]) -> None:
        with self._state.writing() as connection:
            connection.executemany(
                "DELETE FROM spool WHERE seq = ?", [(waiting.seq,) for waiting in batch]
            )
            self.bytes_waiting -= sum(len(waiting.line) for waiting in batch)

    def waiting_since(self) -> float | None:
        """Return the Unix time of the oldest change whose log waits; None where none does."""
        found = self._state.connection().execute("SELECT log FROM spool ORDER BY seq LIMIT 1")
        row = found.fetchone()
        return datetime.fromisoformat(json.loads(row[0])["timestamp"]).timestamp() if row else None

    def dropped(self) -> list[tuple[int, int, int]]:
        """Return the ranges that were dropped: first `seq`, last `seq`, how many of them."""
        found = self._state.connection().execute(
            "SELECT first_seq, last_seq, count FROM dropped ORDER BY first_seq"
        )
        return found.fetchall()

    def forget_dropped(self, ranges: Sequence[tuple[int, int, int]]) -> None:
        """Forget ranges that were reported; one that grew meanwhile stays."""
        with self._state.writing() as connection:
            connection.executemany(
                "DELETE FROM dropped WHERE first_seq = ? AND last_seq = ? AND count = ?", ranges
            )

    def _drop(self, connection: sqlite3.Connection) -> None:
        wanted = self.bytes_waiting - self._max_bytes + int(self._max_bytes * DROPPED_SHARE)
        for category in EXPENDABLE:
            if wanted <= 0:
                return
            found = connection.execute(
                "SELECT seq, size_bytes FROM spool WHERE category = ? AND seq > ? ORDER BY seq",
                (category, self._sending_to),
            )
            doomed = []
            for seq, size in found:
                if wanted <= 0:
                    break
                doomed.append(seq)
                wanted -= size
                self.bytes_waiting -= size
            connection.executemany("DELETE FROM spool WHERE seq = ?", [(seq,) for seq in doomed])
            for first, last in _runs(doomed):
                _note_dropped(connection, first, last)


def _runs(seqs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Return the first and last of each unbroken run."""
    start = 0
    for place in range(1, len(seqs) + 1):
        if place == len(seqs) or seqs[place] != seqs[place - 1] + 1:
            yield seqs[start], seqs[place - 1]
            start = place


def _note_dropped(connection: sqlite3.Connection, first: int, last: int) -> None:
    """Extend the range that ends just before, or add one; ranges that then touch are not joined."""
    count = last - first + 1
    grown = connection.execute(
        "UPDATE dropped SET last_seq = ?, count = count + ? WHERE last_seq = ?",
        (last, count, first - 1),
    )
    if not grown.rowcount:
        connection.execute("INSERT INTO dropped VALUES (?, ?, ?)", (first, last, count))
