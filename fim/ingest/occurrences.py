"""Event ids for logs that name none, so that importing a file again stores nothing twice."""

import hashlib
import json
import sqlite3
from types import TracebackType
from typing import Any

from fim.formats import picket
from fim.record.parsed import event_id_of

# A temporary database: SQLite keeps it in a file of its own once it outgrows the cache, so that a
# file of any length is counted in bounded memory, and no other process sees or waits for it.
SETUP = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -8000;
    CREATE TABLE seen (digest BLOB PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID;
    BEGIN;
"""
COUNT = """
    INSERT INTO seen VALUES (?, 1)
    ON CONFLICT (digest) DO UPDATE SET times = times + 1 RETURNING times
"""


class Occurrences:
    """Counts equal records of one file: the first, the second and so on are different logs."""

    def __enter__(self) -> "Occurrences":
        self.database = sqlite3.connect("", isolation_level=None)
        self.database.executescript(SETUP)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.database.close()

    def identified(self, record: object) -> object:
        """Return a log of Picket's own with an event id; any other record as it is.

        The id is made of what the record holds and of how many equal ones came before it in the
        file. So it is the same in a second run, and in a copy of the file under another name.
        """
        if not isinstance(record, dict) or not picket.recognises(record) or record.get("event_id"):
            return record
        return {**record, "event_id": event_id_of("import", [record, self._count(record)])}

    def _count(self, record: dict[str, Any]) -> int:
        text = json.dumps(record, sort_keys=True)
        digest = hashlib.sha256(text.encode()).digest()[:16]
        return self.database.execute(COUNT, (digest,)).fetchone()[0]
