"""JSON shapes of osquery's TLS protocol, for Swagger: osquery's bodies are read without them."""

from typing import Any

from rest_framework import serializers


class EnrollSerializer(serializers.Serializer[Any]):
    enroll_secret = serializers.CharField()
    host_identifier = serializers.CharField(max_length=255)
    host_details = serializers.DictField(required=False, help_text="Not read.")


class EnrolledSerializer(serializers.Serializer[Any]):
    node_key = serializers.CharField(help_text="Shown once; absent where refused.")
    node_invalid = serializers.BooleanField()


class NodeSerializer(serializers.Serializer[Any]):
    node_key = serializers.CharField(help_text="Or `Authorization: NodeKey ...`.")


class OsqueryConfigSerializer(serializers.Serializer[Any]):
    node_invalid = serializers.BooleanField(help_text="True: enrol again.")
    schedule = serializers.DictField(required=False)
    file_paths = serializers.DictField(required=False)


class OsqueryLogSerializer(NodeSerializer):
    log_type = serializers.ChoiceField(choices=["result", "status"])
    data = serializers.ListField(child=serializers.DictField())  # type: ignore[assignment]


class NodeInvalidSerializer(serializers.Serializer[Any]):
    node_invalid = serializers.BooleanField(help_text="True: enrol again.")
