"""Store logs: the rows, their day counts and their events in one transaction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Q

from fim.counts import add_counts, keys_of
from fim.dialects import insert_logs, reserve_ids
from fim.ingest.record import NewLog
from fim.models import Category, FimLog, RawRecord
from threats.models import Severity
from threats.services import record_event

# Which logs a person must hear of, and how urgently.
EVENT_SEVERITIES: dict[str, Severity] = {
    Category.MALWARE: Severity.CRITICAL,
    Category.DANGER: Severity.HIGH,
}
# How often a batch starts over because a parallel request stored one of its logs first. Each
# time at least one more of its logs is known to be stored.
MAX_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class StoredLogs:
    """New logs, which have their ids now, and repeats."""

    logs: list[NewLog]
    duplicates: list[NewLog]


def store_logs(new_logs: Sequence[NewLog]) -> StoredLogs:
    """Store logs, count them by day and raise the events of malware and danger ones.

    A log whose (host, event_id) is stored already, or stands earlier in the same batch, is a
    duplicate and changes nothing. All or nothing: when this returns, everything is committed.
    Costs a query for 500 event ids, one insert, one for the counts, and two or three an event.
    """
    for _ in range(MAX_ATTEMPTS):
        fresh, duplicates = _split(new_logs)
        try:
            with transaction.atomic():
                _insert(fresh)
            return StoredLogs(fresh, duplicates)
        except IntegrityError as exc:
            # Between the look and the insert a parallel request stored a log of this batch. Where
            # none did, it was another constraint.
            failure = exc
            if len(_split(fresh)[1]) == 0:
                raise
    raise failure


def _split(new_logs: Sequence[NewLog]) -> tuple[list[NewLog], list[NewLog]]:
    """Return those logs that are not stored yet, and the repeats."""
    seen = _stored_keys(new_logs)
    fresh: list[NewLog] = []
    duplicates: list[NewLog] = []
    for log in new_logs:
        key = (log.host, log.event_id)
        if log.event_id is not None and key in seen:
            duplicates.append(log)
            continue
        seen.add(key)
        fresh.append(log)
    return fresh, duplicates


def _stored_keys(new_logs: Sequence[NewLog]) -> set[tuple[str, object]]:
    by_host: dict[str, list[object]] = {}
    for log in new_logs:
        if log.event_id is not None:
            by_host.setdefault(log.host, []).append(log.event_id)
    keys: set[tuple[str, object]] = set()
    for host, ids in by_host.items():
        for start in range(0, len(ids), 500):
            same = Q(host=host, event_id__in=ids[start : start + 500])
            keys.update(FimLog.objects.filter(same).order_by().values_list("host", "event_id"))
    return keys


def _insert(fresh: Sequence[NewLog]) -> None:
    if not fresh:
        return
    for log, pk in zip(fresh, reserve_ids(len(fresh)), strict=True):
        log.id = pk
    # In one order for everyone, so that parallel batches wait for each other in one direction.
    insert_logs(sorted(fresh, key=lambda log: (log.host, str(log.event_id))))
    RawRecord.objects.bulk_create(
        RawRecord(log_id=log.id, content=log.raw) for log in fresh if log.raw
    )
    _raise_events(fresh)
    add_counts(keys_of((log.timestamp, log.host, log.category) for log in fresh))


def _raise_events(logs: Sequence[NewLog]) -> None:
    troubles: dict[str, list[NewLog]] = {}
    for log in logs:
        if log.category in EVENT_SEVERITIES:
            troubles.setdefault(dedup_key_of(log), []).append(log)
    for dedup_key, same in sorted(troubles.items()):
        first = same[0]
        record_event(
            source_name=first.host,
            event_type=f"fim.{first.category}",
            severity=EVENT_SEVERITIES[first.category],
            description=_describe(first),
            dedup_key=dedup_key,
            count=len(same),
        )


def dedup_key_of(log: NewLog) -> str:
    """Return the dedup key of a log's event: the same for one host, path and category."""
    digest = hashlib.sha256(f"{log.host}\0{log.path}".encode()).hexdigest()
    return f"fim.{log.category}:{digest}"


def _describe(log: NewLog) -> str:
    what = f"{log.rule}: {log.path} was {log.action}" if log.rule else f"{log.path} {log.action}"
    by = f" by {log.user}" if log.user else ""
    through = f" through {log.process}" if log.process else ""
    return f"{what}{by}{through} on {log.host}."
