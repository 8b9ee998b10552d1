"""Which hosts report and which do not, for the overview."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from fim.models.hosts import Host, State

SHOWN = 5


@dataclass(frozen=True, slots=True)
class HostStates:
    counts: dict[str, int]
    # Late, silent or blind; those first that have been silent longest.
    missed: list[Host]


def summarise_hosts(now: datetime) -> HostStates:
    """Count hosts by state and name those that are late, silent or blind. Two queries."""
    missed = Host.objects.with_state(now).filter(
        Q(state__in=[State.LATE, State.SILENT]) | Q(blind_since__isnull=False)
    )
    return HostStates(
        Host.objects.count_states(now), list(missed.order_by("silent_at", "name")[:SHOWN])
    )
