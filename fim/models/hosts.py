"""The hosts that a node knows, what their agents last reported, and until when that counts."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Case, Count, F, Prefetch, Q, Value, When

from fim.models.fields import CompactDateTimeField
from fim.record.fields import LIMITS

MAX_RANGES_SHOWN = 20


class State(models.TextChoices):
    """The state of a host's agent, by its last heartbeat and how long ago that came."""

    ALIVE = "alive", "Alive"
    LATE = "late", "Late"
    SILENT = "silent", "Silent"
    # Posts logs and sends no heartbeat, as other tools' agents do: its silence means nothing.
    UNKNOWN = "unknown", "Unknown"


class BlindReason(models.TextChoices):
    """Why an agent's test changes do not come back to it, as far as it can tell."""

    WATCHING = "watching", "The kernel does not tell of them"
    NODE = "node", "This node did not answer"
    SENDING = "sending", "Its logs do not arrive"


def _conditions(now: datetime) -> dict[str, Q]:
    """Return the condition of each state; no host is in two."""
    return {
        State.ALIVE: Q(late_at__gt=now),
        State.LATE: Q(late_at__lte=now, silent_at__gt=now),
        State.SILENT: Q(silent_at__lte=now),
        State.UNKNOWN: Q(silent_at=None),
    }


class HostQuerySet(models.QuerySet["Host"]):
    """Each state is as of a moment: nothing has to run for a host to become late or silent."""

    def alive(self, now: datetime) -> "HostQuerySet":
        return self.filter(_conditions(now)[State.ALIVE])

    def late(self, now: datetime) -> "HostQuerySet":
        return self.filter(_conditions(now)[State.LATE])

    def silent(self, now: datetime) -> "HostQuerySet":
        return self.filter(_conditions(now)[State.SILENT])

    def unknown(self) -> "HostQuerySet":
        return self.filter(silent_at=None)

    def with_state(self, now: datetime) -> "HostQuerySet":
        """Add `state`, a value of State, to show, filter and order by."""
        cases = [
            When(condition, then=Value(state)) for state, condition in _conditions(now).items()
        ]
        return self.annotate(state=Case(*cases, output_field=models.CharField()))

    def count_states(self, now: datetime) -> dict[str, int]:
        """Return how many hosts are in each state, zeros too. One query."""
        return self.aggregate(
            **{
                str(state): Count("pk", filter=condition)
                for state, condition in _conditions(now).items()
            }
        )

    def with_last_dropped(self) -> "HostQuerySet":
        """Add `last_dropped`, the last twenty ranges of each host, newest first. One query."""
        last = DroppedRange.objects.order_by("-pk")[:MAX_RANGES_SHOWN]
        return self.prefetch_related(Prefetch("dropped_ranges", last, to_attr="last_dropped"))

    def search(self, text: str) -> "HostQuerySet":
        """Hosts whose names hold the text, whatever its case."""
        return self.filter(name__icontains=text)


class Host(models.Model):
    """A host as its agent's last heartbeat reported it. Written by `fim.hosts.services` alone.

    `late_at` and `silent_at` are when it becomes so unless a heartbeat comes before; each heartbeat
    moves them. `blind_told_until` is the end of the last period of blindness that it reported
    afterwards. All three moments are None for a host that never sent a heartbeat.
    """

    name = models.CharField(max_length=LIMITS["host"])
    last_seen_at = CompactDateTimeField(null=True)
    late_at = CompactDateTimeField(null=True)
    silent_at = CompactDateTimeField(null=True)
    every_seconds = models.PositiveIntegerField(default=60)
    is_silence_told = models.BooleanField(default=False, editable=False)
    source = models.CharField(max_length=LIMITS["source"], blank=True)
    version = models.CharField(max_length=64, blank=True)
    started_at = CompactDateTimeField(null=True)
    seq = models.BigIntegerField(null=True)
    watches = models.BigIntegerField(null=True)
    unwatched = models.JSONField(default=list)
    spool_depth = models.BigIntegerField(null=True)
    spool_bytes = models.BigIntegerField(null=True)
    last_scan_at = CompactDateTimeField(null=True)
    last_scan_seconds = models.FloatField(null=True)
    lag_seconds = models.FloatField(null=True)
    overflows = models.BigIntegerField(null=True)
    ignored = models.BigIntegerField(null=True)
    blind_since = CompactDateTimeField(null=True)
    blind_roots = models.JSONField(default=list)
    blind_reason = models.CharField(max_length=16, choices=BlindReason, blank=True)
    blind_told_until = CompactDateTimeField(null=True, editable=False)
    dropped_count = models.PositiveBigIntegerField(default=0)

    objects: ClassVar[HostQuerySet] = HostQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]
        indexes = [
            # The check of hosts: whose silence is not recorded yet.
            models.Index(fields=["silent_at"], name="host_silent_at"),
        ]
        constraints = [
            # Serves the list too, which is by name.
            models.UniqueConstraint(fields=["name"], name="host_unique_name"),
            models.CheckConstraint(
                condition=Q(last_seen_at=None, late_at=None, silent_at=None)
                | Q(
                    # A comparison with NULL refuses nothing.
                    last_seen_at__isnull=False,
                    late_at__isnull=False,
                    silent_at__isnull=False,
                    last_seen_at__lte=F("late_at"),
                    late_at__lte=F("silent_at"),
                ),
                name="host_moments_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_blind(self) -> bool:
        """Return whether the agent reports that it does not see changes in some directories."""
        return self.blind_since is not None


class DroppedRange(models.Model):
    """Logs that an agent dropped from its full spool: how many, from one `seq` to another."""

    host = models.ForeignKey(
        Host, on_delete=models.CASCADE, db_index=False, related_name="dropped_ranges"
    )
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    count = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            # Serves the query for what was counted before, too.
            models.UniqueConstraint(
                fields=["host", "first_seq"], name="dropped_range_unique_first_seq"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} logs of {self.host_id}, {self.first_seq} to {self.last_seq}"


class HostCheck(models.Model):
    """When hosts were last looked through for silent ones: one row."""

    checked_at = CompactDateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="host_check_one_row")]

    def __str__(self) -> str:
        return f"Hosts checked at {self.checked_at:%Y-%m-%dT%H:%M:%SZ}"
