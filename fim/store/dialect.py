"""What SQLite and PostgreSQL do differently. No other code of `fim.store` asks which it is."""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from django.db import connection
from django.db.models import Exists, Q

from fim.models import FimLogQuerySet
from fim.record.new_log import NewLog
from fim.store import postgresql, sqlite


class Dialect(Protocol):
    """What each database's module provides; how and why, that module says."""

    def write_lock(self) -> AbstractContextManager[None]:
        """Make the processes of a node write one after the other, where the database needs it."""

    def hold_counts_still(self) -> None:
        """Keep other transactions from changing counts. The caller holds a transaction."""

    def reserve_ids(self, count: int) -> Sequence[int]:
        """Return the next ids of logs, ascending. The caller's transaction will use them."""

    def insert_logs(self, logs: Sequence[NewLog]) -> int:
        """Insert logs that have their ids; leave out those whose (host, event_id) is stored.

        Returns how many were inserted. Goes past the ORM, whose models and compilers take four
        times longer than the database itself.
        """

    def set_event_ids(self, event_ids: Mapping[int, uuid.UUID]) -> None:
        """Store the event ids of logs, by log id, in a fraction of the time of `bulk_update`."""

    def subject_ids(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """Return the ids of the subjects that are stored, by digest.

        Past the ORM: it takes a fifth of what a lone log costs to build this query.
        """

    def insert_subjects(self, new: Sequence[tuple[bytes, NewLog]]) -> None:
        """Insert the subjects of logs, given with their digests; leave out stored ones."""

    def search_subjects(self, text: str, *, limit: int) -> list[int] | None:
        """Return the ids of subjects that hold a text in path, user or process, in any case.

        At most `limit`, in no order. None where more are expected: they would not be used.
        """

    def subjects_whose(self, name: str, value: str, *, limit: int) -> list[int] | None:
        """Return the ids of subjects whose path, user or process (`name`) is exactly a value.

        At most `limit`, in no order. None where listing them would cost more than reading logs.
        """

    def has_value(self, name: str, values: Sequence[str]) -> Q | Exists:
        """Return the condition that a column has one of the values, beside another index's."""

    def newest_ids(
        self, logs: FimLogQuerySet, subjects: Sequence[int] | None, limit: int
    ) -> list[int]:
        """Return the ids of the `logs`, newest first, that have one of the `subjects`.

        At most `limit`; where `subjects` is None, those of any subject.
        """

    def has_search_index(self) -> bool:
        """Return whether searches have their index; True before the first migration."""

    def reclaim_space(self) -> int:
        """Free the space of deleted logs; return how many bytes the file system got back."""


DIALECTS: dict[str, Dialect] = {"postgresql": postgresql, "sqlite": sqlite}
dialect = DIALECTS[connection.vendor]
