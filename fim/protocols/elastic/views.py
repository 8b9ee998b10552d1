"""What an Elasticsearch output requests of its server, so that it can send to Picket unchanged.

Source: libbeat (esleg/eslegclient, licenser, outputs/elasticsearch), Vector's elasticsearch sink.
"""

import base64
import hashlib
import time
from dataclasses import replace
from typing import Any, NoReturn

from django.conf import settings
from django.utils import timezone
from drf_yasg.utils import swagger_auto_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fim.ingest.body import MalformedBody
from fim.ingest.default_host import default_host
from fim.ingest.permissions import MayIngest
from fim.ingest.pipeline import IngestAnswer, ingest_records
from fim.protocols.elastic import schema
from fim.protocols.elastic.answers import ElasticAnswers, bulk_answer
from fim.protocols.elastic.authentication import ElasticKeyAuthentication
from fim.protocols.elastic.parsers import PARSERS, ElasticNegotiation
from users.throttles import IngestThrottle, KeyThrottle

# The last minor version of 8: Beats 8.1 to 8.10 refuse a server that is older than they are, and
# Vector reads from it that documents have no type.
VERSION = "8.19.0"
CLUSTER_NAME = "picket"


class ElasticView(ElasticAnswers, APIView):
    authentication_classes = [ElasticKeyAuthentication]
    permission_classes = [MayIngest]
    throttle_classes = [KeyThrottle, IngestThrottle]
    parser_classes = PARSERS
    content_negotiation_class = ElasticNegotiation


class RootView(ElasticView):
    """The handshake: the server's name and version."""

    @swagger_auto_schema(**schema.ROOT)
    def get(self, request: Request) -> Response:
        return Response(
            {
                "name": settings.NODE_NAME,
                "cluster_name": CLUSTER_NAME,
                "cluster_uuid": _cluster_uuid(),
                "version": {
                    "number": VERSION,
                    "build_flavor": "default",
                    "build_type": "docker",
                    "build_snapshot": False,
                    "minimum_wire_compatibility_version": "7.17.0",
                    "minimum_index_compatibility_version": "7.0.0",
                },
                # go-elasticsearch and other client libraries recognise Elasticsearch by this line.
                "tagline": "You Know, for Search",
            }
        )


class BareRootView(RootView):
    """The same without the last slash, as Beats ask where their URL has none."""

    schema = None


class LicenseView(ElasticView):
    """Beats of the default distribution ask for a licence that is active."""

    @swagger_auto_schema(**schema.LICENSE)
    def get(self, request: Request) -> Response:
        return Response({"license": _license()})


class XPackView(ElasticView):
    """Where Beats before 7.6 ask for the licence."""

    @swagger_auto_schema(**schema.XPACK)
    def get(self, request: Request) -> Response:
        return Response({"license": _license(), "features": {}})


class ClusterHealthView(ElasticView):
    """What Vector asks at its start."""

    @swagger_auto_schema(**schema.CLUSTER_HEALTH)
    def get(self, request: Request) -> Response:
        return Response(
            {
                "cluster_name": CLUSTER_NAME,
                "status": "green",
                "timed_out": False,
                "number_of_nodes": 1,
            }
        )


class BulkView(ElasticView):
    """Takes documents of any known format. What it answers 200 or 201 to is committed."""

    @swagger_auto_schema(**schema.BULK)
    def post(self, request: Request) -> Response:
        return self.ingest(request, index=None)

    def ingest(self, request: Request, *, index: str | None) -> Response:
        started = time.monotonic()
        if not isinstance(request.data, list):
            raise MalformedBody("The body is empty.")
        items = [item if item.index else replace(item, index=index) for item in request.data]
        records = [item.record for item in items if not item.refusal]
        answer = IngestAnswer()
        if records:
            answer = ingest_records(
                records, received_at=timezone.now(), default_host=default_host(request)
            )
        took_ms = round((time.monotonic() - started) * 1000)
        return Response(bulk_answer(items, answer, took_ms=took_ms))


class IndexBulkView(BulkView):
    """The same with the index that the answer names where an action names none."""

    @swagger_auto_schema(**schema.INDEX_BULK)
    def post(self, request: Request, index: str) -> Response:
        return self.ingest(request, index=index)


class UnknownPathView(ElasticView):
    """Templates, lifecycle policies and the rest of Elasticsearch: there is none of it."""

    schema = None

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotFound(
            "Picket takes _bulk alone. In a Beat set setup.template.enabled and setup.ilm.enabled"
            " to false."
        )


def _cluster_uuid() -> str:
    digest = hashlib.sha256(settings.NODE_NAME.encode("utf-8", "surrogateescape")).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def _license() -> dict[str, str]:
    return {
        "status": "active",
        "uid": _cluster_uuid(),
        "type": "basic",
        "mode": "basic",
        "issued_to": settings.NODE_NAME,
        "issuer": CLUSTER_NAME,
    }
