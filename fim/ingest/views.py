"""Agents post logs over REST."""

from http import HTTPStatus

from django.utils import timezone
from drf_yasg.utils import swagger_auto_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fim.formats.registry import FORMATS
from fim.ingest import schema
from fim.ingest.body import Body, MalformedBody
from fim.ingest.default_host import default_host
from fim.ingest.parsers import PARSERS, LogsNegotiation
from fim.ingest.permissions import MayPostLogsOrIsNear
from fim.ingest.pipeline import Reader, store_taken
from fim.logs.serializers import FimLogSerializer
from fim.store.group_commit import commit_log
from users.authentication import KeyAuthentication
from users.throttles import IngestThrottle, KeyThrottle


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
            return Response(FimLogSerializer(log).data, status=status)
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
