"""The audit list over REST."""

from datetime import UTC

from django_filters import rest_framework as filters
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.filters import MomentFilter
from config.api.pagination import CappedPaginator, PageNumberPagination
from users.models import AuditAction, AuditEntry, Channel, Kind
from users.permissions import IsAdmin


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    recorded_at = serializers.DateTimeField(read_only=True, default_timezone=UTC)

    class Meta:
        model = AuditEntry
        fields = [
            "id",
            "recorded_at",
            "person",
            "address",
            "channel",
            "action",
            "kind",
            "ref",
            "name",
            "before",
            "after",
        ]


class AuditFilter(filters.FilterSet):
    person = filters.CharFilter()
    address = filters.CharFilter()
    channel = filters.ChoiceFilter(choices=Channel.choices)
    action = filters.ChoiceFilter(choices=AuditAction.choices)
    kind = filters.ChoiceFilter(choices=Kind.choices)
    ref = filters.CharFilter(label="The id of what it was done to.")
    recorded_at_after = MomentFilter("recorded_at", "gte", label="From this moment on (ISO 8601).")
    recorded_at_before = MomentFilter("recorded_at", "lt", label="Before this moment (ISO 8601).")

    class Meta:
        model = AuditEntry
        fields: list[str] = []


class AuditPagination(PageNumberPagination):
    django_paginator_class = CappedPaginator


class AuditView(ListAPIView[AuditEntry]):
    """What people changed, newest first. Nobody writes here."""

    queryset = AuditEntry.objects.all()
    serializer_class = AuditEntrySerializer
    permission_classes = [IsAdmin]
    filterset_class = AuditFilter
    pagination_class = AuditPagination

    @swagger_auto_schema(operation_summary="List what people changed, newest first")
    def get(self, request: Request) -> Response:
        return super().get(request)
