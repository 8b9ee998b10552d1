"""JSON shapes of heartbeats and hosts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from fim.models.hosts import BlindReason, DroppedRange, Host, State
from fim.record.fields import EARLIEST, LIMITS, MAX_INTEGER, read_text
from fim.record.truncation import truncate_text

MAX_SECONDS = 10**9
MAX_EVERY_SECONDS = 86_400
MAX_PATHS = 100
MAX_SPANS = 100
MAX_RANGES = 10_000
RANGE = ("first_seq", "last_seq", "count")


def _whole(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=MAX_INTEGER, **more
    )


def _seconds(**more: Any) -> serializers.FloatField:
    return serializers.FloatField(
        required=False, allow_null=True, min_value=0, max_value=MAX_SECONDS, **more
    )


def _text(limit: int) -> serializers.CharField:
    return serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=limit
    )


class HostNameField(serializers.CharField):
    """A host's name exactly as its logs have it, blanks included."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return read_text("host", data)
        except ValueError as exc:
            raise serializers.ValidationError(str(exc)) from exc


class PastMomentField(serializers.DateTimeField):
    """A moment, UTC where no zone is named. One ahead of the node's clock counts as now."""

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, allow_null=True, default_timezone=UTC, **more)

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        if moment < EARLIEST:
            raise serializers.ValidationError("Is before 1970; no agent ran then.")
        return min(moment, self.context["received_at"])


class PathsField(serializers.ListField):
    """Paths, for people to read: the first hundred of them, odd bytes shown as escapes."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            required=False, allow_null=True, child=serializers.CharField(allow_blank=True), **more
        )

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list) or not all(isinstance(path, str) for path in data):
            raise serializers.ValidationError("Takes a list of texts.")
        return [truncate_text(path, LIMITS["path"]) for path in data[:MAX_PATHS]]


class DroppedRangeSerializer(serializers.ModelSerializer[DroppedRange]):
    class Meta:
        model = DroppedRange
        fields = ["first_seq", "last_seq", "count"]
        validators: list[Any] = []


class DroppedField(serializers.ListField):
    """Ranges of running numbers. Read without a serializer for each, for there may be thousands."""

    child = DroppedRangeSerializer()

    def to_internal_value(self, data: Any) -> list[dict[str, int]]:
        if not isinstance(data, list):
            raise serializers.ValidationError("Takes a list of ranges.")
        if len(data) > MAX_RANGES:
            raise serializers.ValidationError(
                f"Has {len(data)} ranges; at most {MAX_RANGES} are taken at once."
            )
        return [_read_range(each) for each in data]


def _read_range(sent: object) -> dict[str, int]:
    values: list[Any] = [sent.get(name) if isinstance(sent, dict) else None for name in RANGE]
    if any(not isinstance(value, int) or isinstance(value, bool) for value in values):
        raise serializers.ValidationError(f"Takes ranges of whole numbers: {', '.join(RANGE)}.")
    first, last, count = values
    if not (0 <= first <= last <= MAX_INTEGER and 1 <= count <= last - first + 1):
        raise serializers.ValidationError(f"From {first} to {last} there are no {count}.")
    return dict(zip(RANGE, values, strict=True))


class BlindReasonField(serializers.CharField):
    """Why an agent is blind; a reason that is not known counts as none."""

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, allow_null=True, allow_blank=True, **more)

    def to_internal_value(self, data: Any) -> str:
        return data if data in BlindReason.values else ""


class BlindSpanSerializer(serializers.Serializer[Any]):
    """A period of blindness that is over, reported once a node answers again."""

    since = PastMomentField()
    until = PastMomentField()
    reason = BlindReasonField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        since, until = attrs.get("since"), attrs.get("until")
        if since is None or until is None or until < since:
            raise serializers.ValidationError("Takes a span from `since` to a later `until`.")
        return {"since": since, "until": until, "reason": attrs.get("reason") or ""}


class HeartbeatSerializer(serializers.Serializer[Any]):
    """An agent's report of its own state; what it leaves out or sends as null is not known."""

    host = HostNameField(required=False, allow_null=True, allow_blank=True, trim_whitespace=False)
    every_seconds = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_EVERY_SECONDS,
        help_text="How often it sends a heartbeat; 60 where it does not say.",
    )
    version = _text(64)
    source = _text(LIMITS["source"])  # type: ignore[assignment]
    started_at = PastMomentField()
    seq = _whole(help_text="Number of its last log.")
    watches = _whole(help_text="Directories that the kernel tells it of.")
    unwatched = PathsField(help_text="Roots that it scans instead.")
    spool_depth = _whole(help_text="Logs that the node has not acknowledged.")
    spool_bytes = _whole()
    last_scan_at = PastMomentField()
    last_scan_seconds = _seconds()
    lag_seconds = _seconds(help_text="Age of the oldest log that is not acknowledged.")
    overflows = _whole(help_text="How often the kernel's queue overflowed.")
    ignored = _whole(help_text="Changes that it was told to ignore.")
    blind_since = PastMomentField(help_text="Since when its own test changes do not come back.")
    blind_roots = PathsField()
    blind_reason = BlindReasonField()
    was_blind = BlindSpanSerializer(
        many=True,
        required=False,
        allow_null=True,
        max_length=MAX_SPANS,  # type: ignore[call-arg]
    )
    dropped = DroppedField(
        required=False, allow_null=True, help_text="Logs that its full spool lost, for good."
    )

    def report(self) -> dict[str, Any]:
        """Return all reported fields of Host; none of an earlier heartbeat is kept."""
        sent: Mapping[str, Any] = self.validated_data
        names = set(self.fields) - {"host", "dropped", "was_blind"}
        report = {name: sent.get(name) for name in names}
        return report | {
            "every_seconds": sent.get("every_seconds") or 60,
            **{name: sent.get(name) or "" for name in ("version", "source")},
            **{name: sent.get(name) or [] for name in ("unwatched", "blind_roots")},
            "blind_reason": sent.get("blind_reason") or "",
        }


