"""Let what the demo tells happen, through the services, each thing at its time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models.signals import pre_save

from fim.demo.incidents import Handling, SensorEvent
from fim.demo.watch import Heartbeat, Round
from fim.hosts.services import check_hosts, record_heartbeat
from fim.record.new_log import NewLog
from fim.store.write import EVENT_SEVERITIES, store_logs
from threats.models import Alert, AlertChange, Event, Status
from threats.services import change_alert, record_event
from users.audit.actors import Actor
from users.models import AuditEntry, Channel

LOGS_PER_BATCH = 2_000
OFFICE_ADDRESS = "10.0.7.12"

Item = NewLog | SensorEvent | Handling | Heartbeat | Round
Progress = Callable[[int, int], None]


def play(items: Sequence[Item], *, now: datetime, on_progress: Progress) -> None:
    """Let everything happen, given in its order; logs that raise nothing go in batches.

    `now` has passed: what the services date later was written just now, and is dated back.
    """
    quiet: list[NewLog] = []
    for done, item in enumerate(items, start=1):
        is_quiet = isinstance(item, NewLog) and item.category not in EVENT_SEVERITIES
        if isinstance(item, NewLog) and is_quiet:
            quiet.append(item)
        if not is_quiet or len(quiet) == LOGS_PER_BATCH or done == len(items):
            store_logs(quiet)
            quiet = []
            on_progress(done, len(items))
        if not is_quiet:
            with audit_dated(item.timestamp):
                _happen(item)
            _date_back(now, item.timestamp)


@contextmanager
def audit_dated(at: datetime) -> Iterator[None]:
    """Date what is written into the audit list: it cannot be changed afterwards."""

    def date(instance: AuditEntry, **_: object) -> None:
        instance.recorded_at = at

    pre_save.connect(date, sender=AuditEntry, weak=False)
    try:
        yield
    finally:
        pre_save.disconnect(date, sender=AuditEntry)


def at_the_console(name: str) -> Actor:
    return Actor(name, Channel.CONSOLE, OFFICE_ADDRESS)


def _happen(item: Item) -> None:
    match item:
        case NewLog():
            store_logs([item])
        case SensorEvent():
            record_event(
                source_name=item.source_name,
                event_type=item.event_type,
                severity=item.severity,
                description=item.description,
                dedup_key=item.dedup_key,
            )
        case Handling():
            _handle(item)
        case Heartbeat():
            record_heartbeat(
                name=item.host,
                report=item.report,
                dropped=item.dropped,
                received_at=item.timestamp,
            )
        case Round():
            check_hosts(now=item.timestamp, max_gap=timedelta.max)


def _handle(handling: Handling) -> None:
    alert = Alert.objects.unresolved().get(dedup_key=handling.dedup_key)
    # Who acknowledges an alert that nobody has takes it.
    takes = handling.status == Status.ACK and not alert.assignee
    change_alert(
        alert,
        by=at_the_console(handling.by),
        status=handling.status,
        assignee=handling.by if takes else None,
        note=handling.note,
    )


def _date_back(now: datetime, at: datetime) -> None:
    Event.objects.filter(timestamp__gt=now).update(timestamp=at)
    Event.objects.filter(last_seen_at__gt=now).update(last_seen_at=at)
    Alert.objects.filter(created_at__gt=now).update(created_at=at)
    AlertChange.objects.filter(changed_at__gt=now).update(changed_at=at)
