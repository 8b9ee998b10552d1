"""Update the search index of SQLite in the background, after the commits that add subjects.

Adding a new subject's trigrams to the index takes longer than storing its log, and five times
longer alone than with five hundred others. So commits leave it out, a thread of each worker
process updates the index in steps, and a search reads subjects that are not in it yet one by one.
PostgreSQL's own index defers what is new in the same way (GIN's pending list).
"""

import time

from django.db import transaction

from config.periodic import PeriodicThread
from fim.store import sqlite
from fim.store.dialect import dialect

# One step: some 20 ms, in which no commit begins.
SUBJECTS_PER_STEP = 500
# What is added a second while new subjects come in: a small part of the node's time. The rest waits
# for a quiet second.
STEPS_WHILE_BUSY = 2


def index_subjects(*, max_steps: int | None = None) -> int:
    """Add subjects to the index, oldest first, until none is left; return how many were added.

    Each step is a transaction of its own, with a pause as long as itself for others to write.
    """
    added = steps = 0
    while max_steps is None or steps < max_steps:
        started = time.monotonic()
        with sqlite.write_lock(), transaction.atomic():
            found = sqlite.add_to_search_index(SUBJECTS_PER_STEP)
        added, steps = added + found, steps + 1
        if found < SUBJECTS_PER_STEP:
            break
        time.sleep(time.monotonic() - started)
    return added


class _Indexer:
    """Adds a few each second while new subjects come in, and all that are left once none came."""

    def __init__(self) -> None:
        self.newest = 0

    def index_some(self) -> None:
        before = self.newest
        mark, self.newest = sqlite.search_mark()
        if mark < self.newest:
            index_subjects(max_steps=None if self.newest == before else STEPS_WHILE_BUSY)


_thread = PeriodicThread("search index", _Indexer().index_some, every_seconds=1)


def start_indexing() -> None:
    """Begin in a thread of this process, on SQLite alone; a repeat does nothing."""
    if dialect is sqlite:
        _thread.start()
