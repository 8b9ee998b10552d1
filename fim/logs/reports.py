"""Reports. They read day counts, never rows, so they cost the same whatever is stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Sum

from fim.models import Category, DayCount, FimLog
from fim.models.days import bounds_of_day


@dataclass(frozen=True, slots=True)
class DayReport:
    """How many logs a day had, in all and by category."""

    date: date
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def as_json(self) -> dict[str, object]:
        return {"date": self.date.isoformat(), "total": self.total, **self.counts}


def report_day(day: date) -> DayReport:
    """Return one day's counts. One query."""
    return report_days(day, 1)[0]


def report_days(last: date, days: int) -> list[DayReport]:
    """Return the counts of the `days` days up to `last`, oldest first, empty ones as zeros.

    One query.
    """
    first = last - timedelta(days=days - 1)
    rows = (
        DayCount.objects.filter(day__gte=first, day__lte=last)
        .values_list("day", "category")
        .annotate(n=Sum("count"))
    )
    found = {(day, category): n for day, category, n in rows}
    return [
        DayReport(day, {name: found.get((day, name), 0) for name in Category.values})
        for day in (first + timedelta(days=n) for n in range(days))
    ]


def logs_of_day(day: date, *, limit: int) -> Iterator[tuple[str, list[FimLog]]]:
    """Yield each category with its newest logs of a day, at most `limit`. Four queries.

    One category after the other: a thousand logs of each at once would be 30 MB.
    """
    start, end = bounds_of_day(day)
    found = FimLog.objects.filter(timestamp__gte=start, timestamp__lt=end).newest()
    for name in Category.values:
        yield name, list(found.filter(category=name)[:limit])