class HeartbeatAnswerSerializer(serializers.Serializer[Any]):
    host = serializers.CharField()
    state = serializers.ChoiceField(choices=State.choices)
    received_at = serializers.DateTimeField(default_timezone=UTC)


class DroppedSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(source="dropped_count")
    ranges = DroppedRangeSerializer(
        source="last_dropped", many=True, help_text="The last twenty, newest first."
    )


class HostSerializer(serializers.ModelSerializer[Host]):
    state = serializers.ChoiceField(choices=State.choices)
    last_seen_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    started_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    last_scan_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    is_blind = serializers.BooleanField()
    blind_since = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    unwatched = serializers.ListField(child=serializers.CharField())
    blind_roots = serializers.ListField(child=serializers.CharField())
    dropped = DroppedSerializer(source="*")

    class Meta:
        model = Host
        fields = [
            "name",
            "state",
            "last_seen_at",
            "every_seconds",
            "source",
            "version",
            "started_at",
            "seq",
            "watches",
            "unwatched",
            "spool_depth",
            "spool_bytes",
            "last_scan_at",
            "last_scan_seconds",
            "lag_seconds",
            "overflows",
            "ignored",
            "is_blind",
            "blind_since",
            "blind_roots",
            "blind_reason",
            "dropped",
        ]
        read_only_fields = fields


class AgentSerializer(serializers.ModelSerializer[Host]):
    host = serializers.CharField(source="name")
    state = serializers.ChoiceField(choices=State.choices)
    last_seen_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    is_blind = serializers.BooleanField()
    blind_since = serializers.DateTimeField(default_timezone=UTC, allow_null=True)

    class Meta:
        model = Host
        fields = ["host", "state", "last_seen_at", "version", "is_blind", "blind_since"]
        read_only_fields = fields


class IncronStatusSerializer(serializers.Serializer[Any]):
    is_running = serializers.BooleanField()
    source = serializers.ChoiceField(choices=["status_file", "process_list"])  # type: ignore[assignment]
    detail = serializers.CharField(help_text="What was seen, and why it is not running.")
    status_age_seconds = serializers.FloatField(allow_null=True)


class WatchersSerializer(IncronStatusSerializer):
    agent = AgentSerializer(
        allow_null=True, help_text="Picket's own on the host of this node; null: never heard of."
    )
