"""What Swagger shows of Elasticsearch's paths."""

from typing import Any

from drf_yasg import openapi

from fim.ingest.schema import HOST

SECURITY: list[dict[str, list[str]]] = [{"Api-Key": []}, {}]


def _object(**properties: Any) -> openapi.Schema:
    return openapi.Schema(
        type=openapi.TYPE_OBJECT, required=list(properties), properties=properties
    )


TEXT = openapi.Schema(type=openapi.TYPE_STRING)
NUMBER = openapi.Schema(type=openapi.TYPE_INTEGER)
FLAG = openapi.Schema(type=openapi.TYPE_BOOLEAN)
FREE = openapi.Schema(type=openapi.TYPE_OBJECT)
LICENSE_FIELDS = _object(status=TEXT, uid=TEXT, type=TEXT, mode=TEXT, issued_to=TEXT, issuer=TEXT)


def _get(summary: str, answer: openapi.Schema) -> dict[str, Any]:
    return {
        "operation_summary": summary,
        "responses": {200: openapi.Response("OK", answer)},
        "security": SECURITY,
    }


ROOT = _get(
    "Say who is there, as Elasticsearch does",
    _object(name=TEXT, cluster_name=TEXT, cluster_uuid=TEXT, version=FREE, tagline=TEXT),
)
LICENSE = _get("Show the licence that Beats ask for", _object(license=LICENSE_FIELDS))
XPACK = _get(
    "Show the licence that Beats before 7.6 ask for",
    _object(license=LICENSE_FIELDS, features=FREE),
)
CLUSTER_HEALTH = _get(
    "Show the health that Vector asks for",
    _object(cluster_name=TEXT, status=TEXT, timed_out=FLAG, number_of_nodes=NUMBER),
)
BULK: dict[str, Any] = {
    "operation_summary": "Post documents as to Elasticsearch's _bulk, gzip too",
    "operation_description": (
        "Lines of NDJSON: an action `create` or `index`, then its document, up to 10,000 of them."
        " A document is a record of any format that Picket knows. The answer is 200 with a status"
        " for each item: 201 stored, 200 a repeat or nothing to store, 400 refused. Stored means:"
        " committed to disk, counted, its alert raised. The key goes as `Authorization: ApiKey"
        " base64(PREFIX:SECRET)`, as Basic with user PREFIX and password SECRET, or as"
        " `Api-Key PREFIX.SECRET`."
    ),
    "manual_parameters": [HOST],
    "request_body": FREE,
    "responses": {
        200: openapi.Response(
            "OK",
            _object(
                took=NUMBER,
                errors=FLAG,
                items=openapi.Schema(type=openapi.TYPE_ARRAY, items=FREE),
            ),
        ),
        413: "",
        415: "",
    },
    "security": SECURITY,
}
INDEX_BULK = BULK | {
    "operation_summary": "Post documents as to one index's _bulk",
    "operation_id": "elastic_index_bulk_create",
}
