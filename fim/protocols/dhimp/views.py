"""The API's views as the DHIMP platform's clients expect them, below /dhimp/api/."""

from typing import Any

from django_filters import rest_framework as filters
from drf_yasg.utils import swagger_auto_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.tokens import AccessToken

from fim.logs import schema, views
from fim.logs.filters import FimLogFilter
from fim.logs.pagination import LogPagination
from fim.logs.reports import DayReport
from fim.models import Category, FimLog
from fim.protocols.dhimp import serializers
from fim.protocols.dhimp.words import (
    CATEGORY_WORDS,
    translate_log,
    translate_past_report,
    translate_report,
)
from fim.store.deletes import delete_logs
from fim.store.search import LogSearch
from users.audit.actors import actor_of
from users.serializers import CredentialsSerializer
from users.views import LoginView


class DhimpLoginView(LoginView):
    @swagger_auto_schema(
        operation_summary="Sign in with a password; answers with the token",
        request_body=CredentialsSerializer,
        responses={200: serializers.DhimpLoginSerializer, 401: "", 429: ""},
    )
    def post(self, request: Request) -> Response:
        return super().post(request)

    def signed_in(self, request: Request, user: Any, access: AccessToken) -> dict[str, Any]:
        return {"message": f"Signed in as {user.username}.", "token": str(access)}


class DhimpLogFilter(FimLogFilter):
    status = filters.ChoiceFilter(
        method="filter_status",
        choices=[*Category.choices, ("bahaya", "Bahaya"), ("mencurigakan", "Mencurigakan")],
        label="Category.",
    )

    def filter_status(self, search: LogSearch, name: str, value: str) -> LogSearch:
        return self.filter_value(search, "category", self.category_of(value))

    def category_of(self, status: str) -> str:
        categories = {word: str(category) for category, word in CATEGORY_WORDS.items()}
        return categories.get(status, status)


class DhimpLogPagination(LogPagination):
    """Pages in the four fields that DHIMP's dashboard knows."""

    more_properties: dict[str, str] = {}

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        del response.data["count_is_estimate"]
        return response


class DhimpLogViewSet(views.FimLogViewSet):
    """Stored logs, newest first, in DHIMP's words."""

    serializer_class = serializers.DhimpLogSerializer  # type: ignore[assignment]
    filterset_class = DhimpLogFilter
    pagination_class = DhimpLogPagination

    @swagger_auto_schema(
        operation_summary="Delete logs by id, or one log",
        request_body=serializers.DhimpIdsSerializer,
        responses={200: serializers.DhimpDeletedSerializer},
    )
    def destroy_many(self, request: Request) -> Response:
        serializer = serializers.DhimpIdsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        deleted = delete_logs(serializer.validated_data["ids"], by=actor_of(request))
        return Response({"deleted": deleted, "message": f"{deleted} logs were deleted."})


class DhimpReportView(views.ReportView):
    def show_report(self, report: DayReport) -> dict[str, Any]:
        return translate_report(report)

    def show_logs(self, logs: list[FimLog]) -> Any:
        return [translate_log(log) for log in logs]

    def show_day(self, report: DayReport, logs: dict[str, Any]) -> dict[str, Any]:
        return {word: logs[category] for category, word in CATEGORY_WORDS.items()}


class DhimpAnalyticsView(DhimpReportView, views.AnalyticsView):
    @swagger_auto_schema(
        operation_summary="Count today's logs",
        responses={200: serializers.DhimpReportSerializer},
    )
    def get(self, request: Request) -> Response:
        return super().get(request)


class DhimpHistoricalView(DhimpReportView, views.HistoricalView):
    @swagger_auto_schema(
        operation_summary="Count the logs of each of the last days, oldest first",
        manual_parameters=[schema.DAYS],
        responses={200: serializers.DhimpPastReportSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        return super().get(request)

    def show_report(self, report: DayReport) -> dict[str, Any]:
        return translate_past_report(report)


class DhimpStatsByDateView(DhimpReportView, views.StatsByDateView):
    @swagger_auto_schema(
        operation_summary="Count one day's logs",
        manual_parameters=[schema.DATE],
        responses={200: serializers.DhimpReportSerializer},
    )
    def get(self, request: Request) -> Response:
        return super().get(request)


class DhimpTodayView(DhimpReportView, views.TodayView):
    @swagger_auto_schema(
        operation_summary="Show today's newest logs by category",
        manual_parameters=[schema.LIMIT],
        responses={200: serializers.DhimpDayLogsSerializer},
    )
    def get(self, request: Request) -> Response:
        return super().get(request)


class DhimpByDateView(DhimpReportView, views.ByDateView):
    @swagger_auto_schema(
        operation_summary="Show one day's newest logs by category",
        manual_parameters=[schema.DATE, schema.LIMIT],
        responses={200: serializers.DhimpDayLogsSerializer},
    )
    def get(self, request: Request) -> Response:
        return super().get(request)
