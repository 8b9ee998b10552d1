"""File-integrity logs, and the subjects by which they are searched."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from fim.models.fields import CompactDateTimeField, CompactUUIDField
from fim.record.fields import LIMITS
from fim.record.new_log import file_name_of
from fim.record.raw import unpack_raw


class Category(models.TextChoices):
    MALWARE = "malware", "Malware"
    DANGER = "danger", "Danger"
    SUSPICIOUS = "suspicious", "Suspicious"
    NORMAL = "normal", "Normal"


class Action(models.TextChoices):
    CREATED = "created", "Created"
    MODIFIED = "modified", "Modified"
    DELETED = "deleted", "Deleted"
    MOVED = "moved", "Moved"
    ATTRIBUTES = "attributes", "Attributes"


def holds(text: str) -> Q:
    """Return the condition that a row's path, user or process holds a text, in any case.

    For logs and for subjects, read row by row.
    """
    return Q(path__icontains=text) | Q(user__icontains=text) | Q(process__icontains=text)


class FimLogQuerySet(models.QuerySet["FimLog"]):
    def newest(self) -> "FimLogQuerySet":
        return self.order_by("-timestamp", "-pk")

    def older_than(self, timestamp: datetime, pk: int) -> "FimLogQuerySet":
        """Logs that come behind a log in a list that is newest first. A range of an index.

        It begins with the log's own moment, since a condition with OR is no range.
        """
        return self.filter(timestamp__lte=timestamp).exclude(Q(timestamp=timestamp) & Q(pk__gte=pk))

    def newer_than(self, timestamp: datetime, pk: int) -> "FimLogQuerySet":
        """Logs that come before a log in a list that is newest first. A range of an index."""
        return self.filter(timestamp__gte=timestamp).exclude(Q(timestamp=timestamp) & Q(pk__lte=pk))


def _text(name: str) -> "models.CharField[str, str]":
    return models.CharField(max_length=LIMITS[name], blank=True)


class Subject(models.Model):
    """A path with the user and the process that changed it, once for all its logs.

    Searches look here: paths recur on a real host, so there are far fewer of these than logs, and
    an index over their text stays small. Never deleted.
    """

    digest = models.BinaryField(max_length=16, unique=True)
    path = _text("path")
    user = _text("user")
    process = _text("process")

    def __str__(self) -> str:
        return self.path


class FimLog(models.Model):
    """One file change on one host, as an agent reported it. Written by `store_logs` alone."""

    event_id = CompactUUIDField(null=True, editable=False)
    timestamp = CompactDateTimeField()
    received_at = CompactDateTimeField()
    host = models.CharField(max_length=LIMITS["host"])
    category = models.CharField(max_length=10, choices=Category)
    severity = _text("severity")
    action = models.CharField(max_length=10, choices=Action)
    path = models.CharField(max_length=LIMITS["path"])
    path_from = _text("path_from")
    user = _text("user")
    process = _text("process")
    executable = _text("executable")
    sha256 = _text("sha256")
    sha256_before = _text("sha256_before")
    size_bytes = models.BigIntegerField(null=True)
    mode = _text("mode")
    owner = _text("owner")
    group = _text("group")
    rule = _text("rule")
    full_log = models.TextField(blank=True)
    source = _text("source")
    seq = models.BigIntegerField(null=True)
    attributes = models.JSONField(default=dict)
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, db_index=False, editable=False, related_name="logs"
    )

    objects: ClassVar[FimLogQuerySet] = FimLogQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-timestamp", "-pk"]
        verbose_name = "log"
        indexes = [
            # Ascending, though lists read them backwards: logs arrive in order, and what is added
            # at an index's end leaves its pages full; at its beginning it leaves them half empty.
            # The list, newest first, and a day's logs.
            models.Index(fields=["timestamp", "id"], name="fimlog_timestamp"),
            # The list of one category, and a day's logs of one.
            models.Index(fields=["category", "timestamp", "id"], name="fimlog_category"),
            # The list of one host.
            models.Index(fields=["host", "timestamp", "id"], name="fimlog_host"),
            # The list of one action.
            models.Index(fields=["action", "timestamp", "id"], name="fimlog_action"),
            # The logs of what a search finds.
            models.Index(fields=["subject", "timestamp", "id"], name="fimlog_subject"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["host", "event_id"],
                condition=Q(event_id__isnull=False),
                name="fimlog_unique_event_id_per_host",
            ),
            models.CheckConstraint(
                condition=Q(category__in=Category.values), name="fimlog_category_known"
            ),
            models.CheckConstraint(
                condition=Q(action__in=Action.values), name="fimlog_action_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.host}: {self.action} {self.path}"

    @property
    def file_name(self) -> str:
        return file_name_of(self.path)


class RawRecord(models.Model):
    """The record that a log came from, as the tool sent it; apart, so that lists never read it."""

    log = models.OneToOneField(
        FimLog, on_delete=models.CASCADE, primary_key=True, related_name="raw_record"
    )
    content = models.BinaryField(help_text="See fim.record.raw.")

    def __str__(self) -> str:
        return f"Raw record of log {self.pk}"

    @property
    def text(self) -> str:
        return unpack_raw(bytes(self.content))
