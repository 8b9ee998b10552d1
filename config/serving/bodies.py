"""Bodies that Django leaves to its server: chunked requests, and answers to HEAD."""

import io
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def read_chunked_bodies(application: Application) -> Application:
    """Wrap a WSGI application: read a chunked body and set its length.

    Without one, Django would read it as empty. At most one byte over the limit is read, for which
    the parser refuses the body.
    """

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
            body = environ["wsgi.input"].read(settings.FIM_MAX_BODY_BYTES + 1)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return application(environ, start_response)

    return wrapped


def drop_bodies_of_head(application: Application) -> Application:
    """Wrap a WSGI application: answer HEAD with the headers of GET alone.

    gunicorn drops such bodies too, with a warning for each.
    """

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer = application(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return answer
        if hasattr(answer, "close"):
            answer.close()
        return []

    return wrapped
