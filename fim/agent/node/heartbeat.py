"""Heartbeats: what the agent reports to the node of itself, every minute."""

import http.client
import json
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fim.agent.changes.logs import SOURCE, visible
from fim.agent.config.node_url import parse_node_url
from fim.agent.config.sections import NodeSettings
from fim.agent.node.canary import BlindSpan, Canaries
from fim.agent.node.client import connection_to
from fim.agent.node.status import Status

logger = logging.getLogger(__name__)

PATH = "/api/hosts/heartbeat/"
# Further ranges are sent with the next heartbeat.
MAX_RANGES = 1000
MAX_PATHS = 100
MAX_ANSWER_BYTES = 65536
JOIN_SECONDS = 1.0
Range = tuple[int, int, int]


class Heartbeat:
    """Posts `status()` on a schedule. Ranges of dropped logs are sent until a 200 answers them.

    `on_return` is called when the node accepts heartbeats again after it did not. Setting `wake`
    sends the next one at once.
    """

    def __init__(
        self,
        node: NodeSettings,
        *,
        host: str,
        every_seconds: float,
        status: Callable[[], Status],
        canaries: Canaries,
        forget_dropped: Callable[[Sequence[Range]], None],
        on_return: Callable[[], None] = lambda: None,
        wake: threading.Event | None = None,
        version: str = "",
    ) -> None:
        parts = parse_node_url(node.url)
        self._path = parts.path.rstrip("/") + PATH
        self._connection = connection_to(parts, node.timeout_seconds)
        self._headers = {"Content-Type": "application/json", "User-Agent": SOURCE}
        if node.key:
            self._headers["Authorization"] = f"Api-Key {node.key}"
        self._host = host
        self._version = version
        self._every_seconds = every_seconds
        self._status = status
        self._canaries = canaries
        self._forget_dropped = forget_dropped
        self._on_return = on_return
        self._last_problem = ""
        self._is_ending = False
        self._wake = wake or threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        if self._every_seconds:
            self._thread.start()

    def stop(self) -> None:
        """End without waiting for a node that does not answer."""
        self._is_ending = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=JOIN_SECONDS)
        self._connection.close()

    def wake(self) -> None:
        """Send the next heartbeat now."""
        self._wake.set()

    def beat(self) -> bool:
        """Post one heartbeat; False where the node did not take it."""
        status = self._status()
        dropped = status.dropped[:MAX_RANGES]
        spans = self._canaries.unreported_spans
        message = self._message(status, dropped, spans)
        problem = self._post(json.dumps(message).encode())
        was_away = bool(self._last_problem)
        self._log_problem(problem)
        if problem:
            self._canaries.note_not_accepted()
            return False
        self._canaries.note_accepted(is_blind=message["blind_since"] is not None, spans=spans)
        if dropped:
            self._forget_dropped(dropped)
        if was_away:
            self._on_return()
        return True

    def _run(self) -> None:
        while not self._is_ending:
            self._wake.clear()
            self.beat()
            self._wake.wait(self._every_seconds)

    def _log_problem(self, problem: str) -> None:
        """Log a change alone: a node may be away for days."""
        if problem and problem != self._last_problem:
            logger.warning("The node takes no heartbeats: %s.", problem)
        elif self._last_problem and not problem:
            logger.warning("The node takes heartbeats again.")
        self._last_problem = problem

    def _message(
        self, status: Status, dropped: Sequence[Range], spans: Sequence[BlindSpan]
    ) -> dict[str, Any]:
        return {
            "host": self._host,
            "version": self._version,
            "source": SOURCE,
            "every_seconds": max(1, round(self._every_seconds)),
            "started_at": _isoformat(status.started_at),
            "seq": status.seq,
            "watches": status.watches,
            "unwatched": [visible(path) for path in [*status.unwatched, *status.gone]][:MAX_PATHS],
            "spool_depth": status.spool_depth,
            "spool_bytes": status.spool_bytes,
            "last_scan_at": _isoformat(status.last_scan_at),
            "last_scan_seconds": status.last_scan_seconds,
            "lag_seconds": status.lag_seconds,
            "overflows": status.overflows,
            "dropped": [
                {"first_seq": first, "last_seq": last, "count": count}
                for first, last, count in dropped
            ],
            "blind_since": _isoformat(self._canaries.blind_since),
            "blind_reason": self._canaries.blind_reason,
            "was_blind": [
                {
                    "since": _isoformat(span.since),
                    "until": _isoformat(span.until),
                    "reason": span.reason,
                }
                for span in spans
            ],
            "blind_roots": [visible(root) for root in self._canaries.blind_roots][:MAX_PATHS],
            "ignored": status.ignored_count,
        }

    def _post(self, body: bytes) -> str:
        """Post, twice where an idle connection had been closed; return what is wrong, if any."""
        was_open = self._connection.sock is not None
        status, problem = self._exchange(body)
        if was_open and not status:
            _, problem = self._exchange(body)
        return problem

    def _exchange(self, body: bytes) -> tuple[int, str]:
        """Return the status, 0 where nothing came back, and what is wrong."""
        try:
            self._connection.request("POST", self._path, body, self._headers)
            answer = self._connection.getresponse()
            answer.read(MAX_ANSWER_BYTES)
            if not answer.isclosed():
                self._connection.close()
        except (OSError, http.client.HTTPException) as exc:
            self._connection.close()
            return 0, type(exc).__name__
        is_taken = answer.status == HTTPStatus.OK
        return answer.status, "" if is_taken else f"{answer.status} {answer.reason}"


def _isoformat(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat()
