"""Errors as answers: one body for every error, `{code, detail, fields}`."""

import logging
import math
from http import HTTPStatus
from typing import Any

from django.core.exceptions import DisallowedHost, PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

logger = logging.getLogger(__name__)

DHIMP_PREFIX = "/dhimp/api/"
DETAIL_ALIASES = {DHIMP_PREFIX: "message", "/api/osquery/": "error"}
API_PREFIXES = ("/api/", DHIMP_PREFIX, "/elastic/")


class DomainError(Exception):
    """A refusal with a stable `code`, a status and a message that is safe to show."""

    code = "error"
    http_status = HTTPStatus.BAD_REQUEST
    detail = "The request was refused."

    def __init__(
        self, detail: str | None = None, *, fields: dict[str, list[str]] | None = None
    ) -> None:
        self.detail = detail or self.detail
        self.fields = fields or {}
        super().__init__(self.detail)


class StorageUnavailable(DomainError):
    """The database cannot be read or written now: locked, full, away."""

    code = "storage_unavailable"
    http_status = HTTPStatus.SERVICE_UNAVAILABLE
    detail = "The database is not available now; nothing was stored. Try again."
    retry_after_seconds = 5


def error_body(code: str, detail: str, fields: Any = None, *, path: str) -> dict[str, Any]:
    """Return the error body, with the fields that the clients below some paths need besides.

    The DHIMP platform's dashboard shows `message`. osqueryd deletes the logs that it sent unless
    the answer holds `error`, whatever the status (osquery's remote/utility.h).
    """
    body = {"code": code, "detail": detail, "fields": fields or {}}
    for prefix, name in DETAIL_ALIASES.items():
        if path.startswith(prefix):
            body[name] = detail
    return body


def invalid_detail(fields: Any) -> str:
    """Return the sentence for refused fields: their names, or what is wrong with the whole."""
    if set(fields) == {"non_field_errors"}:
        return " ".join(map(str, fields["non_field_errors"]))
    return f"Not valid: {', '.join(map(str, fields))}."


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Return the error body for what a view raised; None for a bug, which stays a 500."""
    path = context["request"].path
    if isinstance(exc, OperationalError | InterfaceError):
        logger.error("database unavailable", exc_info=exc)
        exc = StorageUnavailable()
    if isinstance(exc, DomainError):
        set_rollback()
        headers = {}
        if isinstance(exc, StorageUnavailable):
            headers["Retry-After"] = str(exc.retry_after_seconds)
        body = error_body(exc.code, exc.detail, exc.fields, path=path)
        return Response(body, status=exc.http_status, headers=headers)
    api_exception = _as_api_exception(exc)
    if api_exception is None:
        return None
    set_rollback()
    return Response(
        _body_of(api_exception, path),
        status=api_exception.status_code,
        headers=_headers_of(api_exception),
    )


def _as_api_exception(exc: Exception) -> exceptions.APIException | None:
    if isinstance(exc, exceptions.APIException):
        return exc
    if isinstance(exc, Http404):
        return exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied()
    return None


def _headers_of(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    return headers


def _body_of(exc: exceptions.APIException, path: str) -> dict[str, Any]:
    if isinstance(exc, exceptions.ValidationError):
        fields: Any = exc.detail
        if not isinstance(fields, dict):
            fields = {"non_field_errors": fields}
        return error_body("invalid", invalid_detail(fields), fields, path=path)
    if isinstance(exc.detail, dict):  # Simple JWT's InvalidToken: {detail, code, messages}
        code = str(exc.detail.get("code", exc.default_code))
        return error_body(code, str(exc.detail["detail"]), path=path)
    return error_body(str(exc.get_codes()), str(exc.detail), path=path)


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIXES)


def json_error(request: HttpRequest, code: str, detail: str, status: HTTPStatus) -> JsonResponse:
    """Answer with the error body where no DRF view does."""
    return JsonResponse(error_body(code, detail, path=request.path), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        detail = "The request is malformed."
        if isinstance(exception, DisallowedHost):
            detail = "This node does not know itself by that host; name it in ALLOWED_HOSTS."
        return json_error(request, "bad_request", detail, HTTPStatus.BAD_REQUEST)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return json_error(
            request, "permission_denied", "You may not do this.", HTTPStatus.FORBIDDEN
        )
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return json_error(
            request, "not_found", f"There is no {request.path}.", HTTPStatus.NOT_FOUND
        )
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if is_api(request):
        return json_error(
            request,
            "server_error",
            "Picket failed to answer; the node's log says why.",
            HTTPStatus.INTERNAL_SERVER_ERROR,
        )
    return defaults.server_error(request)
