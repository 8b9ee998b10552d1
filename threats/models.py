"""Security events, the alerts that people deal with, and who changed them."""

from typing import ClassVar

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone


class Severity(models.TextChoices):
    LOW = "LOW", "Low"
    MEDIUM = "MEDIUM", "Medium"
    HIGH = "HIGH", "High"
    CRITICAL = "CRITICAL", "Critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)

    @property
    def below(self) -> "list[Severity]":
        return list(Severity)[: self.rank]

    @property
    def raises_alert(self) -> bool:
        return self in (Severity.HIGH, Severity.CRITICAL)


class Status(models.TextChoices):
    OPEN = "OPEN", "Open"
    ACK = "ACK", "Acknowledged"
    RESOLVED = "RESOLVED", "Resolved"


# What an alert's status may become. Staying as it is changes nothing and is always allowed.
TRANSITIONS: dict[str, frozenset[str]] = {
    Status.OPEN: frozenset({Status.ACK, Status.RESOLVED}),
    Status.ACK: frozenset({Status.OPEN, Status.RESOLVED}),
    Status.RESOLVED: frozenset({Status.OPEN}),
}


def severity_rank(field: str = "severity") -> Case:
    """Return an expression to order by: 0 for LOW to 3 for CRITICAL."""
    ranks = [When(**{field: severity}, then=Value(severity.rank)) for severity in Severity]
    return Case(*ranks, output_field=models.IntegerField())


class EventQuerySet(models.QuerySet["Event"]):
    def search(self, text: str) -> "EventQuerySet":
        """Events that hold the text, whatever its case, in source name, type or description."""
        return self.filter(
            Q(source_name__icontains=text)
            | Q(event_type__icontains=text)
            | Q(description__icontains=text)
        )

    def with_severity_rank(self) -> "EventQuerySet":
        """Add `severity_rank`, 0 for LOW to 3 for CRITICAL, to order by."""
        return self.annotate(severity_rank=severity_rank())


class Event(models.Model):
    source_name = models.CharField(max_length=255)
    event_type = models.CharField(max_length=100)
    severity = models.CharField(max_length=8, choices=Severity)
    description = models.TextField(blank=True, max_length=10_000)
    timestamp = models.DateTimeField(default=timezone.now, editable=False)
    dedup_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  (no key is no key, not an empty one)
    count = models.PositiveBigIntegerField(default=1)
    last_seen_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[EventQuerySet] = EventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-timestamp", "-pk"]
        indexes = [
            # The list, newest first.
            models.Index(fields=["-timestamp", "-id"], name="event_newest"),
            # The list by severity.
            models.Index(fields=["severity", "-timestamp", "-id"], name="event_severity_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(severity__in=Severity.values), name="event_severity_known"
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="event_count_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.severity} {self.event_type} from {self.source_name}"


class EventReceipt(models.Model):
    """Proof that an event which its source named by an id was recorded or counted."""

    recorded_as = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="receipts")
    source_name = models.CharField(max_length=255)
    event_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_name", "event_id"], name="event_receipt_unique_id_per_source"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_id} of {self.source_name}"


class AlertQuerySet(models.QuerySet["Alert"]):
    def unresolved(self) -> "AlertQuerySet":
        return self.exclude(status=Status.RESOLVED)


class Alert(models.Model):
    event = models.OneToOneField(Event, on_delete=models.CASCADE, related_name="alert")
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    # Who deals with it, by user name, as the history is.
    assignee = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # The event's key, here because the constraint needs it beside the status. None on an alert
    # whose key another unresolved alert holds.
    dedup_key = models.CharField(max_length=255, null=True, editable=False)  # noqa: DJ001

    objects: ClassVar[AlertQuerySet] = AlertQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            # The queue, newest first.
            models.Index(fields=["-created_at", "-id"], name="alert_newest"),
            # The queue of one status.
            models.Index(fields=["status", "-created_at", "-id"], name="alert_status_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="alert_status_known"
            ),
            models.UniqueConstraint(
                fields=["dedup_key"],
                condition=~Q(status=Status.RESOLVED),
                name="alert_one_unresolved_per_dedup_key",
            ),
        ]

    def __str__(self) -> str:
        return f"Alert {self.pk}: {self.status}"


class AlertChange(models.Model):
    """One change of an alert: who, when, why, and from what status to what or to whom it went; or
    a note alone."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="changes")
    # A name, not an account: people of other nodes have none here, and history outlives accounts.
    changed_by = models.CharField(max_length=150)
    changed_at = models.DateTimeField(auto_now_add=True)
    from_status = models.CharField(max_length=8, choices=Status)
    to_status = models.CharField(max_length=8, choices=Status)
    # Empty where the assignee was removed; None where the assignee did not change.
    assigned_to = models.CharField(max_length=150, null=True)  # noqa: DJ001
    note = models.TextField(blank=True, max_length=2_000)

    class Meta:
        ordering = ["changed_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(from_status=F("to_status"))
                | ~Q(note="")
                | Q(assigned_to__isnull=False),
                name="alert_change_says_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_status} to {self.to_status} by {self.changed_by}"
