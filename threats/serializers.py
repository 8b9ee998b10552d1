"""JSON shapes of events, alerts and their history."""

from datetime import UTC
from typing import Any

from django.db.models import TextChoices
from rest_framework import serializers

from threats.models import Alert, AlertChange, Event, Severity, Status


def _choice_of(choices: type[TextChoices]) -> serializers.ChoiceField:
    # DRF's own message repeats what was sent, however long, and what no answer can be encoded with.
    message = f"Takes one of {', '.join(choices.values)}."
    return serializers.ChoiceField(
        choices=choices.choices, error_messages={"invalid_choice": message}
    )


class EventSerializer(serializers.ModelSerializer[Event]):
    timestamp = serializers.DateTimeField(read_only=True, default_timezone=UTC)
    last_seen_at = serializers.DateTimeField(read_only=True, default_timezone=UTC)
    severity = _choice_of(Severity)
    dedup_key = serializers.CharField(
        max_length=255,
        required=False,
        allow_null=True,
        help_text="What makes two events the same trouble; set when the event is made.",
    )

    class Meta:
        model = Event
        fields = [
            "id",
            "source_name",
            "event_type",
            "severity",
            "description",
            "timestamp",
            "dedup_key",
            "count",
            "last_seen_at",
        ]
        read_only_fields = ["count"]


class NewEventSerializer(EventSerializer):
    event_id = serializers.UUIDField(
        required=False,
        help_text="Makes a repeat safe: the same id of the same source is recorded once.",
    )

    class Meta(EventSerializer.Meta):
        fields = [*EventSerializer.Meta.fields, "event_id"]


class EventUpdateSerializer(EventSerializer):
    class Meta(EventSerializer.Meta):
        read_only_fields = ["count", "dedup_key"]

    dedup_key = serializers.CharField(read_only=True, allow_null=True)


class AlertSerializer(serializers.ModelSerializer[Alert]):
    event = EventSerializer(read_only=True)
    created_at = serializers.DateTimeField(read_only=True, default_timezone=UTC)

    class Meta:
        model = Alert
        fields = ["id", "event", "status", "assignee", "created_at"]


class AlertUpdateSerializer(serializers.Serializer[Any]):
    status = _choice_of(Status)
    assignee = serializers.CharField(
        max_length=150,
        required=False,
        allow_blank=True,
        help_text="User name of who deals with it; empty for nobody.",
    )
    note = serializers.CharField(
        max_length=2_000, required=False, allow_blank=True, help_text="Why; kept in the history."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() & {"status", "assignee"}:
            raise serializers.ValidationError({"status": ["Takes this or an assignee."]})
        return attrs


class AlertChangeSerializer(serializers.ModelSerializer[AlertChange]):
    changed_at = serializers.DateTimeField(read_only=True, default_timezone=UTC)

    class Meta:
        model = AlertChange
        fields = [
            "changed_by",
            "from_status",
            "to_status",
            "assigned_to",
            "changed_at",
            "note",
        ]


class AlertHistorySerializer(serializers.Serializer[Any]):
    """One page of an alert's history."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = AlertChangeSerializer(many=True)
