"""A client of the node: posts batches of logs over one kept connection."""

import http.client
import json
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult

from fim.agent.config.node_url import parse_node_url

INGEST_PATH = "/api/ingest/fim/"
TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024
MAX_RETRY_AFTER_SECONDS = 300.0
NOT_A_NODE = "this is not the answer of a node"
RETRIED = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `status` is 0 when nothing did, and `detail` then says why."""

    status: int = 0
    detail: str = ""
    retry_after_seconds: float | None = None
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def is_acknowledged(self) -> bool:
        """A 200 from something that is not a node, such as a proxy's page, acknowledges nothing."""
        return self.status in {HTTPStatus.OK, HTTPStatus.CREATED} and "accepted" in self.document

    @property
    def is_temporary(self) -> bool:
        if HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES:
            return not self.is_acknowledged
        return self.status < HTTPStatus.OK or self.status >= 500 or self.status in RETRIED

    @property
    def refusals(self) -> dict[int, dict[str, Any]]:
        """The node's errors about single logs, by their place in the batch."""
        errors = self.document.get("errors")
        if not isinstance(errors, list):
            return {}
        return {
            error["index"]: error
            for error in errors
            if isinstance(error, dict) and isinstance(error.get("index"), int)
        }


class Node:
    """Post batches to the node at a base URL. Raises ValueError for a URL that cannot be one."""

    def __init__(
        self, url: str, *, key: str = "", timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        parts = parse_node_url(url)
        self._path = parts.path.rstrip("/") + INGEST_PATH
        self._headers = {"Content-Type": "application/x-ndjson", "User-Agent": "picket-agent"}
        if key:
            self._headers["Authorization"] = f"Api-Key {key}"
        self._connection = connection_to(parts, timeout_seconds)

    def post(self, body: bytes) -> Answer:
        """Post once; a connection that the node closed while it was idle is opened again."""
        was_open = self._connection.sock is not None
        answer = self._exchange(body)
        return self._exchange(body) if was_open and answer.status == 0 else answer

    def close(self) -> None:
        self._connection.close()

    def _exchange(self, body: bytes) -> Answer:
        try:
            # A node that refuses early closes before it has read all; its answer can be read.
            with suppress(BrokenPipeError):
                self._connection.request("POST", self._path, body, self._headers)
            response = self._connection.getresponse()
            content = response.read(MAX_ANSWER_BYTES)
            if not response.isclosed():
                self._connection.close()
            return _answer(response, content)
        except (OSError, http.client.HTTPException) as exc:
            self._connection.close()
            return Answer(detail=f"{type(exc).__name__}: {exc}")


def connection_to(parts: SplitResult, timeout_seconds: float) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        return http.client.HTTPSConnection(
            host, parts.port, timeout=timeout_seconds, context=ssl.create_default_context()
        )
    return http.client.HTTPConnection(host, parts.port, timeout=timeout_seconds)


def _answer(response: http.client.HTTPResponse, content: bytes) -> Answer:
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    document = document if isinstance(document, dict) else {}
    is_foreign = response.status < HTTPStatus.MULTIPLE_CHOICES and "accepted" not in document
    return Answer(
        status=response.status,
        detail=NOT_A_NODE if is_foreign else str(document.get("detail") or response.reason),
        retry_after_seconds=_retry_after(response.getheader("Retry-After", "")),
        document=document,
    )


def _retry_after(text: str) -> float | None:
    """Read the header as RFC 9110 10.2.3 has it: seconds or a date, here at most five minutes."""
    try:
        if text.isascii() and text.isdigit():
            seconds = float(text)
        else:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
