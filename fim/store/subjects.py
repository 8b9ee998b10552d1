"""Subjects of logs: given to new logs, and searched for."""

import hashlib
from collections.abc import Iterable

from django.db.models import Q

from fim.models import FimLogQuerySet
from fim.models.logs import holds
from fim.record.new_log import NewLog
from fim.store.dialect import dialect

# Of a text that stands in more subjects than this, the newest logs are found sooner by looking at
# the newest logs.
MAX_RARE_SUBJECTS = 2_000
# How many logs are read, newest first, for what has no index of its own.
SCANNED_LOGS = 10_000


def assign_subjects(logs: Iterable[NewLog]) -> None:
    """Give each log the id of its subject; make those that are new.

    The caller holds the transaction. One query for 500 subjects, two more where some are new.
    """
    by_digest: dict[bytes, list[NewLog]] = {}
    for log in logs:
        by_digest.setdefault(_digest_of(log), []).append(log)
    ids = dialect.subject_ids(list(by_digest))
    if missing := sorted(by_digest.keys() - ids.keys()):
        # In order, so that parallel batches wait for each other in one direction.
        dialect.insert_subjects([(digest, by_digest[digest][0]) for digest in missing])
        ids |= dialect.subject_ids(missing)
    for digest, same in by_digest.items():
        for log in same:
            log.subject_id = ids[digest]


def search_logs(logs: FimLogQuerySet, text: str) -> FimLogQuerySet:
    """Return the logs that hold a text, whatever its case, in path, user or process.

    Costs what the text finds, not what is stored, for texts of three characters and more.
    """
    subjects = _rare_subjects(text)
    if subjects is not None:
        return logs.of_subjects(subjects)
    return scan_logs(logs, text)


def scan_logs(logs: FimLogQuerySet, text: str) -> FimLogQuerySet:
    """Return the same logs by reading each row: for who reads them all anyway, in batches."""
    return logs.filter(holds(text))


def logs_whose(logs: FimLogQuerySet, name: str, value: str) -> FimLogQuerySet:
    """Return the logs whose `path` or `user` is exactly a value.

    Where too many subjects have it, it is common, and looked for among the newest logs alone.
    """
    subjects = dialect.subjects_whose(name, value, limit=MAX_RARE_SUBJECTS + 1)
    if subjects is not None and len(subjects) <= MAX_RARE_SUBJECTS:
        return logs.of_subjects(subjects)
    return among_newest(logs, **{name: value})


def among_newest(logs: FimLogQuerySet, **exactly: str) -> FimLogQuerySet:
    """Return which of the newest `SCANNED_LOGS` logs have exactly these values, newest first.

    One query for the last of them, so that a list reads no further than to its own end.
    """
    newest = logs.newest()
    for moment, pk in newest.values_list("timestamp", "pk")[SCANNED_LOGS - 1 : SCANNED_LOGS]:
        is_older = Q(timestamp=moment) & Q(pk__lt=pk)
        newest = newest.filter(timestamp__gte=moment).exclude(is_older)
    return newest.filter(**exactly)


def _rare_subjects(text: str) -> list[int] | None:
    """Return the ids of all subjects that hold a text; None where they are too many to list."""
    found = dialect.search_subjects(text, limit=MAX_RARE_SUBJECTS + 1)
    return found if found is not None and len(found) <= MAX_RARE_SUBJECTS else None


def _digest_of(log: NewLog) -> bytes:
    text = f"{log.path}\0{log.user}\0{log.process}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
