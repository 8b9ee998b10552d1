"""Fill an empty database with 90 made-up days, through the services that fill a real one."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Model
from django.db.models.signals import pre_save
from django.utils import timezone

from config.errors import DomainError
from demo.fleet import HOSTS
from demo.incidents import ANNA, BEN, Handling, Item, SensorEvent, incidents, sensor_events
from demo.models import Demo
from demo.routine import routine
from demo.story import story
from fim.ingest.record import NewLog
from fim.ingest.store import EVENT_SEVERITIES, dedup_key_of, store_logs
from fim.models import FimLog
from threats.models import Alert, AlertChange, Event, Status
from threats.services import change_alert, record_event
from users.audit import Who
from users.models import AuditEntry, Door, Key, Role, Scope, User
from users.services import create_key

DAYS = 90
LOGS_A_BATCH = 2_000
SENSORS = ("waf-1", "ids-1")
OFFICE_ADDRESS = "10.0.7.12"

Progress = Callable[[int, int], None]


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
        _play(items, on_progress)
    return sum(isinstance(item, NewLog) for item in items)


def _refuse_data() -> None:
    models: tuple[type[Model], ...] = (Demo, User, Key, FimLog, Event)
    if any(model._default_manager.exists() for model in models):
        raise NotEmpty


def _make_accounts(password: str, *, joined_at: datetime) -> None:
    """People, two of whom can sign in, and the keys of the machines, whose texts nobody sees."""
    make = User.objects.create_user
    User.objects.create_superuser("admin", "", password, date_joined=joined_at)
    make("analyst", "", password, role=Role.ANALYST, date_joined=joined_at)
    for name in (ANNA, BEN):
        make(name, f"{name}@example.org", role=Role.ADMIN, date_joined=joined_at)
    with _audit_dated(joined_at):
        for host in HOSTS:
            by = _at_the_console(BEN)
            create_key(name=host, scopes={Scope.POST_LOGS}, host=host, created_by=by)
        for sensor in SENSORS:
            create_key(name=sensor, scopes={Scope.POST_EVENTS}, created_by=_at_the_console(ANNA))
    Key.objects.update(created=joined_at)


def _timeline(now: datetime) -> list[Item]:
    today = timezone.localdate(now)
    items: list[Item] = [
        *routine(today, DAYS),
        *incidents(today),
        *sensor_events(today),
        *story(now),
    ]
    return sorted(
        (item for item in items if item.timestamp <= now), key=lambda item: item.timestamp
    )


def _play(items: Sequence[Item], on_progress: Progress) -> None:
    """Let everything happen in its order; logs that raise nothing go in batches."""
    quiet: list[NewLog] = []
    for done, item in enumerate(items, start=1):
        is_quiet = isinstance(item, NewLog) and item.category not in EVENT_SEVERITIES
        if isinstance(item, NewLog) and is_quiet:
            quiet.append(item)
        if not is_quiet or len(quiet) == LOGS_A_BATCH or done == len(items):
            store_logs(quiet)
            quiet = []
            on_progress(done, len(items))
        if not is_quiet:
            with _audit_dated(item.timestamp):
                _happen(item)


@contextmanager
def _audit_dated(at: datetime) -> Iterator[None]:
    """Date what is written into the audit list: it cannot be changed afterwards."""

    def date(instance: AuditEntry, **_: object) -> None:
        instance.recorded_at = at

    pre_save.connect(date, sender=AuditEntry, weak=False)
    try:
        yield
    finally:
        pre_save.disconnect(date, sender=AuditEntry)


def _happen(item: Item) -> None:
    match item:
        case NewLog():
            store_logs([item])
            _date_event(_unresolved(dedup_key_of(item)).event, item.timestamp)
        case SensorEvent():
            recorded = record_event(
                source_name=item.source_name,
                event_type=item.event_type,
                severity=item.severity,
                description=item.description,
                dedup_key=item.dedup_key,
            )
            _date_event(recorded.event, item.timestamp)
        case Handling():
            _handle(item)


def _date_event(event: Event, at: datetime) -> None:
    """Move an event, and its alert, from now to the time at which it would have come."""
    events = Event.objects.filter(pk=event.pk)
    events.update(last_seen_at=at)
    if event.count == 1:
        events.update(timestamp=at)
        Alert.objects.filter(event=event).update(created_at=at)


def _handle(handling: Handling) -> None:
    alert = _unresolved(handling.dedup_key)
    last = AlertChange.objects.order_by("pk").last()
    # Who acknowledges an alert that nobody has takes it.
    takes = handling.status == Status.ACK and not alert.assignee
    change_alert(
        alert,
        by=_at_the_console(handling.by),
        status=handling.status,
        assignee=handling.by if takes else None,
        note=handling.note,
    )
    changes = AlertChange.objects.filter(pk__gt=last.pk if last else 0)
    changes.update(changed_at=handling.timestamp)


def _at_the_console(name: str) -> Who:
    return Who(name, address=OFFICE_ADDRESS, door=Door.CONSOLE)


def _unresolved(dedup_key: str) -> Alert:
    return Alert.objects.unresolved().select_related("event").get(dedup_key=dedup_key)
