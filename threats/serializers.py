"""JSON shapes of events, alerts and their history."""

from datetime import UTC
from typing import Any

from rest_framework import serializers

from threats.models import Alert, AlertChange, Event, Severity, Status


class EventSerializer(serializers.ModelSerializer[Event]):
    timestamp = serializers.DateTimeField(read_only=True, default_timezone=UTC)
    last_seen_at = serializers.DateTimeField(read_only=True, default_timezone=UTC)
    severity = serializers.ChoiceField(choices=Severity.choices)
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


class EventUpdateSerializer(EventSerializer):
    class Meta(EventSerializer.Meta):
        read_only_fields = ["count", "dedup_key"]

    dedup_key = serializers.CharField(read_only=True, allow_null=True)


class AlertSerializer(serializers.ModelSerializer[Alert]):
    event = EventSerializer(read_only=True)
    created_at = serializers.DateTimeField(read_only=True, default_timezone=UTC)

    class Meta:
        model = Alert
        fields = ["id", "event", "status", "created_at"]


class AlertUpdateSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Status.choices)
    note = serializers.CharField(
        max_length=2_000, required=False, allow_blank=True, help_text="Why; kept in the history."
    )


class AlertChangeSerializer(serializers.ModelSerializer[AlertChange]):
    changed_at = serializers.DateTimeField(read_only=True, default_timezone=UTC)

    class Meta:
        model = AlertChange
        fields = ["changed_by", "from_status", "to_status", "changed_at", "note"]
