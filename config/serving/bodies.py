"""Bodies without a length: `Transfer-Encoding: chunked`, which Django takes for an empty body."""

import io
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def read_chunked_bodies(application: Application) -> Application:
    """Wrap a WSGI application: read a chunked body, bounded, and give it its length.

    One byte past the largest bound is kept, so that the parser behind it refuses the body.
    """

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
            body = environ["wsgi.input"].read(settings.FIM_MAX_BODY_BYTES + 1)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return application(environ, start_response)

    return wrapped
