"""JSON shapes of logs and reports."""

from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from rest_framework import serializers

from fim.models import FimLog
from fim.record.fields import MAX_INTEGER
from fim.record.new_log import NewLog

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
    """Return the fields as they are: DRF's field objects take ten times longer, which is a third of
    what storing a log costs.
    """
    shown = dict(zip(FimLogSerializer.Meta.fields, _values_of(log), strict=True))
    shown["timestamp"] = _as_utc(log.timestamp)
    shown["received_at"] = _as_utc(log.received_at)
    if log.event_id is not None:
        shown["event_id"] = str(log.event_id)
    return shown


def _as_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class IdsField(serializers.ListField):
    """Checks the length first, so that the answer to 100,000 bad ids is one sentence."""

    child = serializers.IntegerField(min_value=1, max_value=MAX_INTEGER)

    def to_internal_value(self, data: Any) -> list[int]:
        if isinstance(data, list) and len(data) > MAX_IDS:
            raise serializers.ValidationError(
                f"Has {len(data)} ids; at most {MAX_IDS} are deleted at once."
            )
        return super().to_internal_value(data)


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
