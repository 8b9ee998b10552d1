"""Swagger for every operation: its errors, who may call it, what it accepts."""

from http import HTTPStatus
from typing import Any

from drf_yasg import openapi
from drf_yasg.inspectors import DjangoRestResponsePagination, SwaggerAutoSchema


def _error(title: str, **more: openapi.Schema) -> openapi.Schema:
    properties = {
        "code": openapi.Schema(type=openapi.TYPE_STRING, description="Stable; see docs/api.md."),
        "detail": openapi.Schema(type=openapi.TYPE_STRING, description="A sentence for people."),
        "fields": openapi.Schema(
            type=openapi.TYPE_OBJECT, description="What is wrong, by field; only on 400."
        ),
        **more,
    }
    return openapi.Schema(
        title=title, type=openapi.TYPE_OBJECT, required=list(properties), properties=properties
    )


ERROR = _error("Error")
DHIMP_ERROR = _error(
    "DhimpError",
    message=openapi.Schema(type=openapi.TYPE_STRING, description="The same as `detail`."),
)
ELASTIC_ERROR = _error(
    "ElasticError",
    error=openapi.Schema(
        type=openapi.TYPE_OBJECT, description="`type` and `reason`, as Elasticsearch words them."
    ),
    status=openapi.Schema(type=openapi.TYPE_INTEGER, description="The HTTP status."),
)
OSQUERY_ERROR = _error(
    "OsqueryError",
    error=openapi.Schema(
        type=openapi.TYPE_STRING, description="The same as `detail`; osqueryd sends again on it."
    ),
)
ERRORS_BY_PREFIX = {
    "/api/osquery/": OSQUERY_ERROR,
    "/dhimp/": DHIMP_ERROR,
    "/elastic": ELASTIC_ERROR,
}
MEANINGS = {
    "400": "The body or a parameter is not valid.",
    "401": "Nobody is signed in, or the token or key does not count.",
    "403": "You may not do this.",
    "404": "There is no such thing.",
    "409": "The present state does not allow it.",
    "413": "The body or the batch is too large.",
    "415": "The body's media type or encoding is not taken.",
    "429": "Too many requests; Retry-After says when to go on.",
    "503": "The database is not available now; nothing was stored.",
}


PAGE = [
    openapi.Parameter("page", openapi.IN_QUERY, type=openapi.TYPE_INTEGER, default=1, minimum=1),
    openapi.Parameter(
        "page_size",
        openapi.IN_QUERY,
        type=openapi.TYPE_INTEGER,
        default=10,
        minimum=1,
        maximum=1000,
    ),
]
VERBS = {
    "list": "List",
    "read": "Show one of the",
    "partial_update": "Change some fields of one of the",
    "update": "Change one of the",
    "delete": "Delete one of the",
}


class PaginatorInspector(DjangoRestResponsePagination):
    """Describes what a kind of page has besides `count`, `next`, `previous` and `results`."""

    def get_paginated_response(self, paginator: Any, response_schema: Any) -> Any:
        schema = super().get_paginated_response(paginator, response_schema)
        for name, description in getattr(paginator, "more_properties", {}).items():
            schema.properties[name] = openapi.Schema(
                type=openapi.TYPE_BOOLEAN, description=description
            )
        return schema


class AutoSchema(SwaggerAutoSchema):
    """Adds to each operation the errors that its kind shares, who may call it, and a summary."""

    def get_responses(self) -> Any:
        responses = super().get_responses()
        for status in (*self._shared_errors(), *responses):
            is_described = status in responses and responses[status].description
            if status in MEANINGS and not is_described:
                responses[status] = openapi.Response(MEANINGS[status], self._error_body())
            elif not is_described:
                responses[status].description = HTTPStatus(int(status)).phrase
        return responses

    def _error_body(self) -> openapi.Schema:
        found = (body for prefix, body in ERRORS_BY_PREFIX.items() if self.path.startswith(prefix))
        return next(found, ERROR)

    def get_security(self) -> Any:
        if not self.view.authentication_classes:
            return []
        return self.overrides.get("security", [{"Bearer": []}])

    def get_produces(self) -> Any:
        return self.overrides.get("produces", super().get_produces())

    def get_tags(self, operation_keys: list[str] | None = None) -> list[str]:
        parts = self.path.strip("/").split("/")
        return [parts[1] if parts[0] == "api" else parts[0]]

    def get_summary_and_description(self) -> tuple[str, str]:
        summary, description = super().get_summary_and_description()
        if summary is None:
            noun = self.path.strip("/").split("/")[-2 if "{id}" in self.path else -1]
            summary = f"{VERBS[self.operation_keys[-1]]} {noun}"
        return summary, description

    def _shared_errors(self) -> list[str]:
        parameters = {
            parameter.name
            for parameter in (
                *self.get_query_parameters(),
                *self.overrides.get("manual_parameters", []),
            )
        }
        takes_body = self.method != "GET" and (
            self.method != "DELETE" or "request_body" in self.overrides
        )
        shared = {
            "400": takes_body or bool(parameters),
            "401": bool(self.view.authentication_classes),
            "403": bool(self.view.authentication_classes),
            "404": "{id}" in self.path or "page" in parameters,
            "413": takes_body,
            "415": takes_body,
            "429": bool(self.view.throttle_classes),
            "503": self.path != "/healthz",
        }
        return [status for status, is_possible in shared.items() if is_possible]
