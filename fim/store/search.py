"""Searches of logs: by text, path or user, which their subjects have; by rule, log by log."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from fim.models import FimLogQuerySet
from fim.models.logs import holds
from fim.store.dialect import dialect

# A text that more subjects hold than this is found faster by reading the newest logs.
MAX_RARE_SUBJECTS = 2_000
# How many logs are read, newest first, for what has no index of its own.
MAX_SCANNED_LOGS = 10_000


@dataclass(frozen=True, slots=True)
class LogSearch:
    """The logs of `base` that have one of `subjects`; all of them where that is None.

    The two are kept apart because PostgreSQL reads either the newest logs of each subject or the
    newest of all: in one QuerySet the logs without the condition could not be had any more.
    """

    base: FimLogQuerySet
    subjects: tuple[int, ...] | None = None

    @property
    def logs(self) -> FimLogQuerySet:
        if self.subjects is None:
            return self.base
        return self.base.filter(subject_id__in=self.subjects)

    def filter(self, *conditions: Any, **values: Any) -> "LogSearch":
        """Narrow the base, as a QuerySet's own method does; so filters of a list take either."""
        return replace(self, base=self.base.filter(*conditions, **values))

    def of_subjects(self, ids: Iterable[int]) -> "LogSearch":
        return LogSearch(self.logs, tuple(ids))

    def newest_ids(self, limit: int) -> list[int]:
        """Return the ids of the newest logs, at most so many. The base is newest first."""
        return dialect.newest_ids(self.base, self.subjects, limit)


def search_logs(search: LogSearch, text: str) -> LogSearch:
    """Search for a text, whatever its case, in path, user or process.

    Costs what the text finds, not what is stored, for texts of three characters and more.
    """
    subjects = dialect.search_subjects(text, limit=MAX_RARE_SUBJECTS + 1)
    if subjects is not None and len(subjects) <= MAX_RARE_SUBJECTS:
        return search.of_subjects(subjects)
    return scan_logs(search, text)


def scan_logs(search: LogSearch, text: str) -> LogSearch:
    """Search for the same by reading each row: for callers that read all in batches anyway."""
    return search.filter(holds(text))


def logs_whose(search: LogSearch, name: str, value: str) -> LogSearch:
    """Search for logs whose `path` or `user` is exactly a value.

    A value that too many subjects have is common, and looked for in the newest logs alone.
    """
    subjects = dialect.subjects_whose(name, value, limit=MAX_RARE_SUBJECTS + 1)
    if subjects is not None and len(subjects) <= MAX_RARE_SUBJECTS:
        return search.of_subjects(subjects)
    return among_newest(search, **{name: value})


def among_newest(search: LogSearch, **exactly: str) -> LogSearch:
    """Search the newest `MAX_SCANNED_LOGS` logs for those that have exactly these values.

    One query finds the oldest of them, so that no list reads beyond it.
    """
    newest = search.logs.newest()
    last = MAX_SCANNED_LOGS - 1
    for moment, pk in newest.values_list("timestamp", "pk")[last : last + 1]:
        # From the oldest one on, itself included.
        newest = newest.newer_than(moment, pk - 1)
    return LogSearch(newest.filter(**exactly))
