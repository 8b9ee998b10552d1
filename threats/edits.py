"""What people do with events: add, change, delete. All of it is in the audit list."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from threats.models import Alert, Event, EventQuerySet, Severity
from threats.services import Gone, RecordedEvent, record_event, record_events
from users.audit.actors import Actor
from users.audit.services import changed_values, write_audit
from users.models import AuditAction, Kind


def add_event(*, by: Actor, **event: Any) -> RecordedEvent:
    """Record an event that a person adds. See `record_event`."""
    with transaction.atomic():
        recorded = record_event(**event)
        if recorded.is_new:
            _audit_event(by, AuditAction.ADDED, recorded.event, after=_values_of(recorded.event))
        else:
            after = {"count": recorded.event.count}
            _audit_event(by, AuditAction.CHANGED, recorded.event, after=after)
        return recorded


def add_events(events: Sequence[Mapping[str, Any]], *, by: Actor) -> list[RecordedEvent]:
    """Record many events that a person adds. See `record_events`."""
    with transaction.atomic():
        recorded = record_events(events)
        if recorded:
            new = sum(each.is_new for each in recorded)
            after = {"new": new, "repeats": len(recorded) - new, "last": recorded[-1].event.pk}
            write_audit(
                by, AuditAction.ADDED, Kind.EVENT, name=f"{len(recorded)} events", after=after
            )
        return recorded


def update_event(event: Event, *, by: Actor, **changes: str) -> Event:
    """Change fields of an event and return it as stored; raised to HIGH or CRITICAL, it gets its
    alert. Lowering keeps the alert; only raising brings back one that was deleted.

    An event has one alert at a time. Where another unresolved alert holds the event's dedup key,
    that one keeps it, and repeats go on to count there.

    Raises Gone (404) where the event was deleted meanwhile.
    """
    same = Event.objects.filter(pk=event.pk)
    with transaction.atomic():
        before = same.select_for_update().values(*changes).first() if changes else None
        severity = changes.get("severity")
        is_raised = severity is not None and _raise_severity(same, severity)
        if changes:
            same.update(**changes)
        stored = same.first()
        if stored is None:
            raise Gone
        if is_raised and Severity(stored.severity).raises_alert:
            _raise_late_alert(stored)
        was, now = changed_values(before or {}, changes)
        if now:
            _audit_event(by, AuditAction.CHANGED, stored, before=was, after=now)
        return stored


def _raise_severity(same: EventQuerySet, severity: str) -> bool:
    """Set the severity of an event where it is lower; return whether it was."""
    return bool(same.filter(severity__in=Severity(severity).below).update(severity=severity))


def _raise_late_alert(event: Event) -> None:
    # The transaction has changed the event, so no other one raises its alert before this ends.
    if Alert.objects.filter(event=event).exists():
        return
    try:
        with transaction.atomic():
            Alert.objects.create(event=event, dedup_key=event.dedup_key)
    except IntegrityError:
        Alert.objects.create(event=event, dedup_key=None)


def delete_event(event: Event, *, by: Actor) -> None:
    """Delete an event with its alert and history; one that is gone already is no error."""
    with transaction.atomic():
        # Django reads what hangs on a row before it deletes: nobody may add to it in between.
        # The locks are for PostgreSQL; SQLite has one writer.
        stored = Event.objects.select_for_update().filter(pk=event.pk).first()
        if stored is None:
            return
        Alert.objects.select_for_update().filter(event=stored).first()
        _audit_event(by, AuditAction.DELETED, stored, before=_values_of(stored))
        stored.delete()


def _audit_event(by: Actor, action: AuditAction, event: Event, **values: Any) -> None:
    write_audit(by, action, Kind.EVENT, ref=event.pk, name=str(event), **values)


def _values_of(event: Event) -> dict[str, Any]:
    names = ("source_name", "event_type", "severity", "description", "dedup_key")
    return {name: getattr(event, name) for name in names}
