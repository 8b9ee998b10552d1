"""Changes of hosts: by a heartbeat, by its absence, by logs of a host that sends none."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Least
from django.utils import timezone

from fim.hosts import events
from fim.models import DayCount
from fim.models.fields import CompactDateTimeField
from fim.models.hosts import BlindReason, DroppedRange, Host, HostCheck
from fim.record.fields import EARLIEST, MAX_AHEAD, MAX_INTEGER
from fim.store.dialect import dialect
from users.audit.actors import Actor
from users.audit.services import write_audit
from users.models import AuditAction, Kind

RANGES_PER_STATEMENT = 500


def record_heartbeat(
    *,
    name: str,
    report: Mapping[str, Any],
    dropped: Sequence[Mapping[str, int]] = (),
    was_blind: Sequence[Mapping[str, Any]] = (),
    received_at: datetime,
) -> Host:
    """Store an agent's report as the present state of its host, and return the host.

    `report` holds fields of Host. An event is recorded for the end of a silence, for the beginning
    and the end of blindness, for dropped logs that were not counted before, and for each period of
    `was_blind`; a repeat records none. A heartbeat that a later one overtook proves that the host
    is alive, and changes nothing else. One transaction, two statements where nothing happened.
    """
    with dialect.write_lock(), transaction.atomic():
        host, _ = Host.objects.select_for_update().get_or_create(name=name)
        if host.is_silence_told:
            events.record_return(host, received_at=received_at)
            host.is_silence_told = False
        if not _is_overtaken(host, report):
            _apply_report(host, report, received_at)
        _count_dropped(host, dropped)
        _record_past_blindness(host, was_blind)
        _move_deadlines(host, received_at)
        host.save()
    return host


def _is_overtaken(host: Host, report: Mapping[str, Any]) -> bool:
    """Return whether a later heartbeat of the same run of the agent was stored first."""
    is_same_run = host.started_at is not None and report.get("started_at") == host.started_at
    return is_same_run and _is_lower(report.get("seq"), host.seq)


def _is_lower(seq: int | None, before: int | None) -> bool:
    return seq is not None and before is not None and seq < before


def _apply_report(host: Host, report: Mapping[str, Any], received_at: datetime) -> None:
    blind_since, reason, was_known = host.blind_since, host.blind_reason, _raises_alert(host)
    if _is_lower(report.get("seq"), host.seq):
        # The agent lost its state and numbers logs anew: an old range now means other logs.
        host.dropped_ranges.all().delete()
    for name, value in report.items():
        setattr(host, name, value)
    if was_known and host.is_blind and not _raises_alert(host):
        # A recorded blindness is not over because this node was away as well.
        host.blind_reason = reason
    if _raises_alert(host) and not was_known:
        events.record_blindness(host)
    elif was_known and blind_since and not host.is_blind:
        events.record_blindness_end(host, blind_since=blind_since, received_at=received_at)


def _raises_alert(host: Host) -> bool:
    """Return whether a host is blind for another reason than this node's absence, now over."""
    return host.is_blind and host.blind_reason != BlindReason.NODE


def _record_past_blindness(host: Host, spans: Sequence[Mapping[str, Any]]) -> None:
    """Record periods of blindness that were over before any heartbeat could report them."""
    for span in sorted(spans, key=lambda each: each["until"]):
        if host.blind_told_until is None or span["until"] > host.blind_told_until:
            events.record_past_blindness(host, **span)
            host.blind_told_until = span["until"]


def _move_deadlines(host: Host, received_at: datetime) -> None:
    """Move the host's deadlines on, unless a later heartbeat did. A deadline that is far ahead was
    set when the node's own clock was wrong.
    """
    seen_at = host.last_seen_at
    if seen_at is None or not received_at < seen_at <= received_at + MAX_AHEAD:
        host.last_seen_at = received_at
        host.late_at, host.silent_at = deadlines(received_at, host.every_seconds)


def deadlines(seen_at: datetime, every_seconds: int) -> tuple[datetime, datetime]:
    """Return when a host becomes late, and when silent, without another heartbeat."""
    late, silent = (
        timedelta(seconds=every_seconds * heartbeats + settings.HOST_SLACK_SECONDS)
        for heartbeats in (settings.HOST_LATE_HEARTBEATS, settings.HOST_SILENT_HEARTBEATS)
    )
    return seen_at + late, seen_at + silent


