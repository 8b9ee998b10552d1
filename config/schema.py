"""Swagger that tells the truth of every operation: its errors, who may, what it takes."""

from typing import Any

from drf_yasg import openapi
from drf_yasg.inspectors import SwaggerAutoSchema

ERROR = openapi.Schema(
    title="Error",
    type=openapi.TYPE_OBJECT,
    required=["code", "detail", "fields"],
    properties={
        "code": openapi.Schema(type=openapi.TYPE_STRING, description="Stable; see docs/api.md."),
        "detail": openapi.Schema(type=openapi.TYPE_STRING, description="A sentence for people."),
        "fields": openapi.Schema(
            type=openapi.TYPE_OBJECT, description="What is wrong, by field; only on 400."
        ),
    },
)
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


class AutoSchema(SwaggerAutoSchema):
    """Adds the error answers that every operation shares, each with its body."""

    def get_responses(self) -> Any:
        responses = super().get_responses()
        for status in (*self._shared_errors(), *responses):
            if status in MEANINGS and (
                status not in responses or not responses[status].description
            ):
                responses[status] = openapi.Response(MEANINGS[status], ERROR)
        return responses

    def _shared_errors(self) -> list[str]:
        statuses = ["429", "503"]
        if self.view.authentication_classes:
            statuses += ["401", "403"]
        if self.method != "GET" or self._takes_query():
            statuses.append("400")
        if "{id}" in self.path:
            statuses.append("404")
        return statuses

    def _takes_query(self) -> bool:
        return any(p.in_ == openapi.IN_QUERY for p in self.get_query_parameters()) or bool(
            self.overrides.get("manual_parameters")
        )

    def get_summary_and_description(self) -> tuple[str | None, str]:
        summary, description = super().get_summary_and_description()
        if summary is None:
            verbs = {
                "list": "List",
                "read": "Show one of the",
                "partial_update": "Change some fields of one of the",
                "update": "Change one of the",
                "delete": "Delete one of the",
            }
            noun = self.path.strip("/").split("/")[-1 if "{id}" not in self.path else -2]
            verb = verbs.get(self.operation_keys[-1], self.method.title())
            summary = f"{verb} {noun}"
        return summary, description
