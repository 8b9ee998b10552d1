"""The fast path for the commonest request: one log of Picket's own in a JSON object.

What most agents send all day bypasses Django's request, middlewares and views, which take twice
as long as storing a log does. The fast path answers 200 and 201 alone. What it does not understand
or would have to refuse goes to the view, which has the rules and the error messages.
"""

import io
from collections.abc import Callable, Iterable
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from config.api.errors import exception_handler
from config.api.renderers import JSONRenderer
from config.serving.bodies import Application
from config.serving.client_address import address_of, address_text_of
from config.serving.request_log import RequestLine
from fim.ingest.default_host import host_of_key
from fim.ingest.permissions import is_in_ingest_networks
from fim.ingest.pipeline import RecordReader
from fim.logs.serializers import show_log
from fim.record.reading import decode_log
from fim.store.group_commit import commit_log
from users.authentication import KeyAuthentication
from users.models import Scope
from users.throttles import IngestThrottle, KeyThrottle

PATH = "/api/ingest/fim/"
MEDIA_TYPES = frozenset({"application/json", "application/json; charset=utf-8"})
ACCEPTED = frozenset({"", "*/*", "application/json"})
# Headers that only the view understands.
VIEW_HEADERS = ("HTTP_ORIGIN", "HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT")
MAX_BYTES = 65_536
MAX_LEARNED_HEADERS = 64
# Headers that differ from answer to answer.
OWN_HEADERS = frozenset({"content-length", "x-request-id"})

Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
encode = JSONRenderer().render


class Sender(NamedTuple):
    """The name in the request log, if any, and the host of logs that name none."""

    name: str | None
    default_host: str


class FastPath:
    """Wrap a WSGI application.

    The application decides which hosts are the node's, whether plain HTTP is allowed and which
    headers an answer has: for each scheme and host the fast path copies the headers of the first
    201 that the application itself answered.
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        self._learned_headers: dict[tuple[str, str], Headers] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        length = _plain_length(environ)
        if not length:
            return self.application(environ, start_response)
        key = environ["wsgi.url_scheme"], environ.get("HTTP_HOST", "")
        headers = self._learned_headers.get(key)
        if headers is None:
            return self.application(environ, self._learn_headers(key, start_response))
        line = RequestLine(environ)
        try:
            body = environ["wsgi.input"].read(length)
        except OSError:
            return self.application(environ, start_response)
        environ["wsgi.input"] = io.BytesIO(body)
        close_old_connections()
        sender = _sender(environ)
        answer = _store(body, sender.default_host) if sender else None
        if sender is None or answer is None:
            return self.application(environ, start_response)
        status, content, more = answer
        start_response(
            f"{status.value} {status.phrase}",
            [
                *headers,
                *more,
                ("Content-Length", str(len(content))),
                ("X-Request-ID", line.request_id),
            ],
        )
        line.log(status=status, path=PATH, user=sender.name)
        return [content]

    def _learn_headers(self, key: tuple[str, str], start_response: StartResponse) -> StartResponse:
        def learned(status: str, headers: Headers, *more: Any) -> Any:
            if status.startswith("201 ") and len(self._learned_headers) < MAX_LEARNED_HEADERS:
                self._learned_headers[key] = [
                    one for one in headers if one[0].lower() not in OWN_HEADERS
                ]
            return start_response(status, headers, *more)

        return learned


def _plain_length(environ: dict[str, Any]) -> int:
    """Return how many bytes the body has, 0 where the request is not one for the fast path."""
    if (
        environ["PATH_INFO"] != PATH
        or environ["REQUEST_METHOD"] != "POST"
        or environ.get("QUERY_STRING")
        or environ.get("CONTENT_TYPE", "").lower() not in MEDIA_TYPES
        or environ.get("HTTP_ACCEPT", "") not in ACCEPTED
        or any(name in environ for name in VIEW_HEADERS)
    ):
        return 0
    length = environ.get("CONTENT_LENGTH", "")
    is_short = length.isascii() and length.isdigit() and len(length) <= len(str(MAX_BYTES))
    return int(length) if is_short and int(length) <= _max_bytes() else 0


def _max_bytes() -> int:
    return min(MAX_BYTES, settings.FIM_MAX_BODY_BYTES)


def _sender(environ: dict[str, Any]) -> Sender | None:
    """Return who posts, by a key or from an allowed network; None for who may not.

    Counts the request towards its sender's limit; None where that is reached, too.
    """
    try:
        machine = KeyAuthentication().machine_of(environ.get("HTTP_AUTHORIZATION", ""))
    except AuthenticationFailed:
        return None
    if machine is not None:
        may_post = Scope.POST_LOGS in machine.key.scopes and KeyThrottle().passes(machine.pk)
        return Sender(machine.username, host_of_key(machine.key)) if may_post else None
    may_post = is_in_ingest_networks(address_of(environ)) and IngestThrottle().passes(
        address_text_of(environ)
    )
    return Sender(None, host_of_key(None)) if may_post else None


def _store(body: bytes, default_host: str) -> tuple[HTTPStatus, bytes, Headers] | None:
    """Store the log; None where the body is not plainly one, or it could not be stored."""
    sent = decode_log(body)
    if sent is None:
        return None
    log = RecordReader(timezone.now(), default_host).read_sent(sent)
    try:
        stored, is_new = commit_log(log)
    except (OperationalError, InterfaceError) as exc:
        return _refusal(exc)
    except Exception:
        # Nothing is stored. The view fails in the same way, and has the error messages.
        return None
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return status, encode(show_log(stored)), []


def _refusal(exc: Exception) -> tuple[HTTPStatus, bytes, Headers]:
    """Return the answer to a database that cannot take the log now, after its own wait."""
    response = exception_handler(exc, {"request": SimpleNamespace(path=PATH)})
    assert response is not None
    headers = [("Retry-After", response.headers["Retry-After"])]
    return HTTPStatus(response.status_code), encode(response.data), headers
