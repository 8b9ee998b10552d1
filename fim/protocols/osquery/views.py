"""osquery's TLS protocol, so that a stock osqueryd logs straight to the node.

The protocol: docs/wiki/deployment/remote.md of osquery. Its client reads the body of an answer and
never the status (osquery/remote/transports/tls.cpp), and takes any JSON object for a success unless
it holds `error` or a true `node_invalid` (osquery/remote/utility.h). So every refusal below
/api/osquery/ carries `error` (config.api.errors): without it osquery would forget its logs.
"""

import logging
from typing import Any

from django.conf import settings
from drf_yasg.utils import swagger_auto_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fim.ingest.body import Body, MalformedBody
from fim.ingest.default_host import host_of_key
from fim.ingest.parsers import LogsJSONParser, LogsNegotiation
from fim.protocols.osquery import serializers
from fim.protocols.osquery.configuration import BrokenConfig, read_config
from fim.protocols.osquery.services import NodeInvalid, enroll_host, find_node, store_results
from users.authentication import Machine
from users.models import Key
from users.throttles import KeyThrottle, SignInThrottle

logger = logging.getLogger(__name__)


class OsqueryView(APIView):
    """A view that anyone may call: what it checks is in the body, as the protocol wants it."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    parser_classes = [LogsJSONParser]
    content_negotiation_class = LogsNegotiation

    def read_body(self, request: Request) -> dict[str, Any]:
        body = request.data
        record = body.records[0] if isinstance(body, Body) and not body.is_batch else None
        if not isinstance(record, dict):
            raise MalformedBody("The body takes a JSON object.")
        return record

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, NodeInvalid):
            return Response({"node_invalid": True})
        return super().handle_exception(exc)


class EnrollView(OsqueryView):
    """Checks the secret of the fleet, OSQUERY_ENROLL_SECRET."""

    throttle_classes = [SignInThrottle]

    @swagger_auto_schema(
        operation_summary="Enrol a host that runs osqueryd; its former node key ends",
        operation_description=(
            "A wrong `enroll_secret` is answered with 200 and `node_invalid` true, as is every"
            " request while `OSQUERY_ENROLL_SECRET` is empty."
        ),
        request_body=serializers.EnrollSerializer,
        responses={200: serializers.EnrolledSerializer},
    )
    def post(self, request: Request) -> Response:
        body = self.read_body(request)
        node_key = enroll_host(secret=body.get("enroll_secret"), host=body.get("host_identifier"))
        return Response({"node_key": node_key, "node_invalid": False})


class NodeView(OsqueryView):
    """Checks the node key, from `Authorization: NodeKey ...` or else from the body."""

    throttle_classes = [KeyThrottle]
    key: Key

    def perform_authentication(self, request: Request) -> None:
        keyword, _, text = request.headers.get("Authorization", "").partition(" ")
        node_key = text.strip() if keyword.lower() == "nodekey" else None
        self.key = find_node(node_key or self.read_body(request).get("node_key"))
        request.user = Machine(self.key)  # type: ignore[assignment]


class ConfigView(NodeView):
    @swagger_auto_schema(
        operation_summary="Tell an enrolled osqueryd what to watch",
        operation_description=(
            "The JSON of `OSQUERY_CONFIG_PATH`, or a small default. A file that is broken is"
            " answered with `error`, on which osqueryd keeps what it has."
        ),
        request_body=serializers.NodeSerializer,
        responses={200: serializers.OsqueryConfigSerializer},
    )
    def post(self, request: Request) -> Response:
        try:
            config = read_config(settings.OSQUERY_CONFIG_PATH)
        except BrokenConfig as exc:
            logger.error("OSQUERY_CONFIG_PATH not served: %s", exc)
            return Response({"node_invalid": False, "error": "The configuration is broken."})
        return Response({**config, "node_invalid": False})


class LogView(NodeView):
    @swagger_auto_schema(
        operation_summary="Take result logs from an enrolled osqueryd, gzip too",
        operation_description=(
            "The file changes in `data` are committed when the answer says `node_invalid` false;"
            " rows that are none, and status logs, are left out. A node key that does not count is"
            " answered with 200 and `node_invalid` true. Every refusal carries `error` beside"
            " `code`, `detail` and `fields`: osqueryd sends again on that, whatever the status."
        ),
        request_body=serializers.OsqueryLogSerializer,
        responses={200: serializers.NodeInvalidSerializer},
    )
    def post(self, request: Request) -> Response:
        body = self.read_body(request)
        lines = body.get("data")
        if body.get("log_type") == "result":
            if not isinstance(lines, list):
                raise MalformedBody("`data` takes a list of result lines.")
            store_results(lines, host=host_of_key(self.key))
        return Response({"node_invalid": False})
