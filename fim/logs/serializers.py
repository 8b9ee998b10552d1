"""JSON shapes of logs and reports."""

from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from rest_framework import serializers

from config.api.batch import BatchSerializer
from fim.models import Action, Category, FimLog
from fim.record.reading import MAX_INTEGER, NewLog

MAX_IDS = 10_000


class FimLogSerializer(serializers.ModelSerializer[FimLog]):
    timestamp = serializers.DateTimeField(default_timezone=UTC)
    received_at = serializers.DateTimeField(default_timezone=UTC)
    file_name = serializers.CharField(read_only=True)
    attributes = serializers.DictField()

    class Meta:
        model = FimLog
        fields = [
            "id",
            "event_id",
            "timestamp",
            "received_at",
            "host",
            "category",
            "severity",
            "action",
            "path",
            "path_from",
            "file_name",
            "user",
            "process",
            "executable",
            "sha256",
            "sha256_before",
            "size_bytes",
            "mode",
            "owner",
            "group",
            "rule",
            "full_log",
            "source",
            "seq",
            "attributes",
        ]
        read_only_fields = fields

    def to_representation(self, instance: FimLog | NewLog) -> dict[str, Any]:
        return show_log(instance)


_values_of = attrgetter(*FimLogSerializer.Meta.fields)


def show_log(log: FimLog | NewLog) -> dict[str, Any]:
    """Return the fields as they are: DRF's way over its field objects takes ten times longer,
    which is a third of what storing a log costs.
    """
    shown = dict(zip(FimLogSerializer.Meta.fields, _values_of(log), strict=True))
    shown["timestamp"] = _as_utc(log.timestamp)
    shown["received_at"] = _as_utc(log.received_at)
    if log.event_id is not None:
        shown["event_id"] = str(log.event_id)
    return shown


def _as_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class NewLogSerializer(serializers.Serializer[Any]):
    """What an agent posts: describes `fim.record.reading.read_log`, which does the reading."""

    path = serializers.CharField(max_length=4096)
    action = serializers.CharField(
        max_length=64,
        help_text=f"{', '.join(Action.values)}; DHIMP's words and inotify's names too.",
    )
    event_id = serializers.UUIDField(
        required=False, help_text="Makes a repeat safe: it is answered with 200, stored once."
    )
    timestamp = serializers.DateTimeField(
        required=False, help_text="When it happened; UTC where no zone is named."
    )
    host = serializers.CharField(required=False, max_length=255)
    category = serializers.ChoiceField(required=False, choices=Category.choices)
    severity = serializers.CharField(
        required=False, max_length=255, help_text="Free text; gives the category if none is sent."
    )
    path_from = serializers.CharField(required=False, max_length=4096)
    user = serializers.CharField(required=False, max_length=255, help_text="Who did it.")
    process = serializers.CharField(required=False, max_length=1024)
    executable = serializers.CharField(required=False, max_length=4096)
    sha256 = serializers.CharField(required=False, min_length=64, max_length=64)
    sha256_before = serializers.CharField(required=False, min_length=64, max_length=64)
    size_bytes = serializers.IntegerField(required=False, min_value=0)
    mode = serializers.CharField(required=False, max_length=64)
    owner = serializers.CharField(required=False, max_length=255)
    group = serializers.CharField(required=False, max_length=255)
    rule = serializers.CharField(required=False, max_length=255)
    full_log = serializers.CharField(required=False, max_length=65_536)
    source = serializers.CharField(required=False, max_length=64)  # type: ignore[assignment]
    seq = serializers.IntegerField(required=False, min_value=0)
    attributes = serializers.DictField(required=False)


class IdsField(serializers.ListField):
    """Looks at the length first, so that the answer to 100,000 bad ids is one sentence."""

    child = serializers.IntegerField(min_value=1, max_value=MAX_INTEGER)

    def to_internal_value(self, data: Any) -> list[int]:
        if isinstance(data, list) and len(data) > MAX_IDS:
            raise serializers.ValidationError(
                f"Has {len(data)} ids; at most {MAX_IDS} are deleted at once."
            )
        return super().to_internal_value(data)


class IngestBatchSerializer(BatchSerializer):
    ignored = serializers.IntegerField(
        help_text="Records of a known tool that are neither a file change nor an event."
    )


class IdsSerializer(serializers.Serializer[Any]):
    ids = IdsField(allow_empty=False)


class DeletedSerializer(serializers.Serializer[Any]):
    deleted = serializers.IntegerField(help_text="How many logs there were.")


class CountsSerializer(serializers.Serializer[Any]):
    malware = serializers.IntegerField()
    danger = serializers.IntegerField()
    suspicious = serializers.IntegerField()
    normal = serializers.IntegerField()


class DayReportSerializer(CountsSerializer):
    date = serializers.DateField()
    total = serializers.IntegerField()


class DayCountsSerializer(CountsSerializer):
    total = serializers.IntegerField()


class LogsByCategorySerializer(serializers.Serializer[Any]):
    malware = FimLogSerializer(many=True)
    danger = FimLogSerializer(many=True)
    suspicious = FimLogSerializer(many=True)
    normal = FimLogSerializer(many=True)


class DayLogsSerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    counts = DayCountsSerializer()
    logs = LogsByCategorySerializer()


class IncronStatusSerializer(serializers.Serializer[Any]):
    is_running = serializers.BooleanField()
    source = serializers.ChoiceField(choices=["status_file", "process_list"])  # type: ignore[assignment]
    detail = serializers.CharField(help_text="What was seen, and why it is not running.")
    status_age_seconds = serializers.FloatField(allow_null=True)
