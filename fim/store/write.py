"""Store logs: the rows, their day counts and their events in one transaction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from fim.models import Category, FimLog, RawRecord
from fim.record.new_log import NewLog
from fim.store.counts import add_counts, keys_of
from fim.store.dialect import dialect
from fim.store.subjects import assign_subjects
from threats.deduplication import record_deduplicated_events
from threats.models import Severity

# Which logs raise an event, and how severe it is.
EVENT_SEVERITIES: dict[str, Severity] = {
    Category.MALWARE: Severity.CRITICAL,
    Category.DANGER: Severity.HIGH,
}


@dataclass(frozen=True, slots=True)
class StoredLogs:
    """New logs, which have their ids now, and repeats."""

    logs: list[NewLog]
    duplicates: list[NewLog]


def store_logs(new_logs: Sequence[NewLog]) -> StoredLogs:
    """Store logs, count them by day and raise the events of malware and danger ones.

    A log whose (host, event_id) is stored already, or stands earlier in the same batch, is a
    duplicate and changes nothing. All or nothing: when this returns, everything is committed.
    Costs an insert, a statement for the counts, and two or three an event; repeats one more.
    """
    if not new_logs:
        return StoredLogs([], [])
    with transaction.atomic():
        for log, pk in zip(new_logs, dialect.reserve_ids(len(new_logs)), strict=True):
            log.id = pk
        assign_subjects(new_logs)
        if dialect.insert_logs(new_logs) == len(new_logs):
            stored = StoredLogs(list(new_logs), [])
        else:
            stored = _split(new_logs)
        if raws := [RawRecord(log_id=log.id, content=log.raw) for log in stored.logs if log.raw]:
            RawRecord.objects.bulk_create(raws)
        _raise_events(stored.logs)
        add_counts(keys_of((log.timestamp, log.host, log.category) for log in stored.logs))
    return stored


def _split(new_logs: Sequence[NewLog]) -> StoredLogs:
    """Split the logs into new ones and repeats: the insert left out the ids that no row has."""
    ids = [log.id for log in new_logs]
    inserted = set(
        FimLog.objects.filter(pk__gte=min(ids), pk__lte=max(ids))
        .order_by()
        .values_list("pk", flat=True)
    )
    return StoredLogs(
        [log for log in new_logs if log.id in inserted],
        [log for log in new_logs if log.id not in inserted],
    )


def _raise_events(logs: Sequence[NewLog]) -> None:
    by_key: dict[str, list[NewLog]] = {}
    for log in logs:
        if log.category in EVENT_SEVERITIES:
            by_key.setdefault(dedup_key_of(log), []).append(log)
    if by_key:
        record_deduplicated_events([_event_of(key, same) for key, same in by_key.items()])


def _event_of(dedup_key: str, same: Sequence[NewLog]) -> dict[str, Any]:
    first = same[0]
    return {
        "source_name": first.host,
        "event_type": f"fim.{first.category}",
        "severity": EVENT_SEVERITIES[first.category],
        "description": _describe(first),
        "dedup_key": dedup_key,
        "count": len(same),
    }


def dedup_key_of(log: NewLog) -> str:
    """Return the dedup key of a log's event: the same for one host, path and category."""
    digest = hashlib.sha256(f"{log.host}\0{log.path}".encode()).hexdigest()
    return f"fim.{log.category}:{digest}"


def _describe(log: NewLog) -> str:
    what = f"{log.rule}: {log.path} was {log.action}" if log.rule else f"{log.path} {log.action}"
    by = f" by {log.user}" if log.user else ""
    through = f" through {log.process}" if log.process else ""
    return f"{what}{by}{through} on {log.host}."
