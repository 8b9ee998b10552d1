"""Record events, raise alerts, change alerts: for REST, console, logs and hosts alike."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction

from config.api.errors import DomainError
from threats.deduplication import open_events, record_deduplicated_events
from threats.models import (
    TRANSITIONS,
    Alert,
    AlertChange,
    Event,
    EventReceipt,
    Severity,
    Status,
)
from users.audit.actors import Actor
from users.audit.services import changed_values, write_audit
from users.models import AuditAction, Kind


class Gone(DomainError):
    """The object was deleted after the request had found it."""

    code = "not_found"
    http_status = HTTPStatus.NOT_FOUND
    detail = "It was deleted in the meantime."


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
    event_id: uuid.UUID | None = None,
) -> RecordedEvent:
    """Store an event and, for HIGH or CRITICAL, its one OPEN alert, in one transaction.

    An event with the `event_id` of an earlier one of its source is a repeat of the request, not of
    the trouble: nothing is stored or counted.

    While an alert with the same `dedup_key` is not RESOLVED the event counts as a repeat: see
    `record_deduplicated_events`. Callers that arrive together are held apart by the database: one
    of them makes the alert, the others count. Raises ValueError for an unknown severity.
    """
    event = {
        "source_name": source_name,
        "event_type": event_type,
        "severity": Severity(severity).value,
        "description": description,
        "dedup_key": dedup_key or None,
        "count": count,
    }
    if event_id is None:
        return _record(event)
    receipts = EventReceipt.objects.filter(source_name=source_name, event_id=event_id)
    if receipt := receipts.select_related("recorded_as").first():
        return RecordedEvent(receipt.recorded_as, is_new=False)
    try:
        with transaction.atomic():
            recorded = _record(event)
            receipts.create(recorded_as=recorded.event, source_name=source_name, event_id=event_id)
            return recorded
    except IntegrityError:
        # The same request came twice at once, and the other one was first.
        if receipt := receipts.select_related("recorded_as").first():
            return RecordedEvent(receipt.recorded_as, is_new=False)
        raise


def _record(event: dict[str, Any]) -> RecordedEvent:
    with transaction.atomic(savepoint=False):
        record = record_deduplicated_events if event["dedup_key"] else open_events
        (recorded,) = record([event]).values()
        if not recorded.is_new:
            return RecordedEvent(Event.objects.get(pk=recorded.pk), is_new=False)
    new = Event(pk=recorded.pk, timestamp=recorded.at, last_seen_at=recorded.at, **event)
    new._state.adding, new._state.db = False, DEFAULT_DB_ALIAS
    return RecordedEvent(new, is_new=True)


def record_events(events: Sequence[Mapping[str, Any]]) -> list[RecordedEvent]:
    """Record many events in one transaction: all of them, or none. See `record_event`."""
    # Every batch takes its keys in the same order, so that no two wait for each other's rows.
    in_order = sorted(
        events,
        key=lambda event: (
            event.get("dedup_key") or "",
            event["source_name"],
            str(event.get("event_id")),
        ),
    )
    with transaction.atomic():
        return [record_event(**event) for event in in_order]


def delete_alert(alert: Alert, *, by: Actor) -> None:
    """Delete an alert with its history; its event stays, and repeats of it make a new event.

    One that is gone already is no error.
    """
    with transaction.atomic():
        stored = Alert.objects.select_for_update().filter(pk=alert.pk).first()
        if stored is None:
            return
        before = {"status": stored.status, "assignee": stored.assignee, "event": stored.event_id}
        _audit_alert(by, AuditAction.DELETED, stored, before=before)
        stored.delete()


def change_alert_status(alert: Alert, *, status: str, by: Actor, note: str = "") -> Alert:
    """Move an alert to `status` and write who did it into its history.

    Setting the same status changes nothing, and writes only a note where there is one. Of two
    people who act at once, the second changes what the first one left, or is refused.

    Raises TransitionRefused (409) for a change that TRANSITIONS does not list, and
    SameTroubleUnresolved (409) when a resolved alert is reopened while another one with its
    dedup key is unresolved, and Gone (404) where the alert was deleted meanwhile.
    """
    while True:
        before = Alert.objects.filter(pk=alert.pk).values_list("status", flat=True).first()
        if before is None:
            raise Gone
        if before == status:
            alert.status = status
            if note:
                _write_history(alert, before=before, status=status, by=by, note=note)
            return alert
        if status not in TRANSITIONS[before]:
            raise TransitionRefused(
                f"Alert {alert.pk} is {before}; from there it can become"
                f" {' or '.join(sorted(TRANSITIONS[before]))}, not {status}."
            )
        if _move(alert, before=before, status=status, by=by, note=note):
            alert.status = status
            return alert


def _move(alert: Alert, *, before: str, status: str, by: Actor, note: str) -> bool:
    try:
        with transaction.atomic():
            if not Alert.objects.filter(pk=alert.pk, status=before).update(status=status):
                return False
            _write_history(alert, before=before, status=status, by=by, note=note)
            return True
    except IntegrityError as exc:
        if before != Status.RESOLVED:
            raise
        raise SameTroubleUnresolved(
            f"Alert {alert.pk} cannot be reopened: a newer alert of the same trouble, with dedup"
            f" key {alert.dedup_key!r}, is not resolved yet."
        ) from exc


def _write_history(alert: Alert, *, before: str, status: str, by: Actor, note: str) -> None:
    with transaction.atomic():
        AlertChange.objects.create(
            alert=alert, changed_by=by.name, from_status=before, to_status=status, note=note
        )
        was, now = changed_values({"status": before}, {"status": status})
        _audit_alert(by, AuditAction.CHANGED, alert, before=was, after=now | _note_values(note))


def assign_alert(alert: Alert, *, assignee: str, by: Actor, note: str = "") -> Alert:
    """Set the assignee of an alert, by user name; an empty name leaves it without one.

    Setting the same assignee changes nothing, and writes only a note where there is one. Raises
    Gone (404) where the alert was deleted meanwhile.
    """
    with transaction.atomic():
        stored = Alert.objects.select_for_update().filter(pk=alert.pk).first()
        if stored is None:
            raise Gone
        alert.status, alert.assignee = stored.status, assignee
        if stored.assignee == assignee:
            if note:
                _write_history(alert, before=stored.status, status=stored.status, by=by, note=note)
            return alert
        Alert.objects.filter(pk=alert.pk).update(assignee=assignee)
        alert.changes.create(
            changed_by=by.name,
            from_status=stored.status,
            to_status=stored.status,
            assigned_to=assignee,
            note=note,
        )
        before = {"assignee": stored.assignee}
        after = {"assignee": assignee} | _note_values(note)
        _audit_alert(by, AuditAction.CHANGED, alert, before=before, after=after)
    return alert


def change_alert(
    alert: Alert, *, by: Actor, status: str = "", assignee: str | None = None, note: str = ""
) -> Alert:
    """Change the status, who deals with it, or both: all of it or nothing, under one note.

    See `assign_alert` and `change_alert_status`.
    """
    with transaction.atomic():
        if assignee is not None:
            assign_alert(alert, assignee=assignee, by=by, note="" if status else note)
        if status:
            change_alert_status(alert, status=status, by=by, note=note)
    return alert


def _note_values(note: str) -> dict[str, str]:
    return {"note": note} if note else {}


def _audit_alert(by: Actor, action: AuditAction, alert: Alert, **values: Any) -> None:
    write_audit(by, action, Kind.ALERT, ref=alert.pk, name=str(alert.event), **values)


def acknowledge_alert(alert: Alert, *, by: Actor, note: str = "") -> Alert:
    """Set an alert to ACK: someone deals with it. See `change_alert_status`."""
    return change_alert_status(alert, status=Status.ACK, by=by, note=note)


def resolve_alert(alert: Alert, *, by: Actor, note: str = "") -> Alert:
    """Set an alert to RESOLVED. See `change_alert_status`."""
    return change_alert_status(alert, status=Status.RESOLVED, by=by, note=note)
