"""Logs over REST: agents post them, dashboards read them."""

from collections.abc import Iterable
from datetime import date
from http import HTTPStatus
from itertools import chain
from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.views.decorators.gzip import gzip_page
from drf_yasg.utils import swagger_auto_schema
from rest_framework import mixins, viewsets
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.api.pagination import positive_int
from config.api.renderers import written
from fim.formats.registry import FORMATS
from fim.hosts.incron import incron_status
from fim.ingest.body import Body, MalformedBody
from fim.ingest.parsers import PARSERS, LogsNegotiation
from fim.ingest.permissions import MayPostLogsOrIsNear
from fim.ingest.pipeline import Reader, store_taken
from fim.logs import schema, serializers
from fim.logs.export import FORMATS as EXPORT_FORMATS
from fim.logs.export import ExportFormat, gather, read_batches, read_rows
from fim.logs.filters import ExportFilter, FimLogFilter
from fim.logs.pagination import LogPagination
from fim.logs.reports import DayReport, logs_of_day, report_day, report_days
from fim.models import FimLog
from fim.models.days import FIRST_DAY, LAST_DAY
from fim.record.reading import read_text
from fim.store.commit import commit_log
from fim.store.deletes import delete_logs
from users.audit.services import who_of
from users.authentication import KeyAuthentication, Machine
from users.permissions import IsAdmin, IsPerson
from users.throttles import IngestThrottle, KeyThrottle

MAX_LOGS_A_CATEGORY = 1_000


class IngestView(APIView):
    """Takes one log, an array or NDJSON. What it acknowledges is committed."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [MayPostLogsOrIsNear]
    throttle_classes = [KeyThrottle, IngestThrottle]
    parser_classes = PARSERS
    content_negotiation_class = LogsNegotiation

    @swagger_auto_schema(**schema.INGEST)
    def post(self, request: Request) -> Response:
        return self._take(request, None)

    def _take(self, request: Request, format_name: str | None) -> Response:
        body = request.data
        if not isinstance(body, Body):
            raise MalformedBody("The body is empty.")
        reader = Reader(timezone.now(), default_host(request), format_name)
        taken = reader.read_all(body.records)
        # Else they would stay beside their logs until the answer is sent.
        body.records.clear()
        if not body.is_batch and (alone := taken[0].only_log):
            log, is_new = commit_log(alone)
            status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
            return Response(serializers.FimLogSerializer(log).data, status=status)
        if not body.is_batch and taken[0].is_refused:
            raise ValidationError(taken[0].errors[0])
        answer = store_taken(taken, reader)
        return Response(answer.as_json(), status=answer.http_status)


class IngestFormatView(IngestView):
    """The same for records of one named format, without looking at their shape first."""

    @swagger_auto_schema(**schema.INGEST_FORMAT)
    def post(self, request: Request, format_name: str) -> Response:
        if format_name not in FORMATS:
            raise NotFound(f"There is no format {format_name}; there are {', '.join(FORMATS)}.")
        return self._take(request, format_name)


def default_host(request: Request) -> str:
    """The host of logs that name none: `?host=`, else the key's, else the node's own name."""
    try:
        named = read_text("host", request.query_params.get("host", ""))
    except ValueError as exc:
        raise ValidationError({"host": [str(exc)]}) from exc
    key_host = request.user.key.host if isinstance(request.user, Machine) else ""
    return named or key_host or settings.NODE_NAME


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
        self.span = filterset.span()
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
        deleted = delete_logs(serializer.validated_data["ids"], by=who_of(request))
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
    """All logs that the filters let through, as a file that is made while it is sent."""

    queryset = FimLog.objects.all()
    serializer_class = serializers.FimLogSerializer
    filterset_class = ExportFilter
    pagination_class = None
    content_negotiation_class = JSONErrors

    @swagger_auto_schema(**schema.EXPORT)
    def get(self, request: Request) -> StreamingHttpResponse:
        form = self._format(request)
        logs = self.filter_queryset(self.get_queryset())
        pieces = gather(form.lines(read_rows(read_batches(logs))))
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
    """A report of one day; subclasses say which day, and how it is told."""

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

    def tell(self, report: DayReport) -> dict[str, Any]:
        return report.as_json()

    def tell_logs(self, request: Request, day: date) -> Response:
        limit = positive_int(request, "limit", default=100, maximum=MAX_LOGS_A_CATEGORY)
        report = report_day(day)
        logs = {category: self.tell_each(logs) for category, logs in logs_of_day(day, limit=limit)}
        return Response(self.tell_day(report, logs))

    def tell_each(self, logs: list[FimLog]) -> Any:
        return written(list(map(serializers.FimLogSerializer().to_representation, logs)))

    def tell_day(self, report: DayReport, logs: dict[str, Any]) -> dict[str, Any]:
        counts = {"total": report.total, **report.counts}
        return {"date": report.date.isoformat(), "counts": counts, "logs": logs}


class AnalyticsView(ReportView):
    @swagger_auto_schema(
        operation_summary="Count today's logs", responses={200: serializers.DayReportSerializer}
    )
    def get(self, request: Request) -> Response:
        return Response(self.tell(report_day(timezone.localdate())))


class HistoricalView(ReportView):
    @swagger_auto_schema(
        operation_summary="Count the logs of each of the last days, oldest first",
        manual_parameters=[schema.DAYS],
        responses={200: serializers.DayReportSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        days = positive_int(request, "days", default=7, maximum=366)
        return Response([self.tell(report) for report in report_days(timezone.localdate(), days)])


class StatsByDateView(ReportView):
    @swagger_auto_schema(
        operation_summary="Count one day's logs",
        manual_parameters=[schema.DATE],
        responses={200: serializers.DayReportSerializer},
    )
    def get(self, request: Request) -> Response:
        return Response(self.tell(report_day(self.read_date(request))))


class TodayView(ReportView):
    @swagger_auto_schema(
        operation_summary="Show today's newest logs by category",
        manual_parameters=[schema.LIMIT],
        responses={200: serializers.DayLogsSerializer},
    )
    def get(self, request: Request) -> Response:
        return self.tell_logs(request, timezone.localdate())


class ByDateView(ReportView):
    @swagger_auto_schema(
        operation_summary="Show one day's newest logs by category",
        manual_parameters=[schema.DATE, schema.LIMIT],
        responses={200: serializers.DayLogsSerializer},
    )
    def get(self, request: Request) -> Response:
        return self.tell_logs(request, self.read_date(request))


class IncronView(APIView):
    @swagger_auto_schema(
        operation_summary="Say whether the host's incron file watcher is active",
        responses={200: serializers.IncronStatusSerializer},
    )
    def get(self, request: Request) -> Response:
        status = incron_status(
            status_path=settings.INCRON_STATUS_PATH,
            max_age_seconds=settings.INCRON_STATUS_MAX_AGE_SECONDS,
        )
        return Response(serializers.IncronStatusSerializer(status).data)
