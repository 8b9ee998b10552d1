"""Logs over REST, to be read: lists, reports, exports."""

from collections.abc import Iterable
from datetime import date
from itertools import chain
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.views.decorators.gzip import gzip_page
from drf_yasg.utils import swagger_auto_schema
from rest_framework import mixins, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.api.pagination import positive_int
from config.api.renderers import encoded
from fim.logs import schema, serializers
from fim.logs.export import FORMATS as EXPORT_FORMATS
from fim.logs.export import ExportFormat, join_lines, read_batches, rows_of
from fim.logs.filters import ExportFilter, FimLogFilter
from fim.logs.pagination import LogPagination
from fim.logs.reports import DayReport, logs_of_day, report_day, report_days
from fim.models import FimLog
from fim.models.days import FIRST_DAY, LAST_DAY
from fim.store.deletes import delete_logs
from users.audit.actors import actor_of
from users.permissions import IsAdmin, IsPerson

MAX_LOGS_A_CATEGORY = 1_000


class FimLogViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[FimLog]
):
    """Stored logs, newest first."""

    queryset = FimLog.objects.newest()
    serializer_class = serializers.FimLogSerializer
    filterset_class = FimLogFilter
    pagination_class = LogPagination
    lookup_value_regex = r"[0-9]+"

    def filter_queryset(self, queryset: Any) -> Any:
        filterset = self.filterset_class(self.request.query_params, queryset, request=self.request)
        if not filterset.is_valid():
            raise ValidationError(filterset.errors)
        self.found, self.span = filterset.found, filterset.span()
        return filterset.qs

    def get_permissions(self) -> list[BasePermission]:
        return [IsAdmin() if self.action == "destroy_many" else IsPerson()]

    @swagger_auto_schema(
        operation_summary="Delete logs by id",
        request_body=serializers.IdsSerializer,
        responses={200: serializers.DeletedSerializer},
    )
    def destroy_many(self, request: Request) -> Response:
        serializer = serializers.IdsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        deleted = delete_logs(serializer.validated_data["ids"], by=actor_of(request))
        return Response({"deleted": deleted})


class JSONErrors(BaseContentNegotiation):
    """Errors are JSON whatever is accepted; `?format=` is left to the view."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


@method_decorator(gzip_page, name="dispatch")
class ExportView(GenericAPIView[FimLog]):
    """All logs that match the filters, as a file that is made while it is sent."""

    queryset = FimLog.objects.all()
    serializer_class = serializers.FimLogSerializer
    filterset_class = ExportFilter
    pagination_class = None
    content_negotiation_class = JSONErrors

    @swagger_auto_schema(**schema.EXPORT)
    def get(self, request: Request) -> StreamingHttpResponse:
        form = self._format(request)
        logs = self.filter_queryset(self.get_queryset())
        pieces = join_lines(form.lines(rows_of(read_batches(logs))))
        # Before the answer begins, so that a database that is away is an error and no empty file.
        first = next(pieces, b"")
        body = chain([first], pieces) if request.method == "GET" else ()
        name = f"picket-logs-{timezone.now():%Y%m%dT%H%M%SZ}.{form.name}"
        disposition = content_disposition_header(True, name)
        return StreamingHttpResponse(
            body,
            content_type=form.media_type,
            headers={"Content-Disposition": disposition, "Cache-Control": "no-store"},
        )

    def _format(self, request: Request) -> ExportFormat:
        name = request.query_params.get("format") or "ndjson"
        if name not in EXPORT_FORMATS:
            raise ValidationError({"format": [f"Takes one of {', '.join(EXPORT_FORMATS)}."]})
        return EXPORT_FORMATS[name]


class ReportView(APIView):
    """A report of one day; subclasses say which day, and in what form."""

    def read_date(self, request: Request) -> date:
        text = request.query_params.get("date")
        if text is None:
            raise ValidationError({"date": ["This parameter is required."]})
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or day.isoformat() != text or not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(
                {"date": [f"Takes a day from {FIRST_DAY} to {LAST_DAY}, as YYYY-MM-DD."]}
            )
        return day

    def show_report(self, report: DayReport) -> dict[str, Any]:
        return report.as_json()

    def answer_day(self, request: Request, day: date) -> Response:
        limit = positive_int(request, "limit", default=100, maximum=MAX_LOGS_A_CATEGORY)
        report = report_day(day)
        logs = {category: self.show_logs(logs) for category, logs in logs_of_day(day, limit=limit)}
        return Response(self.show_day(report, logs))

    def show_logs(self, logs: list[FimLog]) -> Any:
        return encoded(list(map(serializers.FimLogSerializer().to_representation, logs)))

    def show_day(self, report: DayReport, logs: dict[str, Any]) -> dict[str, Any]:
        counts = {"total": report.total, **report.counts}
        return {"date": report.date.isoformat(), "counts": counts, "logs": logs}


class AnalyticsView(ReportView):
    @swagger_auto_schema(
        operation_summary="Count today's logs", responses={200: serializers.DayReportSerializer}
    )
    def get(self, request: Request) -> Response:
        return Response(self.show_report(report_day(timezone.localdate())))


class HistoricalView(ReportView):
    @swagger_auto_schema(
        operation_summary="Count the logs of each of the last days, oldest first",
        manual_parameters=[schema.DAYS],
        responses={200: serializers.DayReportSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        days = positive_int(request, "days", default=7, maximum=366)
        return Response(
            [self.show_report(report) for report in report_days(timezone.localdate(), days)]
        )


class StatsByDateView(ReportView):
    @swagger_auto_schema(
        operation_summary="Count one day's logs",
        manual_parameters=[schema.DATE],
        responses={200: serializers.DayReportSerializer},
    )
    def get(self, request: Request) -> Response:
        return Response(self.show_report(report_day(self.read_date(request))))


class TodayView(ReportView):
    @swagger_auto_schema(
        operation_summary="Show today's newest logs by category",
        manual_parameters=[schema.LIMIT],
        responses={200: serializers.DayLogsSerializer},
    )
    def get(self, request: Request) -> Response:
        return self.answer_day(request, timezone.localdate())


class ByDateView(ReportView):
    @swagger_auto_schema(
        operation_summary="Show one day's newest logs by category",
        manual_parameters=[schema.DATE, schema.LIMIT],
        responses={200: serializers.DayLogsSerializer},
    )
    def get(self, request: Request) -> Response:
        return self.answer_day(request, self.read_date(request))
