"""Answers in Elasticsearch's shapes."""

from http import HTTPStatus
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from fim.ingest.pipeline import IngestAnswer
from fim.protocols.elastic.bulk import BulkItem

# The client libraries refuse servers that do not send it.
PRODUCT_HEADERS = {"X-Elastic-Product": "Elasticsearch"}

# Elasticsearch's names for what a status means here.
ERROR_TYPES = {
    HTTPStatus.BAD_REQUEST: "illegal_argument_exception",
    HTTPStatus.UNAUTHORIZED: "security_exception",
    HTTPStatus.FORBIDDEN: "security_exception",
    HTTPStatus.NOT_FOUND: "resource_not_found_exception",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "content_too_long_exception",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "media_type_header_exception",
    HTTPStatus.TOO_MANY_REQUESTS: "es_rejected_execution_exception",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable_shards_exception",
}
DOCUMENT_ERROR = "mapper_parsing_exception"
ACTION_ERROR = "illegal_argument_exception"


class ElasticAnswers:
    """Every answer says that it comes from Elasticsearch; errors have its shape beside Picket's."""

    def handle_exception(self, exc: Exception) -> Response:
        response: Response = super().handle_exception(exc)  # type: ignore[misc]
        kind = ERROR_TYPES.get(HTTPStatus(response.status_code), "exception")
        response.data |= {
            "error": _error(kind, response.data["detail"]),
            "status": response.status_code,
        }
        return response

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        final: Response = super().finalize_response(  # type: ignore[misc]
            request, response, *args, **kwargs
        )
        for name, value in PRODUCT_HEADERS.items():
            final[name] = value
        return final


def bulk_answer(items: list[BulkItem], answer: IngestAnswer, *, took_ms: int) -> dict[str, Any]:
    """Return what `_bulk` answers: 201 for what was stored, 200 for a repeat or nothing to store.

    A refused item is 400, which Beats drop and log; they send an item that is 429 or 5xx again.
    """
    reasons = {error["index"]: _reason(error) for error in answer.errors}
    outcomes = iter(enumerate(answer.outcomes))
    shown = []
    for item in items:
        if item.refusal:
            is_document = "document" in item.refusal
            kind = DOCUMENT_ERROR if is_document else ACTION_ERROR
            shown.append(_refused(item, kind, item.refusal))
            continue
        index, outcome = next(outcomes)
        if outcome == "rejected":
            shown.append(_refused(item, DOCUMENT_ERROR, reasons[index]))
        else:
            shown.append(_done(item, is_new=outcome == "accepted"))
    errors = any("error" in body for one in shown for body in one.values())
    return {"took": took_ms, "errors": errors, "items": shown}


def _done(item: BulkItem, *, is_new: bool) -> dict[str, Any]:
    return _item(
        item,
        status=HTTPStatus.CREATED if is_new else HTTPStatus.OK,
        result="created" if is_new else "noop",
    )


def _refused(item: BulkItem, kind: str, reason: str) -> dict[str, Any]:
    return _item(item, status=HTTPStatus.BAD_REQUEST, error=_error(kind, reason))


def _item(item: BulkItem, **more: Any) -> dict[str, Any]:
    return {item.action: {"_index": item.index, "_id": item.id, **more}}


def _reason(error: dict[str, Any]) -> str:
    """Return all that is wrong with a document: an item's error has no place for its fields."""
    reasons = [
        " ".join(map(str, messages if name == "non_field_errors" else [f"{name}:", *messages]))
        for name, messages in error["fields"].items()
    ]
    return " ".join(reasons) or str(error["detail"])


def _error(kind: str, reason: str) -> dict[str, str]:
    # The JSON reader of Beats takes the quote after a backslash for an escaped one, also where
    # the backslash is escaped itself (libbeat/esleg/eslegclient/json_read.go).
    return {"type": kind, "reason": reason.replace("\\", "/")}
