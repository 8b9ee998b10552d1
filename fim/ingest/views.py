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
from fim.ingest.permissions import MayIngest
from fim.ingest.pipeline import RecordReader, store_contents
from fim.logs.serializers import FimLogSerializer
from fim.store.group_commit import commit_log
from users.authentication import KeyAuthentication
from users.throttles import IngestThrottle, KeyThrottle


class IngestView(APIView):
    """Takes one log, an array or NDJSON. What it acknowledges is committed."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [MayIngest]
    throttle_classes = [KeyThrottle, IngestThrottle]
    parser_classes = PARSERS
    content_negotiation_class = LogsNegotiation

    @swagger_auto_schema(**schema.INGEST)
    def post(self, request: Request) -> Response:
        return self._ingest(request, None)

    def _ingest(self, request: Request, format_name: str | None) -> Response:
        body = request.data
        if not isinstance(body, Body):
            raise MalformedBody("The body is empty.")
        reader = RecordReader(timezone.now(), default_host(request), format_name)
        contents = reader.read_all(body.records)
        # Else they would stay beside their logs until the answer is sent.
        body.records.clear()
        if not body.is_batch and (alone := contents[0].only_log):
            log, is_new = commit_log(alone)
            status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
            return Response(FimLogSerializer(log).data, status=status)
        if not body.is_batch and contents[0].is_refused:
            raise ValidationError(contents[0].errors[0])
        answer = store_contents(contents)
        return Response(answer.as_json(), status=answer.http_status)


class IngestFormatView(IngestView):
    """The same for records of one named format, without looking at their shape first."""

    @swagger_auto_schema(**schema.INGEST_FORMAT)
    def post(self, request: Request, format_name: str) -> Response:
        if format_name not in FORMATS:
            raise NotFound(f"There is no format {format_name}; there are {', '.join(FORMATS)}.")
        return self._ingest(request, format_name)
