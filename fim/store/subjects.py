"""Find or make the subjects of new logs."""

import hashlib
from collections.abc import Iterable

from fim.record.new_log import NewLog
from fim.store.dialect import dialect


def assign_subjects(logs: Iterable[NewLog]) -> None:
    """Set each log's subject id; make the subjects that are new.

    The caller holds the transaction. One query for 500 subjects, two more where some are new.
    """
    by_digest: dict[bytes, list[NewLog]] = {}
    for log in logs:
        by_digest.setdefault(_digest_of(log), []).append(log)
    ids = dialect.subject_ids(list(by_digest))
    if missing := sorted(by_digest.keys() - ids.keys()):
        # In order, so that parallel batches cannot deadlock.
        dialect.insert_subjects([(digest, by_digest[digest][0]) for digest in missing])
        ids |= dialect.subject_ids(missing)
    for digest, same in by_digest.items():
        for log in same:
            log.subject_id = ids[digest]


def _digest_of(log: NewLog) -> bytes:
    text = f"{log.path}\0{log.user}\0{log.process}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
