"""Keep the day counts and the hour counts in step with the logs, and rebuild them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Count, F, Value, When

from config.raw_sql import run
from fim.models import DayCount, FimLog, HourCount
from fim.models.days import HOURS, bounds_of_day, bounds_of_hour, day_of, hour_of
from fim.store.dialect import dialect

# Day, hour, host, category: fine enough for both tables.
Key = tuple[date, int, str, str]
DayKey = tuple[date, str, str]
HourKey = tuple[date, int, str]
KEYS_PER_STATEMENT = 500

ADD_TO_DAYS = (
    "INSERT INTO fim_daycount (day, host, category, count) VALUES {rows}"
    " ON CONFLICT (day, host, category)"
    " DO UPDATE SET count = fim_daycount.count + excluded.count"
)
ADD_TO_HOURS = (
    "INSERT INTO fim_hourcount (day, hour, category, count) VALUES {rows}"
    " ON CONFLICT (day, hour, category)"
    " DO UPDATE SET count = fim_hourcount.count + excluded.count"
)


def keys_of(logs: Iterable[tuple[datetime, str, str]]) -> Counter[Key]:
    """Count logs, given as (timestamp, host, category), by day, hour, host and category."""
    return Counter((*hour_of(timestamp), host, category) for timestamp, host, category in logs)


def add_counts(counts: Counter[Key]) -> None:
    """Add to the day counts and the hour counts. The caller holds the logs' transaction.

    Days before hours, each in the order of its keys, so that parallel transactions cannot deadlock.
    One statement for each table, for up to 500 of its keys.
    """
    _add(ADD_TO_DAYS, by_day(counts))
    _add(ADD_TO_HOURS, by_hour(counts))


def _add(statement: str, counts: Counter[Any]) -> None:
    keys = sorted(counts)
    for start in range(0, len(keys), KEYS_PER_STATEMENT):
        some = keys[start : start + KEYS_PER_STATEMENT]
        values: list[Any] = []
        for day, second, third in some:
            shown: Any = connection.ops.adapt_datefield_value(day)
            values += (shown, second, third, counts[day, second, third])
        run(_statement_of(statement, len(some)), values)


@cache
def _statement_of(statement: str, rows: int) -> str:
    return statement.format(rows=", ".join(["(%s, %s, %s, %s)"] * rows))


def by_day(counts: Counter[Key]) -> Counter[DayKey]:
    found: Counter[DayKey] = Counter()
    for (day, _, host, category), count in counts.items():
        found[day, host, category] += count
    return found


def by_hour(counts: Counter[Key]) -> Counter[HourKey]:
    found: Counter[HourKey] = Counter()
    for (day, hour, _, category), count in counts.items():
        found[day, hour, category] += count
    return found


def subtract_counts(counts: Counter[Key]) -> None:
    """Take deleted logs from both tables. The caller holds the logs' transaction."""
    days, hours = by_day(counts), by_hour(counts)
    for day, host, category in sorted(days):
        of_day = DayCount.objects.filter(day=day, host=host, category=category)
        of_day.update(count=_reduced_by(days[day, host, category]))
    for day, hour, category in sorted(hours):
        of_hour = HourCount.objects.filter(day=day, hour=hour, category=category)
        of_hour.update(count=_reduced_by(hours[day, hour, category]))


def _reduced_by(deleted: int) -> Case:
    return Case(When(count__gte=deleted, then=F("count") - deleted), default=Value(0))


@dataclass(frozen=True)
class Recount:
    days: int
    drifted: int


def recount() -> Recount:
    """Rebuild day counts and hour counts from the logs; return how many of them had drifted.

    A day at a time, each in a short transaction of its own, so that ingest goes on.
    """
    days = _days_in_use()
    return Recount(len(days), sum(_recount_day(day) for day in days))


def _days_in_use() -> list[date]:
    counted = DayCount.objects.values_list("day", flat=True).union(
        HourCount.objects.values_list("day", flat=True)
    )
    return sorted({*counted, *_days_with_logs()})


def _days_with_logs() -> Iterator[date]:
    """Yield the day of the oldest log, then that of the oldest one after it, and so on."""
    logs = FimLog.objects.order_by("timestamp").values_list("timestamp", flat=True)
    moment = logs.first()
    while moment is not None:
        day = day_of(moment)
        yield day
        moment = logs.filter(timestamp__gte=bounds_of_day(day)[1]).first()


def _recount_day(day: date) -> int:
    with transaction.atomic():
        dialect.hold_counts_still()
        actual = _count_logs(day)
        drifted = _drift(by_day(actual), _stored_days(day))
        drifted += _drift(by_hour(actual), _stored_hours(day))
        if drifted:
            DayCount.objects.filter(day=day).delete()
            HourCount.objects.filter(day=day).delete()
            add_counts(actual)
    return drifted


def _count_logs(day: date) -> Counter[Key]:
    counts: Counter[Key] = Counter()
    for hour in HOURS:
        start, end = bounds_of_hour(day, hour)
        found = FimLog.objects.filter(timestamp__gte=start, timestamp__lt=end).order_by()
        for host, category, n in found.values_list("host", "category").annotate(n=Count("pk")):
            counts[day, hour, host, category] = n
    return counts


def _stored_days(day: date) -> dict[DayKey, int]:
    rows = DayCount.objects.filter(day=day).exclude(count=0)
    return {(day, row.host, row.category): row.count for row in rows}


def _stored_hours(day: date) -> dict[HourKey, int]:
    rows = HourCount.objects.filter(day=day).exclude(count=0)
    return {(day, row.hour, row.category): row.count for row in rows}


def _drift(actual: Counter[Any], stored: dict[Any, int]) -> int:
    return sum(actual[key] != stored.get(key, 0) for key in actual.keys() | stored.keys())
