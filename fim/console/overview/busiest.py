"""What is busiest today: hosts by day counts; paths, users and rules among the newest logs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, Sum

from fim.models import Category, DayCount, FimLog
from fim.models.days import bounds_of_day

SHOWN = 5
# Day counts know no paths, users and rules. So many rows are read in a few milliseconds.
NEWEST_READ = 2_000
BAD = [Category.MALWARE, Category.DANGER]


@dataclass(frozen=True, slots=True)
class Busy:
    name: str
    count: int
    # Of these, how many are malware or danger.
    bad_count: int


@dataclass(frozen=True, slots=True)
class BusyLogs:
    """The busiest among the newest logs of a day, and how many logs that were."""

    read: int
    paths: list[Busy]
    users: list[Busy]
    rules: list[Busy]


def busiest_hosts(day: date) -> list[Busy]:
    """Return the hosts with the most logs of a day. One query over its day counts."""
    rows = (
        DayCount.objects.filter(day=day, count__gt=0)
        .order_by()
        .values_list("host")
        .annotate(n=Sum("count"), bad=Sum("count", filter=Q(category__in=BAD)))
        .order_by("-n", "host")
    )
    return [Busy(host, n, bad or 0) for host, n, bad in rows[:SHOWN]]


def busiest_of_newest(day: date) -> BusyLogs:
    """Return what is busiest among the newest 2,000 logs of a day. One query."""
    start, end = bounds_of_day(day)
    newest = FimLog.objects.filter(timestamp__gte=start, timestamp__lt=end).newest()
    rows = list(newest.values_list("category", "path", "user", "rule")[:NEWEST_READ])
    return BusyLogs(
        len(rows),
        _busiest((row[1], row[0]) for row in rows),
        _busiest((row[2], row[0]) for row in rows),
        _busiest((row[3], row[0]) for row in rows),
    )


def _busiest(named: Iterable[tuple[str, str]]) -> list[Busy]:
    counts: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    for name, category in named:
        if name:
            counts[name] += 1
            bad[name] += category in BAD
    return [Busy(name, count, bad[name]) for name, count in counts.most_common(SHOWN)]
