"""Proof of watching: a file in each root whose change must come back as an acknowledged log."""

import hashlib
import json
import logging
import math
import os
import secrets
import stat
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fim.agent.changes.difference import Difference

logger = logging.getLogger(__name__)

CANARY_NAME = ".picket-canary"
RULE = "picket-canary"
# Why a root is blind: the kernel reports no change of its canary, no node answers, or a node
# answers but the canary's log does not arrive there.
WATCHING, NODE, SENDING = "watching", "node", "sending"
MAX_SPANS = 100
TEXT = "Picket's agent changes this file to prove that changes here are seen.\n"


@dataclass(slots=True)
class _Canary:
    """`sha256` is of the content written last; empty once it was acknowledged, or not written.

    `proven_at` is when the last acknowledged content was written. `was_unseen`: the root is blind,
    and the kernel did not report the content before this one.
    """

    root: str
    path: str
    sha256: str = ""
    written_at: float = 0.0
    deadline: float = math.inf
    is_seen: bool = False
    proven_at: float | None = None
    blind_since: float | None = None
    was_unseen: bool = False

    @property
    def is_unseen(self) -> bool:
        """Return whether the limit passed before the kernel reported the change."""
        return self.was_unseen or (self.deadline == math.inf and not self.is_seen)


@dataclass(frozen=True, slots=True)
class BlindSpan:
    """A period of blindness that is over. Moments are Unix times."""

    since: float
    until: float
    reason: str


