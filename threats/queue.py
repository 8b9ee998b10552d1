"""The queue of open alerts: how many, how severe, and since when."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from threats.models import Alert, Severity, Status

# Far more than anyone works through. The count stops there, so that a flood of alerts does not make
# the console slow.
MAX_COUNTED = 5_000
WORST_FIRST = list(reversed(Severity))


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """The open alerts of one severity."""

    severity: Severity
    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Queue:
    by_severity: list[OpenAlerts]

    @property
    def count(self) -> int:
        return sum(alerts.count for alerts in self.by_severity)

    @property
    def is_capped(self) -> bool:
        """There are more than these, all younger."""
        return self.count >= MAX_COUNTED


def summarise_queue() -> Queue:
    """Count the oldest 5,000 open alerts by severity, worst first. One query."""
    oldest = Alert.objects.filter(status=Status.OPEN).order_by("created_at", "pk")[:MAX_COUNTED]
    rows = (
        Alert.objects.filter(pk__in=oldest.values("pk"))
        .order_by()
        .values_list("event__severity")
        .annotate(n=Count("pk"), oldest_at=Min("created_at"))
    )
    found = {severity: (n, oldest_at) for severity, n, oldest_at in rows}
    return Queue(
        [OpenAlerts(severity, *found.get(severity, (0, None))) for severity in WORST_FIRST]
    )


def newest_alerts(limit: int) -> list[Alert]:
    """Return the newest alerts of any status, with their events. One query."""
    return list(Alert.objects.select_related("event")[:limit])
