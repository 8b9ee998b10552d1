"""Fill an empty database with 90 made-up days, through the services that fill a real one."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from config.errors import DomainError
from demo.fleet import HOSTS
from demo.incidents import ANNA, BEN, incidents, sensor_events
from demo.models import Demo
from demo.play import Item, Progress, at_the_console, audit_dated, play
from demo.routine import routine
from demo.story import story
from demo.watch import heartbeats, is_heard
from fim.hosts.models import Host
from fim.ingest.record import NewLog
from fim.models import FimLog
from threats.models import Event
from users.models import Key, Role, Scope, User
from users.services import create_key

DAYS = 90
SENSORS = ("waf-1", "ids-1")


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
        _make_accounts(password, joined_at=now - timedelta(days=DAYS))
        items = _timeline(now)
        play(items, now=now, on_progress=on_progress)
    return sum(isinstance(item, NewLog) for item in items)


def _refuse_data() -> None:
    models: tuple[type[Model], ...] = (Demo, User, Key, FimLog, Event, Host)
    if any(model._default_manager.exists() for model in models):
        raise NotEmpty


def _make_accounts(password: str, *, joined_at: datetime) -> None:
    """People, two of whom can sign in, and the keys of the machines, whose texts nobody sees."""
    make = User.objects.create_user
    User.objects.create_superuser("admin", "", password, date_joined=joined_at)
    make("analyst", "", password, role=Role.ANALYST, date_joined=joined_at)
    for name in (ANNA, BEN):
        make(name, f"{name}@example.org", role=Role.ADMIN, date_joined=joined_at)
    with audit_dated(joined_at):
        for host in HOSTS:
            by = at_the_console(BEN)
            create_key(name=host, scopes={Scope.POST_LOGS}, host=host, created_by=by)
        for sensor in SENSORS:
            by = at_the_console(ANNA)
            create_key(name=sensor, scopes={Scope.POST_EVENTS}, created_by=by)
    Key.objects.update(created=joined_at)


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
    """Give the logs the numbers that their agents count."""
    seqs: Counter[str] = Counter()
    for item in items:
        if isinstance(item, NewLog):
            seqs[item.host] += 1
            item.seq = seqs[item.host]
