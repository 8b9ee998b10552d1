"""What Swagger shows of the paths that logs are posted to."""

from typing import Any

from drf_yasg import openapi

from fim.formats.registry import FORMATS
from fim.ingest.serializers import IngestBatchSerializer, NewLogSerializer
from fim.logs.serializers import FimLogSerializer

HOST = openapi.Parameter(
    "host", openapi.IN_QUERY, type=openapi.TYPE_STRING, description="Host of logs that name none."
)
INGEST: dict[str, Any] = {
    "operation_summary": "Post file changes: one log, an array or NDJSON, gzip too",
    "operation_description": (
        "One object is answered with the stored log: 201, or 200 where its `event_id` is stored"
        " already. An array or NDJSON (`application/x-ndjson`), up to 10,000 records, is answered"
        " with counts: 201 if anything was stored, 200 if all were repeats, 400 if nothing could"
        " be, always in the body that 200 describes; `errors` names each refused record by its"
        " index. An answer of 200 or 201 means: committed to disk, counted, its alert raised."
        " Without a key, logs are taken from"
        " `FIM_INGEST_ALLOWED_NETWORKS` alone."
    ),
    "manual_parameters": [HOST],
    "request_body": NewLogSerializer,
    "responses": {201: FimLogSerializer, 200: IngestBatchSerializer, 413: "", 415: ""},
    "security": [{"Api-Key": []}, {}],
}
INGEST_FORMAT: dict[str, Any] = INGEST | {
    "operation_id": "api_ingest_fim_format_create",
    "operation_summary": "Post records of one named format",
    "operation_description": (
        "As `/api/ingest/fim/`, for records of the tool that the path names; the formats are"
        f" {', '.join(FORMATS)}. A record that is not of that format is refused."
    ),
    "request_body": openapi.Schema(
        type=openapi.TYPE_OBJECT, description="A record as the tool writes it."
    ),
}
