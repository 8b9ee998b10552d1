"""Sends logs to the node: in batches, in order, again until they are acknowledged."""

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Any

from fim.agent.node.client import Answer, Node
from fim.agent.state.spool import Spool, SpooledLog

logger = logging.getLogger(__name__)

MAX_LOGS_PER_BATCH = 500
MAX_BATCH_BYTES = 1024 * 1024
FIRST_DELAY_SECONDS = 0.25
MAX_DELAY_SECONDS = 30.0
# How long to wait for a request that is still under way when time is up.
JOIN_SECONDS = 1.0
OUT_OF_TIME = "The node did not take the last logs in time."


class Sender:
    """Send the spool from a thread of its own, in order. `failure` says why it gave up.

    A log is sent again under its `event_id` until the node acknowledges or refuses it, so a repeat
    counts once. Where the node refuses the agent itself, the sender gives up, unless `is_patient`:
    then it logs that and tries again. `on_acknowledged` is called with the lines of logs that the
    node has stored.
    """

    def __init__(
        self,
        node: Node,
        spool: Spool,
        *,
        is_patient: bool = True,
        on_acknowledged: Callable[[Sequence[bytes]], None] = lambda lines: None,
        on_failure: Callable[[], object] = lambda: None,
    ) -> None:
        self._node = node
        self._spool = spool
        self._is_patient = is_patient
        self._on_acknowledged = on_acknowledged
        self._on_failure = on_failure
        self._ending = threading.Event()
        self._wake = threading.Event()
        self._deadline = 0.0
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._is_away = False
        self._last_failure = ""
        self.sent_count = 0
        self.refused_count = 0
        self.failure = ""

    def start(self) -> None:
        self._thread.start()

    def try_now(self) -> None:
        """Try again without the rest of the pause: the node answers."""
        self._wake.set()

    def finish(self, *, within_seconds: float) -> None:
        """Send what waits, for at most so long; the rest stays in the spool."""
        self._deadline = time.monotonic() + within_seconds
        self._ending.set()
        self._wake.set()
        self._spool.arrived.set()
        self._thread.join(within_seconds + JOIN_SECONDS)

    def _run(self) -> None:
        while not self.failure:
            self._spool.arrived.clear()
            batch = self._spool.oldest(max_count=MAX_LOGS_PER_BATCH, max_bytes=MAX_BATCH_BYTES)
            if batch:
                self._deliver(batch)
            elif self._ending.is_set():
                break
            else:
                self._spool.arrived.wait()
        self._node.close()
        if self.failure:
            self._on_failure()

    def _deliver(self, batch: list[SpooledLog]) -> None:
        body = b"\n".join(waiting.line for waiting in batch) + b"\n"
        for delay_seconds in self._growing_delays():
            self._wake.clear()
            answer = self._node.post(body)
            self._log_availability(answer)
            if not answer.is_temporary and not (failure := self._check_failure(answer)):
                return self._settle(batch, answer)
            if not answer.is_temporary and not self._is_patient:
                self.failure = failure
                return None
            if not self._pause(answer.retry_after_seconds or delay_seconds):
                self.failure = OUT_OF_TIME
                return None

    def _growing_delays(self) -> Iterator[float]:
        """Yield the pauses between tries, growing; after `try_now` from the shortest again."""
        attempt = 0
        while True:
            yield min(FIRST_DELAY_SECONDS * 2 ** min(attempt, 16), MAX_DELAY_SECONDS)
            attempt = 0 if self._wake.is_set() else attempt + 1

    def _pause(self, seconds: float) -> bool:
        """Wait before the next try; False when there is no time for one."""
        self._wake.wait(0 if self._ending.is_set() else seconds)
        if not self._ending.is_set():
            return True
        left_seconds = self._deadline - time.monotonic()
        time.sleep(max(0.0, min(seconds, left_seconds, 2 * FIRST_DELAY_SECONDS)))
        return time.monotonic() < self._deadline

    def _check_failure(self, answer: Answer) -> str:
        failure = _failure_of(answer)
        if failure and self._is_patient and failure != self._last_failure:
            logger.error("%s Its logs wait in the spool.", failure)
        self._last_failure = failure
        return failure

    def _settle(self, batch: list[SpooledLog], answer: Answer) -> None:
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(batch) > 1:
            middle = len(batch) // 2
            self._deliver(batch[:middle])
            if not self.failure:
                self._deliver(batch[middle:])
            return
        refusals = answer.refusals
        if not answer.is_acknowledged:
            general = {"code": answer.status, "detail": answer.detail}
            refusals = {i: refusals.get(i, general) for i in range(len(batch))}
        refused = {i: refusals[i] for i in refusals if 0 <= i < len(batch)}
        self._refuse([(batch[i].line, refused[i]) for i in sorted(refused)])
        self._remove(batch)
        self.sent_count += len(batch) - len(refused)
        self._on_acknowledged([each.line for i, each in enumerate(batch) if i not in refused])

    def _remove(self, batch: list[SpooledLog]) -> None:
        """Remove what the node has stored. What a full disk keeps is only sent again."""
        try:
            self._spool.remove(batch)
        except sqlite3.OperationalError as exc:
            logger.error("The spool cannot be written: %s.", exc)
            self._ending.wait(MAX_DELAY_SECONDS)

    def _refuse(self, refusals: list[tuple[bytes, dict[str, Any]]]) -> None:
        for line, refusal in refusals:
            log = json.loads(line)
            logger.error(
                "The node refused the log %s (%s %a): %a %a %a",
                *(log["event_id"], log["action"], log["path"]),
                *(refusal.get("code"), refusal.get("detail"), refusal.get("fields") or {}),
            )
        self.refused_count += len(refusals)

    def _log_availability(self, answer: Answer) -> None:
        if answer.is_temporary and not self._is_away:
            reason = f"{answer.status or 'no answer'}, {answer.detail}"
            logger.warning("The node takes no logs now (%a); trying again.", reason)
        elif self._is_away and not answer.is_temporary:
            logger.warning("The node answers again.")
        self._is_away = answer.is_temporary


def _failure_of(answer: Answer) -> str:
    """Return what a person must do before any log can be sent; empty when it is about the logs."""
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return (
            f"The node refuses this agent ({answer.status}, {answer.detail}). Give it a key of that"
            " node in PICKET_KEY, or add this host's network to FIM_INGEST_ALLOWED_NETWORKS there."
        )
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return f"The node redirects ({answer.status}). Give --node the URL that it redirects to."
    return ""
