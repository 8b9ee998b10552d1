"""Is the process up, and is the node ready to serve? For load balancers, so without a throttle."""

from http import HTTPStatus
from typing import Any

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config import VERSION


class HealthSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["ok", "unavailable"])
    detail = serializers.CharField(required=False, help_text="What is missing.")


class AliveSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["ok"])
    version = serializers.CharField(help_text="Picket's version on this node.")


class PublicCheck(APIView):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    throttle_classes: list[Any] = []


class HealthzView(PublicCheck):
    @swagger_auto_schema(
        operation_summary="Say that the process answers", responses={200: AliveSerializer}
    )
    def get(self, request: Request) -> Response:
        return Response({"status": "ok", "version": VERSION})


class ReadyzView(PublicCheck):
    @swagger_auto_schema(
        operation_summary="Say whether the database answers and has every migration",
        responses={200: HealthSerializer, 503: HealthSerializer},
    )
    def get(self, request: Request) -> Response:
        try:
            executor = MigrationExecutor(connection)
            waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
        except Error:
            return _not_ready("The database does not answer.")
        if waiting:
            return _not_ready(f"{len(waiting)} migrations are not applied; run manage.py migrate.")
        return Response({"status": "ok"})


def _not_ready(detail: str) -> Response:
    body = {"status": "unavailable", "detail": detail}
    return Response(body, status=HTTPStatus.SERVICE_UNAVAILABLE)
