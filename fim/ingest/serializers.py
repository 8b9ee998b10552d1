"""JSON shapes of what agents post, and of the answer to a batch."""

from typing import Any

from rest_framework import serializers

from config.api.batch import BatchSerializer
from fim.models import Action, Category


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


class IngestBatchSerializer(BatchSerializer):
    ignored = serializers.IntegerField(
        help_text="Records of a known tool that are neither a file change nor an event."
    )
