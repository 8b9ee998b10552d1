"""What a fleet does all day: sessions and caches, backups, releases, security updates."""

import hashlib
import random
import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from django.utils import timezone

from fim.demo.fleet import HOSTS, PACKAGES, Habit, Package, habits_of, hosts_of
from fim.record.new_log import NewLog

SATURDAY = 5
SOURCE = "picket-agent"
HOUR_SECONDS = 3_600
LAST_SECOND = 86_399
# Working days are busiest in the late morning and after lunch.
RUSH = (0.31, 0.8)


def moment(day: date, clock: str) -> datetime:
    """Return the moment of a local time such as 10:42 or 02:41:07."""
    return _aware(datetime.combine(day, time.fromisoformat(clock)))


def routine(today: date, days: int) -> Iterator[NewLog]:
    """Yield the logs of so many days, today's last, whole and in no order.

    The same for the same day, however far it is away: each host's day has a seed of its own.
    """
    for days_ago in range(days):
        day = today - timedelta(days=days_ago)
        busy = random.Random(days_ago).uniform(0.7, 1.3)  # noqa: S311
        for host in HOSTS:
            draws = random.Random(f"{host} {days_ago}")  # noqa: S311
            for habit in habits_of(host):
                yield from _habit_logs(habit, host, day, draws, busy=busy)
    for package in PACKAGES:
        yield from _upgrades(package, today)


def new_log(at: datetime, host: str, draws: random.Random, **fields: Any) -> NewLog:
    """Return a log as an agent would send it a moment later."""
    return NewLog(
        **{
            "timestamp": at,
            "received_at": at + timedelta(milliseconds=draws.randint(80, 900)),
            "host": host,
            "category": "normal",
            "action": "modified",
            "event_id": uuid.UUID(int=draws.getrandbits(128), version=4),
            "source": SOURCE,
            **fields,
        }
    )


def hash_of(path: str, version: int) -> str:
    """Return the SHA-256 that a made-up file has in one of its versions."""
    return hashlib.sha256(f"{path} {version}".encode()).hexdigest()


def random_hash(draws: random.Random) -> str:
    return f"{draws.getrandbits(256):064x}"


def _habit_logs(
    habit: Habit, host: str, day: date, draws: random.Random, *, busy: float
) -> Iterator[NewLog]:
    share = habit.weekend if day.weekday() >= SATURDAY else 1.0
    for _ in range(_whole(habit.per_day * share * busy * draws.uniform(0.8, 1.2), draws)):
        number = int(habit.kinds ** draws.random())
        facts = {} if habit.action == "deleted" else _facts(habit.mode, habit.user, draws)
        yield new_log(
            _within(habit.hours, day, draws),
            host,
            draws,
            category=habit.category,
            action=habit.action,
            path=habit.path.format(n=number, x=f"{draws.getrandbits(64):016x}"),
            user=habit.user,
            process=habit.process,
            executable=habit.executable,
            rule=habit.rule,
            attributes={"pid": draws.randint(900, 32_000)},
            **facts,
        )


def _facts(mode: str, owner: str, draws: random.Random) -> dict[str, Any]:
    return {
        "mode": mode,
        "owner": owner,
        "group": owner,
        "size_bytes": int(10 ** draws.uniform(2.2, 6.2)),
        "sha256": random_hash(draws),
    }


def _whole(number: float, draws: random.Random) -> int:
    """Round up as often as the fraction says, so that rare things happen now and then."""
    return int(number) + (draws.random() < number % 1)


def _within(hours: tuple[int, int], day: date, draws: random.Random) -> datetime:
    first, last = hours
    is_whole_day = last - first == 24
    share = draws.random()
    if is_whole_day and draws.random() < 0.6:
        share = draws.triangular(*RUSH, sum(RUSH) / 2)
    seconds = (first + share * (last - first)) * HOUR_SECONDS
    start = datetime.combine(day, time.min)
    return _aware(
        start + timedelta(seconds=min(seconds, 86_399), microseconds=draws.randrange(10**6))
    )


def _upgrades(package: Package, today: date) -> Iterator[NewLog]:
    """Yield a burst for each version: the same files on all hosts of the role, minutes apart."""
    known = [(0, "", package.version_before), *package.versions]
    for (_, _, before), (days_ago, clock, version) in pairwise(known):
        draws = random.Random(f"{package.name} {version}")  # noqa: S311
        explained_by = {
            "package": package.name,
            "version": version,
            "version_before": before,
            "tool": "dpkg",
        }
        hashes = [random_hash(draws) for _ in package.files]
        at = moment(_working_day(today - timedelta(days=days_ago)), clock)
        for host in hosts_of(package.role):
            at += timedelta(seconds=draws.uniform(20, 50))
            for path, sha256 in zip(package.files, hashes, strict=True):
                yield new_log(
                    at + timedelta(seconds=draws.random() * 3),
                    host,
                    draws,
                    path=path,
                    user="root",
                    process="dpkg -> /",
                    executable="/usr/bin/dpkg",
                    mode="0755" if "/bin" in path or "/sbin" in path else "0644",
                    owner="root",
                    group="root",
                    sha256=sha256,
                    size_bytes=int(10 ** draws.uniform(3, 6)),
                    attributes={"explained_by": explained_by, "pid": draws.randint(900, 32_000)},
                )


def _working_day(day: date) -> date:
    """Return the day, or the Friday before it: nobody brings new versions at a weekend."""
    return day - timedelta(days=max(0, day.weekday() - SATURDAY + 1))


def _aware(local: datetime) -> datetime:
    return local.replace(tzinfo=timezone.get_default_timezone())
