"""What Swagger shows of the paths whose bodies DRF's serializers cannot describe alone."""

from typing import Any

from drf_yasg import openapi

from fim.logs.serializers import FimLogSerializer

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
