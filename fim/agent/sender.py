"""Logs on their way to the node: batched, in order, tried again until they are acknowledged."""

import itertools
import json
import logging
import queue
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fim.agent.node import Answer, Node

logger = logging.getLogger(__name__)

MOST_LOGS_IN_A_BATCH = 500
# About 60 MB of memory at the usual 600 bytes a log.
MOST_LOGS_WAITING = 100_000
FIRST_DELAY_SECONDS = 0.25
LONGEST_DELAY_SECONDS = 30.0
END = b""
OUT_OF_TIME = "The node did not take the last logs in time."


class Sender:
    """Send logs from a thread of its own. `failure` says why it gave up, where it did.

    A log is sent again under its `event_id` until the node acknowledges or refuses it, so a repeat
    counts once. What waits is in memory only; beyond `MOST_LOGS_WAITING` new logs are dropped.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._deadline = 0.0
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._taken_count = 0
        self._dropped_count = 0
        self._is_away = False
        self.sent_count = 0
        self.refused_count = 0
        self.failure = ""

    @property
    def unsent_count(self) -> int:
        return self._taken_count - self.sent_count - self.refused_count

    def start(self) -> None:
        self._thread.start()

    def put(self, log: dict[str, Any]) -> None:
        self._taken_count += 1
        if self._waiting.qsize() < MOST_LOGS_WAITING:
            self._waiting.put(json.dumps(log).encode() + b"\n")
            return
        self._dropped_count += 1
        if self._dropped_count == 1:
            logger.error("%d logs wait for the node; new ones are lost.", MOST_LOGS_WAITING)

    def finish(self, *, within_seconds: float) -> None:
        """Send what waits, for at most so long. No log may be put after this."""
        self._deadline = time.monotonic() + within_seconds
        self._ending.set()
        self._waiting.put(END)
        self._thread.join(within_seconds)
        if self._thread.is_alive():
            self.failure = self.failure or OUT_OF_TIME

    def _run(self) -> None:
        while not self.failure and (line := self._waiting.get()) is not END:
            self._deliver(self._batch_from(line))
        self._node.close()

    def _batch_from(self, line: bytes) -> list[bytes]:
        batch = [line]
        while len(batch) < MOST_LOGS_IN_A_BATCH and not self._waiting.empty():
            line = self._waiting.get()
            if line is END:
                self._waiting.put(END)
                break
            batch.append(line)
        return batch

    def _deliver(self, batch: list[bytes]) -> None:
        body = b"".join(batch)
        for delay_seconds in _growing_delays():
            answer = self._node.post(body)
            self._say_whether_away(answer)
            if not answer.is_temporary:
                return self._settle(batch, answer)
            if not self._pause(answer.retry_after_seconds or delay_seconds):
                self.failure = OUT_OF_TIME
                return None

    def _pause(self, seconds: float) -> bool:
        """Wait before the next try; False when there is no time for one."""
        if not self._ending.wait(seconds):
            return True
        left_seconds = self._deadline - time.monotonic()
        time.sleep(max(0.0, min(seconds, left_seconds, 2 * FIRST_DELAY_SECONDS)))
        return time.monotonic() < self._deadline

    def _settle(self, batch: list[bytes], answer: Answer) -> None:
        if answer.is_acknowledged:
            refused = [i for i in range(len(batch)) if i in answer.refusals]
            self._refuse([(batch[i], answer.refusals[i]) for i in refused])
            self.sent_count += len(batch) - len(refused)
        elif answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(batch) > 1:
            middle = len(batch) // 2
            self._deliver(batch[:middle])
            if not self.failure:
                self._deliver(batch[middle:])
        elif failure := _failure_of(answer):
            self.failure = failure
        else:
            general = {"code": answer.status, "detail": answer.detail}
            self._refuse([(line, answer.refusals.get(i, general)) for i, line in enumerate(batch)])

    def _refuse(self, refusals: list[tuple[bytes, dict[str, Any]]]) -> None:
        for line, refusal in refusals:
            log = json.loads(line)
            logger.error(
                "The node refused the log %s (%s %a): %a %a %a",
                *(log["event_id"], log["action"], log["path"]),
                *(refusal.get("code"), refusal.get("detail"), refusal.get("fields") or {}),
            )
        self.refused_count += len(refusals)

    def _say_whether_away(self, answer: Answer) -> None:
        if answer.is_temporary and not self._is_away:
            reason = f"{answer.status or 'no answer'}, {answer.detail}"
            logger.warning("The node takes no logs now (%a); trying again.", reason)
        elif self._is_away and not answer.is_temporary:
            logger.warning("The node answers again.")
        self._is_away = answer.is_temporary


def _growing_delays() -> Iterator[float]:
    for attempt in itertools.count():
        yield min(FIRST_DELAY_SECONDS * 2 ** min(attempt, 16), LONGEST_DELAY_SECONDS)


def _failure_of(answer: Answer) -> str:
    """Say what a person must do before any log can be sent; empty when it is about the logs."""
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return (
            f"The node refuses this agent ({answer.status}, {answer.detail}). Give it a key of that"
            " node in PICKET_KEY, or add this host's network to FIM_INGEST_ALLOWED_NETWORKS there."
        )
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return f"The node redirects ({answer.status}). Give --node the URL that it redirects to."
    return ""
