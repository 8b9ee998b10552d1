"""Today and the days before from the hour counts, which cost the same whatever is stored."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from fim.models import Category, HourCount


@dataclass(frozen=True, slots=True)
class Today:
    """How many logs one category has today, and about how many it had yesterday by this time."""

    category: Category
    count: int
    yesterday: int

    @property
    def difference(self) -> int:
        return self.count - self.yesterday


def compare_with_yesterday(now: datetime) -> list[Today]:
    """Return today by category. Of yesterday's hour that is now, the part that has passed counts.

    One query, at most 192 rows.
    """
    local = timezone.localtime(now)
    today, hour, passed = local.date(), local.hour, (local.minute * 60 + local.second) / 3_600
    counts = dict.fromkeys(Category.values, 0)
    before = dict.fromkeys(Category.values, 0.0)
    found = HourCount.objects.filter(day__in=[today, today - timedelta(days=1)])
    for day, at, category, count in found.values_list("day", "hour", "category", "count"):
        if day == today:
            counts[category] += count
        elif at <= hour:
            before[category] += count if at < hour else count * passed
    return [Today(name, counts[name], round(before[name])) for name in Category]


def count_days(last: date, days: int) -> dict[str, list[int]]:
    """Return for each category the counts of the `days` days up to `last`, oldest first.

    One query, at most 96 rows a day.
    """
    first = last - timedelta(days=days - 1)
    rows = (
        HourCount.objects.filter(day__gte=first, day__lte=last)
        .order_by()
        .values_list("day", "category")
        .annotate(n=Sum("count"))
    )
    counts = {name: [0] * days for name in Category.values}
    for day, category, n in rows:
        counts[category][(day - first).days] = n
    return counts
