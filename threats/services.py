"""Record events, raise alerts, change an alert's status. Every door comes through here."""

from dataclasses import dataclass
from http import HTTPStatus

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from config.errors import DomainError
from threats.models import TRANSITIONS, Alert, AlertChange, Event, Severity, Status


class TransitionRefused(DomainError):
    code = "transition_refused"
    http_status = HTTPStatus.CONFLICT


class SameTroubleUnresolved(DomainError):
    code = "same_trouble_unresolved"
    http_status = HTTPStatus.CONFLICT


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    event: Event
    is_new: bool


def record_event(
    *,
    source_name: str,
    event_type: str,
    severity: str,
    description: str = "",
    dedup_key: str | None = None,
    count: int = 1,
) -> RecordedEvent:
    """Store an event and, for HIGH or CRITICAL, its one OPEN alert, in one transaction.

    While an alert with the same `dedup_key` is not RESOLVED, a repeat adds `count` to its event
    and moves `last_seen_at`, and raises the event's severity where its own is higher; nothing
    else is stored. Callers that arrive together are held apart by the database: one of them
    makes the alert, the others count.
    """
    now = timezone.now()
    while True:
        if dedup_key and (event := _count_repeat(dedup_key, severity, count)):
            return RecordedEvent(event, is_new=False)
        try:
            with transaction.atomic():
                event = Event.objects.create(
                    source_name=source_name,
                    event_type=event_type,
                    severity=severity,
                    description=description,
                    dedup_key=dedup_key or None,
                    count=count,
                    timestamp=now,
                    last_seen_at=now,
                )
                if Severity(severity).raises_alert:
                    Alert.objects.create(event=event, dedup_key=event.dedup_key, created_at=now)
                return RecordedEvent(event, is_new=True)
        except IntegrityError:
            # Another request made the alert of this key between the look and the insert: count
            # there. Where no alert holds the key the constraint that failed was another one.
            if not dedup_key or not Alert.objects.unresolved().filter(dedup_key=dedup_key).exists():
                raise


def _count_repeat(dedup_key: str, severity: str, count: int) -> Event | None:
    with transaction.atomic():
        alert = Alert.objects.unresolved().filter(dedup_key=dedup_key).only("event_id").first()
        if alert is None:
            return None
        same = Event.objects.filter(pk=alert.event_id)
        if not same.update(count=F("count") + count, last_seen_at=timezone.now()):
            return None
        lower = [level for level in Severity if level.rank < Severity(severity).rank]
        same.filter(severity__in=lower).update(severity=severity)
        return same.get()


def update_event(event: Event, **changes: str) -> Event:
    """Change fields of an event; raised to HIGH or CRITICAL, it gets its alert. Lowering keeps it.

    An event has at most one alert in its life. Where another unresolved alert holds the event's
    dedup key, that one keeps it, and repeats go on to count there.
    """
    with transaction.atomic():
        for name, value in changes.items():
            setattr(event, name, value)
        event.save(update_fields=list(changes))
        if Severity(event.severity).raises_alert and not Alert.objects.filter(event=event).exists():
            _raise_late_alert(event)
    return event


def _raise_late_alert(event: Event) -> None:
    for dedup_key in dict.fromkeys([event.dedup_key, None]):
        try:
            with transaction.atomic():
                Alert.objects.create(event=event, dedup_key=dedup_key)
            return
        except IntegrityError:
            if Alert.objects.filter(event=event).exists():
                return  # a parallel change raised it first


def change_alert_status(alert: Alert, *, status: str, by: str, note: str = "") -> Alert:
    """Move an alert to `status` and write who did it into its history.

    Asking for the status that it has changes nothing and writes nothing. Of two people who act
    at once, one change is made from what the other left, or refused.

    Raises TransitionRefused (409) for a change that TRANSITIONS does not list, and
    SameTroubleUnresolved (409) when a resolved alert is reopened while another one with its
    dedup key is unresolved.
    """
    while True:
        before = Alert.objects.values_list("status", flat=True).get(pk=alert.pk)
        if before == status:
            alert.status = status
            return alert
        if status not in TRANSITIONS[before]:
            raise TransitionRefused(
                f"Alert {alert.pk} is {before}; from there it can become"
                f" {' or '.join(sorted(TRANSITIONS[before]))}, not {status}."
            )
        if _move(alert, before=before, status=status, by=by, note=note):
            alert.status = status
            return alert


def _move(alert: Alert, *, before: str, status: str, by: str, note: str) -> bool:
    try:
        with transaction.atomic():
            if not Alert.objects.filter(pk=alert.pk, status=before).update(status=status):
                return False
            AlertChange.objects.create(
                alert=alert, changed_by=by, from_status=before, to_status=status, note=note
            )
            return True
    except IntegrityError as exc:
        raise SameTroubleUnresolved(
            f"Alert {alert.pk} cannot be reopened: a newer alert of the same trouble, with dedup"
            f" key {alert.dedup_key!r}, is not resolved yet."
        ) from exc


def acknowledge_alert(alert: Alert, *, by: str, note: str = "") -> Alert:
    """Say that someone deals with an alert. See `change_alert_status`."""
    return change_alert_status(alert, status=Status.ACK, by=by, note=note)


def resolve_alert(alert: Alert, *, by: str, note: str = "") -> Alert:
    """Say that an alert is dealt with. See `change_alert_status`."""
    return change_alert_status(alert, status=Status.RESOLVED, by=by, note=note)
