"""Fill an empty database with 90 made-up days, through the services that fill a real one."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from config.api.errors import DomainError
from fim.demo.fleet import HOSTS
from fim.demo.incidents import ANNA, BEN, incidents, sensor_events
from fim.demo.models import Demo
from fim.demo.play import Item, Progress, at_the_console, audit_dated, play
from fim.demo.routine import routine
from fim.demo.story import story
from fim.demo.watch import heartbeats, is_heard
from fim.models import FimLog
from fim.models.hosts import Host
from fim.record.new_log import NewLog
from threats.models import Event
from users.keys.services import create_key
from users.models import Key, Role, Scope, User

DAYS = 90
SENSORS = ("waf-1", "ids-1")
LAST_SIGN_IN = timedelta(hours=5)
BETWEEN_KEYS = timedelta(minutes=7)


class NotEmpty(DomainError):
    detail = (
        "This database is not empty, and the demo fills an empty one alone. Name another in"
        " DATABASE_URL, or run `make demo`, which makes one of its own."
    )


def fill_demo(*, password: str, now: datetime, on_progress: Progress) -> int:
    """Fill the database with a fleet's last 90 days; return how many logs there are.

    The same at the same `now`. In one transaction: what is stopped leaves nothing behind.
    Raises NotEmpty where anything is stored, a demo included.
    """
    with transaction.atomic():
        _refuse_data()
        Demo.objects.create(pk=1, made_at=now)
        _make_accounts(password, now)
        items = _timeline(now)
        play(items, now=now, on_progress=on_progress)
    return sum(isinstance(item, NewLog) for item in items)


def _refuse_data() -> None:
    models: tuple[type[Model], ...] = (Demo, User, Key, FimLog, Event, Host)
    if any(model._default_manager.exists() for model in models):
        raise NotEmpty


def _make_accounts(password: str, now: datetime) -> None:
    """People, two of whom can sign in, and the keys of the machines, whose texts nobody sees."""
    make, joined_at = User.objects.create_user, now - timedelta(days=DAYS)
    User.objects.create_superuser("admin", "", password, date_joined=joined_at)
    make("analyst", "", password, role=Role.ANALYST, date_joined=joined_at)
    for name in (ANNA, BEN):
        make(
            name,
            f"{name}@example.org",
            role=Role.ADMIN,
            date_joined=joined_at,
            last_login=now - LAST_SIGN_IN,
        )
    for number, host in enumerate(HOSTS):
        at = joined_at + number * BETWEEN_KEYS
        _make_key(at, name=host, scopes={Scope.POST_LOGS}, host=host, by=BEN)
    for sensor in SENSORS:
        _make_key(joined_at, name=sensor, scopes={Scope.POST_EVENTS}, by=ANNA)


def _make_key(at: datetime, *, by: str, **fields: Any) -> None:
    with audit_dated(at):
        key, _ = create_key(by=at_the_console(by), **fields)
    Key.objects.filter(pk=key.pk).update(created=at)


def _timeline(now: datetime) -> list[Item]:
    """Return all that happened until now, in its order."""
    today = timezone.localdate(now)
    items: list[Item] = [
        *routine(today, DAYS),
        *incidents(today),
        *sensor_events(today),
        *story(now),
        *heartbeats(now),
    ]
    happened = [item for item in items if item.timestamp <= now and _is_known(item, now)]
    happened.sort(key=lambda item: item.timestamp)
    _number(happened)
    return happened


def _is_known(item: Item, now: datetime) -> bool:
    return not isinstance(item, NewLog) or is_heard(item.host, item.timestamp, now)


def _number(items: Sequence[Item]) -> None:
    """Number each host's logs as its agent would."""
    seqs: Counter[str] = Counter()
    for item in items:
        if isinstance(item, NewLog):
            seqs[item.host] += 1
            item.seq = seqs[item.host]
