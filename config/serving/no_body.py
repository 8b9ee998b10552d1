"""Answers to HEAD: the headers of GET without its body, which Django leaves to the server."""

from collections.abc import Iterable
from typing import Any

from config.serving.bodies import Application


def drop_bodies_of_head(application: Application) -> Application:
    """Wrap a WSGI application; gunicorn drops such bodies too, with a warning for each."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer = application(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return answer
        if hasattr(answer, "close"):
            answer.close()
        return []

    return wrapped