def _count_dropped(host: Host, dropped: Sequence[Mapping[str, int]]) -> None:
    """Count what is new: an agent repeats a range until the node accepted it, and may have dropped
    more at its end by then.
    """
    ranges = {each["first_seq"]: each for each in dropped}
    counted = _counted_before(host, sorted(ranges))
    more = {first: each["count"] - counted.get(first, 0) for first, each in ranges.items()}
    new = [DroppedRange(host=host, **ranges[first]) for first in more if more[first] > 0]
    if not new:
        return
    DroppedRange.objects.bulk_create(
        new,
        batch_size=RANGES_PER_STATEMENT,
        update_conflicts=True,
        unique_fields=["host", "first_seq"],
        update_fields=["last_seq", "count"],
    )
    events.record_dropped_logs(host, [(each, more[each.first_seq]) for each in new])
    total = host.dropped_count + sum(more[each.first_seq] for each in new)
    host.dropped_count = min(total, MAX_INTEGER)


def _counted_before(host: Host, first_seqs: Sequence[int]) -> dict[int, int]:
    counted: dict[int, int] = {}
    for start in range(0, len(first_seqs), RANGES_PER_STATEMENT):
        some = first_seqs[start : start + RANGES_PER_STATEMENT]
        found = host.dropped_ranges.filter(first_seq__in=some)
        counted |= found.values_list("first_seq", "count")
    return counted


def forget_host(host: Host, *, by: Actor) -> None:
    """Delete a host that was retired; its logs and events stay. Another heartbeat adds it again."""
    with transaction.atomic():
        for found in Host.objects.select_for_update().filter(pk=host.pk):
            before = {"last_seen_at": found.last_seen_at, "dropped_count": found.dropped_count}
            write_audit(
                by, AuditAction.DELETED, Kind.HOST, ref=found.pk, name=found.name, before=before
            )
            found.delete()


def check_hosts(*, now: datetime, max_gap: timedelta, min_gap: timedelta = timedelta(0)) -> int:
    """Record an event for each host that fell silent; return how many there were.

    However many processes call this at once, an event is recorded once. A call less than `min_gap`
    after the last one does nothing. More than `max_gap` after it, the node was down, or its
    database away, and no agent could report: then the deadlines of all hosts whose silence was not
    recorded yet are counted from now. Hosts that are known by their logs alone are added.
    """
    last = HostCheck.objects.values_list("checked_at", flat=True).first() or EARLIEST
    if timedelta(0) <= now - last < min_gap:
        return 0
    with dialect.write_lock(), transaction.atomic():
        # A write each time: where it fails, heartbeats could not have been stored either.
        HostCheck.objects.bulk_create(
            [HostCheck(pk=1, checked_at=now)],
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=["checked_at"],
        )
        if not timedelta(0) <= now - last <= max_gap:
            _restart_deadlines(now)
    _add_hosts_with_logs(now)
    unrecorded = Host.objects.silent(now).filter(is_silence_told=False)
    return sum(record_silence_once(host) for host in unrecorded)


def _restart_deadlines(now: datetime) -> None:
    hosts = Host.objects.filter(silent_at__isnull=False, is_silence_told=False).order_by()
    for every_seconds in set(hosts.values_list("every_seconds", flat=True)):
        late_at, silent_at = deadlines(now, every_seconds)
        # A moment in the future was set when the node's clock was wrong.
        seen_at = Least(F("last_seen_at"), Value(now, output_field=CompactDateTimeField()))
        same = hosts.filter(every_seconds=every_seconds)
        same.update(last_seen_at=seen_at, late_at=late_at, silent_at=silent_at)


def _add_hosts_with_logs(now: datetime) -> None:
    """Add hosts that posted logs since yesterday and sent no heartbeat; ingest adds none."""
    yesterday = timezone.localdate(now) - timedelta(days=1)
    counts = DayCount.objects.filter(day__gte=yesterday, count__gt=0)
    names = counts.exclude(host__in=Host.objects.values("name")).order_by()
    hosts = [Host(name=name) for name in names.values_list("host", flat=True).distinct()]
    if hosts:
        Host.objects.bulk_create(hosts, ignore_conflicts=True)


def record_silence_once(host: Host) -> bool:
    """Record the silence of a host; return whether it was recorded.

    It is not where a heartbeat came meanwhile, or another process recorded it.
    """
    with dialect.write_lock(), transaction.atomic():
        same = Host.objects.filter(pk=host.pk, silent_at=host.silent_at, is_silence_told=False)
        is_mine = bool(same.update(is_silence_told=True))
        if is_mine:
            events.record_silence(host)
    return is_mine
