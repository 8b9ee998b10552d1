"""Keep the day counts in step with the logs, and rebuild them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Count, F, Value, When

from fim.days import bounds_of_day, day_of
from fim.dialects import hold_counts_still
from fim.models import DayCount, FimLog

Key = tuple[date, str, str]
KEYS_A_STATEMENT = 500

UPSERT = (
    "INSERT INTO fim_daycount (day, host, category, count) VALUES {rows}"
    " ON CONFLICT (day, host, category)"
    " DO UPDATE SET count = fim_daycount.count + excluded.count"
)


def keys_of(logs: Iterable[tuple[datetime, str, str]]) -> Counter[Key]:
    """Count logs, given as (timestamp, host, category), by day, host and category."""
    return Counter((day_of(timestamp), host, category) for timestamp, host, category in logs)


def add_counts(counts: Counter[Key]) -> None:
    """Add to the day counts. The caller holds the logs' transaction.

    In the order of the keys, so that parallel transactions never wait for each other in a ring.
    """
    keys = sorted(counts)
    for start in range(0, len(keys), KEYS_A_STATEMENT):
        some = keys[start : start + KEYS_A_STATEMENT]
        values: list[str | int] = []
        for day, host, category in some:
            shown: Any = connection.ops.adapt_datefield_value(day)
            values += [shown, host, category, counts[day, host, category]]
        rows = ", ".join(["(%s, %s, %s, %s)"] * len(some))
        with connection.cursor() as cursor:
            cursor.execute(UPSERT.format(rows=rows), values)


def subtract_counts(counts: Counter[Key]) -> None:
    """Take deleted logs from the day counts. The caller holds the logs' transaction."""
    for day, host, category in sorted(counts):
        deleted = counts[day, host, category]
        DayCount.objects.filter(day=day, host=host, category=category).update(
            count=Case(When(count__gte=deleted, then=F("count") - deleted), default=Value(0))
        )


@dataclass(frozen=True)
class Recount:
    days: int
    drifted: int


def recount() -> Recount:
    """Rebuild the day counts from the logs; say how many counts had drifted.

    A day at a time, each in a short transaction of its own, so that ingest goes on.
    """
    days = _days_in_use()
    return Recount(len(days), sum(_recount_day(day) for day in days))


def _days_in_use() -> list[date]:
    return sorted({*DayCount.objects.values_list("day", flat=True), *_days_with_logs()})


def _days_with_logs() -> Iterator[date]:
    """Yield the day of the oldest log, then that of the oldest one after it, and so on."""
    logs = FimLog.objects.order_by("timestamp").values_list("timestamp", flat=True)
    moment = logs.first()
    while moment is not None:
        day = day_of(moment)
        yield day
        moment = logs.filter(timestamp__gte=bounds_of_day(day)[1]).first()


def _recount_day(day: date) -> int:
    start, end = bounds_of_day(day)
    with transaction.atomic():
        hold_counts_still()
        found = FimLog.objects.filter(timestamp__gte=start, timestamp__lt=end)
        rows = found.order_by().values_list("host", "category").annotate(n=Count("pk"))
        actual = {(host, category): n for host, category, n in rows}
        kept = {
            (row.host, row.category): row.count
            for row in DayCount.objects.filter(day=day).exclude(count=0)
        }
        wrong = [key for key in actual.keys() | kept.keys() if actual.get(key) != kept.get(key)]
        if wrong:
            DayCount.objects.filter(day=day).delete()
            add_counts(Counter({(day, *key): n for key, n in actual.items()}))
        return len(wrong)
