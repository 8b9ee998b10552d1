"""One line of JSON a request: who requested what, and the answer. Never bodies, never secrets."""

import logging
import re
import time
import uuid
from collections.abc import Callable, MutableMapping
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject, empty

from config.serving.client_address import address_text_of

logger = logging.getLogger("picket.request")

REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


class RequestLine:
    """The line of one request, which begins where this is made."""

    __slots__ = ("environ", "request_id", "started")

    def __init__(self, environ: MutableMapping[str, Any]) -> None:
        self.started = time.perf_counter()
        self.environ = environ
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        self.request_id = sent if REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex

    def log(self, *, status: int, path: str, user: str | None) -> None:
        logger.info(
            "request",
            extra={
                "request_id": self.request_id,
                "method": self.environ["REQUEST_METHOD"],
                "path": path,
                "status": status,
                "duration_ms": round((time.perf_counter() - self.started) * 1000, 1),
                "client": address_text_of(self.environ),
                "user": user,
            },
        )


class RequestLogMiddleware:
    """Logs each request and names it in `X-Request-ID`, taken from the client where it sent one.

    The path is logged without its query, which may hold what was searched for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        line = RequestLine(request.META)
        response = self.get_response(request)
        response["X-Request-ID"] = line.request_id
        line.log(status=response.status_code, path=request.path, user=_username(request))
        return response


def _username(request: HttpRequest) -> str | None:
    """Return the user, if the view read it; looking it up here would cost a query."""
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject) and user.__dict__.get("_wrapped") is empty:
        return None
    return getattr(user, "username", None) or None
