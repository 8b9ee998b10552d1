"""What Swagger says of the paths whose bodies DRF's serializers cannot describe alone."""

from typing import Any

from drf_yasg import openapi

from fim.formats.registry import FORMATS
from fim.logs.serializers import FimLogSerializer, IngestBatchSerializer, NewLogSerializer

HOST = openapi.Parameter(
    "host", openapi.IN_QUERY, type=openapi.TYPE_STRING, description="Host of logs that name none."
)
DATE = openapi.Parameter(
    "date",
    openapi.IN_QUERY,
    type=openapi.TYPE_STRING,
    format=openapi.FORMAT_DATE,
    required=True,
    description="A day in the node's time zone, as YYYY-MM-DD.",
)
DAYS = openapi.Parameter(
    "days",
    openapi.IN_QUERY,
    type=openapi.TYPE_INTEGER,
    default=7,
    minimum=1,
    maximum=366,
    description="How many days, today included.",
)
LIMIT = openapi.Parameter(
    "limit",
    openapi.IN_QUERY,
    type=openapi.TYPE_INTEGER,
    default=100,
    minimum=1,
    maximum=1000,
    description="At most so many logs a category; the counts stay exact.",
)
EXPORT: dict[str, Any] = {
    "operation_summary": "Export all logs, newest first, as NDJSON or CSV",
    "operation_description": (
        "An object a line, or a CSV file of the same fields with `attributes` as JSON text. A cell"
        " that a spreadsheet would take for a formula has an apostrophe in front, and so has one"
        " that begins with an apostrophe. Streamed, with gzip where the client accepts it; an"
        " answer that breaks off is not complete."
    ),
    "manual_parameters": [
        openapi.Parameter(
            "format",
            openapi.IN_QUERY,
            type=openapi.TYPE_STRING,
            enum=["ndjson", "csv"],
            default="ndjson",
        )
    ],
    "responses": {200: openapi.Response("One such object a line.", FimLogSerializer)},
    "produces": ["application/x-ndjson", "text/csv"],
}
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
