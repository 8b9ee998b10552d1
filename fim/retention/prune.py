"""Delete old logs little by little, so that ingest goes on meanwhile."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from fim.logs.export import read_batches
from fim.models import FimLog
from fim.store.deletes import delete_logs
from fim.store.dialect import dialect
from users.audit.actors import SYSTEM

Progress = Callable[[int, int], None]


def days_ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def logs_before(moment: datetime, categories: Sequence[str] = ()) -> QuerySet[FimLog]:
    """Return the logs from before a moment, of some categories or of all."""
    logs = FimLog.objects.filter(timestamp__lt=moment)
    return logs.filter(category__in=categories) if categories else logs


def prune_logs(
    logs: QuerySet[FimLog], *, batch_size: int, on_progress: Progress = lambda done, total: None
) -> int:
    """Delete logs with their raw records, oldest first; return how many there were.

    Each batch is a short transaction of its own, so that a run that is killed loses nothing but
    its rest. Events and alerts stay.
    """
    total, done = logs.count(), 0
    batches = read_batches(logs.only("pk", "timestamp"), newest_first=False, size=batch_size)
    for deleted in delete_batches([log.pk for log in batch] for batch in batches):
        done += deleted
        on_progress(done, total)
    return done


def delete_batches(batches: Iterable[Sequence[int]]) -> Iterator[int]:
    """Delete batches of ids, each in a transaction of its own; yield how many logs there were.

    Sleeps after each for as long as it took, so that others have the database half of the time.
    """
    for ids in batches:
        with dialect.write_lock():
            started = time.monotonic()
            deleted = delete_logs(ids, by=SYSTEM)
            seconds = time.monotonic() - started
        yield deleted
        time.sleep(seconds)
