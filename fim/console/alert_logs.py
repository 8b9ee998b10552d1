"""The logs of an alert: those that raised it, and the others of its host at that time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fim.models import FimLog
from fim.store.write import EVENT_SEVERITIES, dedup_key_of
from threats.models import Alert

# A log may be older than its arrival: an agent keeps what it cannot send.
LOOK_BACK = timedelta(days=7)
LOOK_AHEAD = timedelta(minutes=10)
MAX_CANDIDATES = 2_000
MAX_CAUSES_SHOWN = 10
LOGS_EACH_SIDE = 10
EVENT_TYPE_PREFIX = "fim."


def show_logs_of_alert(alert: Alert) -> SafeString:
    """Return the cards of logs for the page of an alert. Four queries, whatever is stored."""
    causes = find_causes(alert)
    # Around the beginning, which explains the alert better than the last repeat does.
    moment = min([alert.event.timestamp, *(log.timestamp for log in causes)])
    context = {
        "host": alert.event.source_name,
        "moment": moment,
        "causes": causes,
        "around": logs_around(alert.event.source_name, moment),
    }
    return SafeString(render_to_string("fim/logs/of_alert.html", context))


def find_causes(alert: Alert) -> list[FimLog]:
    """Return the newest logs that raised an alert or counted as its repeats.

    Looks through the newest logs of the category on the days around the event, of all hosts:
    these have an index and are rare, and the dedup key of each can be computed.
    """
    event = alert.event
    category = event.event_type.removeprefix(EVENT_TYPE_PREFIX)
    if category not in EVENT_SEVERITIES or not event.event_type.startswith(EVENT_TYPE_PREFIX):
        return []
    candidates = FimLog.objects.filter(
        category=category,
        timestamp__gte=event.timestamp - LOOK_BACK,
        timestamp__lte=event.last_seen_at + LOOK_AHEAD,
    )
    newest = candidates.newest().values_list("pk", flat=True)[:MAX_CANDIDATES]
    logs = FimLog.objects.filter(pk__in=list(newest), host=event.source_name).newest()
    logs = logs.defer("full_log", "attributes")
    return [log for log in logs if key_of(log) == event.dedup_key][:MAX_CAUSES_SHOWN]


def key_of(log: FimLog) -> str:
    """Return the dedup key of the alert that a log raises."""
    # It reads host, path and category, which a stored log has too.
    return dedup_key_of(log)  # type: ignore[arg-type]


def logs_around(host: str, moment: datetime) -> Sequence[FimLog]:
    """Return a host's logs just before and after a moment, newest first. Two queries."""
    of_host = FimLog.objects.filter(host=host)
    later = of_host.filter(timestamp__gte=moment).order_by("timestamp", "pk")[:LOGS_EACH_SIDE]
    earlier = of_host.filter(timestamp__lt=moment).newest()[:LOGS_EACH_SIDE]
    return [*list(later)[::-1], *earlier]
