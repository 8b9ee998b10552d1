"""JSON shapes that the DHIMP dashboard reads and sends."""

from typing import Any

from rest_framework import serializers

from fim.logs.serializers import DeletedSerializer, IdsSerializer
from fim.models import FimLog
from fim.protocols.dhimp.words import translate_log


class DhimpLogSerializer(serializers.Serializer[FimLog]):
    id = serializers.IntegerField()
    tanggal = serializers.DateField()
    jam = serializers.TimeField(format="%H:%M:%S")
    metode = serializers.CharField(help_text="The action as the agent sent it.")
    nama_file = serializers.CharField()
    path_lengkap = serializers.CharField()
    tag = serializers.CharField(help_text="The severity as the agent sent it.")
    user = serializers.CharField()
    comm = serializers.CharField()
    exe = serializers.CharField()
    full_log = serializers.CharField()

    def to_representation(self, instance: FimLog) -> dict[str, Any]:
        return translate_log(instance)


class DhimpIdsSerializer(IdsSerializer):
    """`{"ids": [1, 2]}`, or `{"id": 1}` for one log."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and "ids" not in data and "id" in data:
            data = {"ids": [data["id"]]}
        return super().to_internal_value(data)


class DhimpDeletedSerializer(DeletedSerializer):
    message = serializers.CharField()


class DhimpLoginSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    token = serializers.CharField(help_text="Access token, for `Authorization: Bearer`.")


class DhimpCountsSerializer(serializers.Serializer[Any]):
    malware = serializers.IntegerField()
    bahaya = serializers.IntegerField()
    mencurigakan = serializers.IntegerField()
    normal = serializers.IntegerField()


class DhimpReportSerializer(serializers.Serializer[Any]):
    tanggal_analisis = serializers.DateField()
    total_perubahan_hari_ini = serializers.IntegerField()
    detail = DhimpCountsSerializer()


class DhimpPastReportSerializer(serializers.Serializer[Any]):
    tanggal = serializers.DateField()
    total_perubahan = serializers.IntegerField()
    detail = DhimpCountsSerializer()


class DhimpDayLogsSerializer(serializers.Serializer[Any]):
    malware = DhimpLogSerializer(many=True)
    bahaya = DhimpLogSerializer(many=True)
    mencurigakan = DhimpLogSerializer(many=True)
    normal = DhimpLogSerializer(many=True)
