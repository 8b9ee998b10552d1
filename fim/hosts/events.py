"""The events that a host's heartbeats, and their absence, raise."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from fim.models.hosts import BlindReason, DroppedRange, Host
from fim.record.truncation import truncate_text
from threats.models import Alert, Severity
from threats.services import change_alert_status, record_event
from users.audit.actors import SYSTEM

SILENT = "host.silent"
RETURNED = "host.returned"
BLIND = "host.blind"
SEES_AGAIN = "host.sees_again"
WAS_BLIND = "host.was_blind"
DROPPED_LOGS = "host.dropped_logs"
MAX_DROP_EVENTS = 20
MAX_ROOTS_NAMED = 5
MAX_ROOT_CHARACTERS = 255


def dedup_key_of(event_type: str, host: str) -> str:
    """Return the dedup key of a host's event: one unresolved alert for each type and host."""
    return f"{event_type}:{hashlib.sha256(host.encode()).hexdigest()}"


def record_silence(host: Host) -> None:
    """Record that nothing is heard of a host any more."""
    _record_with_alert(
        host,
        SILENT,
        f"{host.name} sent no heartbeat since {_format_moment(host.last_seen_at)}; the next was due"
        f" {host.every_seconds} s later.",
    )


def record_return(host: Host, *, received_at: datetime) -> None:
    """Record that a silent host is heard again, and note it in its alert."""
    text = f"{host.name} is heard again since {_format_moment(received_at)}"
    _record_end(
        host, SILENT, RETURNED, f"{text}; the last time was {_format_moment(host.last_seen_at)}."
    )


def record_blindness(host: Host) -> None:
    """Record that an agent does not see what changes on its host."""
    _record_with_alert(
        host,
        BLIND,
        f"The agent of {host.name} is blind since {_format_moment(host.blind_since)}:"
        f" {_symptom_of(host)} {_roots_text(host.blind_roots)}.",
    )


def _symptom_of(host: Host) -> str:
    if host.blind_reason == BlindReason.SENDING:
        return "its logs do not arrive of what changes"
    return "it does not see what changes"


def record_past_blindness(host: Host, *, since: datetime, until: datetime, reason: str) -> None:
    """Record a period of blindness that is over; one that the node caused opens no alert."""
    record_event(
        source_name=host.name,
        event_type=WAS_BLIND,
        severity=Severity.LOW if reason == BlindReason.NODE else Severity.HIGH,
        description=f"The agent of {host.name} was blind from {_format_moment(since)} until"
        f" {_format_moment(until)}{_reason_text(reason)}.",
    )


def _reason_text(reason: str) -> str:
    return f": {BlindReason(reason).label.lower()}" if reason else ""


def record_blindness_end(host: Host, *, blind_since: datetime, received_at: datetime) -> None:
    """Record that an agent sees changes again, and note it in its alert."""
    text = f"The agent of {host.name} sees changes again since {_format_moment(received_at)}"
    _record_end(
        host, BLIND, SEES_AGAIN, f"{text}; it was blind since {_format_moment(blind_since)}."
    )


def record_dropped_logs(host: Host, dropped: Sequence[tuple[DroppedRange, int]]) -> None:
    """Record that an agent dropped logs, given as ranges and how many each grew by.

    One event for each range; one for all where they are so many that nobody would read them.
    """
    if len(dropped) <= MAX_DROP_EVENTS:
        for each, count in dropped:
            _record_dropped(host, count, f"from {each.first_seq} to {each.last_seq} of its seq")
        return
    ranges = [each for each, _ in dropped]
    first = min(each.first_seq for each in ranges)
    last = max(each.last_seq for each in ranges)
    where = f"in {len(ranges)} ranges from {first} to {last} of its seq"
    _record_dropped(host, sum(count for _, count in dropped), where)


def _record_dropped(host: Host, count: int, where: str) -> None:
    record_event(
        source_name=host.name,
        event_type=DROPPED_LOGS,
        severity=Severity.MEDIUM,
        description=f"The agent of {host.name} dropped {count} logs {where}: its spool was full.",
    )


def _record_with_alert(host: Host, event_type: str, description: str) -> None:
    record_event(
        source_name=host.name,
        event_type=event_type,
        severity=Severity.HIGH,
        description=description,
        dedup_key=dedup_key_of(event_type, host.name),
    )


def _record_end(host: Host, ended_type: str, event_type: str, description: str) -> None:
    """Record the end of what raised an alert, and note it in the alert, whose status stays.

    The caller holds a transaction.
    """
    record_event(
        source_name=host.name,
        event_type=event_type,
        severity=Severity.LOW,
        description=description,
    )
    alerts = Alert.objects.unresolved().select_for_update()
    if alert := alerts.filter(dedup_key=dedup_key_of(ended_type, host.name)).first():
        change_alert_status(alert, status=alert.status, by=SYSTEM, note=description)


def _format_moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else "an unknown time"


def _roots_text(roots: Sequence[str]) -> str:
    if not roots:
        return "in what it watches"
    named = ", ".join(truncate_text(root, MAX_ROOT_CHARACTERS) for root in roots[:MAX_ROOTS_NAMED])
    more = f" and {len(roots) - MAX_ROOTS_NAMED} more" if len(roots) > MAX_ROOTS_NAMED else ""
    return f"below {named}{more}"