class Canaries:
    """Writes a canary in each root, on a schedule, and waits for the node to acknowledge its log.

    A root whose canary is not acknowledged within the limit, for whatever reason, is blind since
    its last acknowledged canary was written. Its blindness ends when the newest canary is
    acknowledged, however late. Also an enricher, which must be the last: it marks the canaries'
    logs and overrides what others set.
    """

    def __init__(
        self,
        roots: Iterable[str],
        *,
        every_seconds: float,
        limit_seconds: float,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._canaries = {
            path: _Canary(root, path)
            for root, path in ((root, os.path.join(root, CANARY_NAME)) for root in roots)
        }
        self._every_seconds = every_seconds
        self._limit_seconds = limit_seconds
        # Since when the node answers, as monotonic and as Unix time. The first is moved on while
        # the node takes logs that had waited for it.
        self._answering_since: float | None = None
        self._answered_at = 0.0
        self._unreported: list[BlindSpan] = []
        self._is_reported = False
        self._on_change = on_change
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="canaries", daemon=True)

    def start(self) -> None:
        if self._canaries and self._every_seconds:
            self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def blind_since(self) -> float | None:
        """The Unix time since when a root is blind; None where none is."""
        with self._lock:
            moments = [each.blind_since for each in self._canaries.values() if each.blind_since]
            return min(moments, default=None)

    @property
    def blind_reason(self) -> str:
        """Return why: WATCHING, NODE or SENDING; empty where no root is blind.

        After an outage of the node the reason stays NODE for as long as logs that had waited for it
        arrive, some of them within each limit.
        """
        with self._lock:
            return self._reason_of([each for each in self._canaries.values() if each.blind_since])

    @property
    def unreported_spans(self) -> list[BlindSpan]:
        """The periods of blindness that are over and that no node knows of."""
        with self._lock:
            return list(self._unreported)

    def note_accepted(self, *, is_blind: bool, spans: Sequence[BlindSpan]) -> None:
        """Note that the node accepted a heartbeat, and what it said."""
        with self._lock:
            if self._answering_since is None:
                self._answering_since, self._answered_at = time.monotonic(), time.time()
            self._is_reported |= is_blind
            self._unreported = [span for span in self._unreported if span not in spans]

    def note_not_accepted(self) -> None:
        """Note that the node accepted no heartbeat."""
        with self._lock:
            self._answering_since = None

    @property
    def blind_roots(self) -> list[str]:
        with self._lock:
            return [each.root for each in self._canaries.values() if each.blind_since]

    def enrich(self, log: dict[str, Any], difference: Difference) -> None:
        """Mark the log of a canary. Where another wrote the file, its log is an ordinary one."""
        canary = self._canaries.get(difference.path)
        if canary is None or difference.action not in ("created", "modified"):
            return
        with self._lock:
            if not canary.sha256 or log.get("sha256") != canary.sha256:
                return
            # What a scan found was not reported by the kernel, so it proves nothing.
            canary.is_seen = not difference.from_scan
        log["rule"] = RULE
        log["category"] = ""
        log["attributes"] = {"canary": True}

    def note_acknowledged(self, lines: Sequence[bytes]) -> None:
        """Find the canaries among logs that the node has acknowledged."""
        self._note_progress(lines)
        for line in lines:
            if RULE.encode() in line:
                self._prove(json.loads(line))

    def _note_progress(self, lines: Sequence[bytes]) -> None:
        """Start the limit anew while a node that was away takes logs that had waited for it.

        Logs of later changes do not count: a flood of them could hide how late they arrive.
        """
        with self._lock:
            if self._answering_since is None or not any(map(_is_blind, self._canaries.values())):
                return
            if lines and _time_of(lines[-1]) < self._answered_at:
                self._answering_since = time.monotonic()

    def _prove(self, log: dict[str, Any]) -> None:
        with self._lock:
            proven = [
                each
                for each in self._canaries.values()
                if each.is_seen and each.sha256 == log.get("sha256")
            ]
            blind = [each for each in self._canaries.values() if each.blind_since]
            reason = self._reason_of(blind)
            since = min((each.blind_since or 0.0 for each in blind), default=0.0)
            for canary in proven:
                canary.sha256, canary.proven_at = "", canary.written_at
            seen_again = [each for each in proven if each.blind_since]
            for canary in seen_again:
                blind_seconds = time.time() - (canary.blind_since or 0.0)
                canary.blind_since, canary.was_unseen = None, False
                logger.warning("%a is seen again after %d s.", canary.root, blind_seconds)
            if seen_again and len(seen_again) == len(blind):
                self._end_blindness(BlindSpan(since, time.time(), reason))
        if seen_again:
            self._on_change()

    def _end_blindness(self, span: BlindSpan) -> None:
        """Keep a span that no heartbeat reported, or whose reason was the node itself."""
        if span.reason == NODE or not self._is_reported:
            self._unreported = [*self._unreported, span][-MAX_SPANS:]
        self._is_reported = False

    def _reason_of(self, blind: Sequence[_Canary]) -> str:
        if not blind:
            return ""
        if any(each.is_unseen for each in blind):
            return WATCHING
        since = self._answering_since
        is_away = since is None or time.monotonic() - since < self._limit_seconds
        return NODE if is_away else SENDING

    def _run(self) -> None:
        next_at = time.monotonic()
        while not self._ending.is_set():
            now = time.monotonic()
            self._check_deadlines(now)
            if now >= next_at:
                self._write_all(now)
                next_at = now + self._every_seconds
            until = min([next_at, *(each.deadline for each in self._waiting())])
            self._ending.wait(max(until - now, 0.01))

    def _waiting(self) -> list[_Canary]:
        with self._lock:
            waiting = [each for each in self._canaries.values() if each.sha256]
            return [each for each in waiting if each.deadline < math.inf]

    def _check_deadlines(self, now: float) -> None:
        for canary in self._waiting():
            if now >= canary.deadline:
                what = "no node acknowledged its canary" if canary.is_seen else "nothing told of it"
                self._mark_blind(canary, f"{what} within {self._limit_seconds:g} s")

    def _write_all(self, now: float) -> None:
        waiting = self._waiting()
        for canary in self._canaries.values():
            if canary not in waiting:
                self._write(canary, now)

    def _write(self, canary: _Canary, now: float) -> None:
        content = f"{TEXT}{secrets.token_hex(16)}\n".encode()
        with self._lock:
            canary.was_unseen = canary.blind_since is not None and canary.is_unseen
            canary.sha256 = hashlib.sha256(content).hexdigest()
            canary.is_seen = False
            canary.written_at, canary.deadline = time.time(), now + self._limit_seconds
        try:
            _rewrite(canary.path, content)
        except OSError as exc:
            canary.sha256 = ""
            self._mark_blind(canary, f"{canary.path!a} cannot be written: {exc.strerror or exc}")

    def _mark_blind(self, canary: _Canary, reason: str) -> None:
        with self._lock:
            # A late acknowledgement still proves it.
            canary.deadline = math.inf
            is_new = canary.blind_since is None
            canary.blind_since = canary.blind_since or canary.proven_at or canary.written_at
        if is_new:
            logger.error("Blind in %a: %s.", canary.root, reason)
            self._on_change()


def _is_blind(canary: _Canary) -> bool:
    return canary.blind_since is not None


def _time_of(line: bytes) -> float:
    """Return the Unix time of a log."""
    return datetime.fromisoformat(json.loads(line)["timestamp"]).timestamp()


def make_canary(path: str) -> None:
    """Make an empty canary where there is none. Raises OSError where something else is there."""
    os.close(_open_own(path))


def _rewrite(path: str, content: bytes) -> None:
    descriptor = _open_own(path)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def _open_own(path: str) -> int:
    """Open the agent's own file. Raises OSError where it is another's or a link.

    Whoever may write into the root could put a link to any file of the host there.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    status = os.fstat(descriptor)
    is_own = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
    if not is_own or status.st_nlink != 1:
        os.close(descriptor)
        raise OSError("it is not the agent's own file")
    return descriptor
