"""Which scan runs now, which is next, and how fast it may read."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from fim.agent.changes.groups import Group
from fim.agent.config.file import Config
from fim.agent.scan.comparison import Scan
from fim.agent.scan.first_scan import FirstScan, is_learned
from fim.agent.state import baseline
from fim.agent.state.database import State
from fim.agent.watch.coalescer import Coalescer
from fim.agent.watch.scope import Scope
from fim.agent.watch.watches import Watches

logger = logging.getLogger(__name__)

# Directories without a watch are scanned this often, or with all others where that is more often.
UNWATCHED_SECONDS = 30.0
# ... but for no more than a tenth of the time.
PAUSE_FACTOR = 10
# One piece of a scan; events that came meanwhile are reported after it.
SLICE_SECONDS = 0.05
MAX_CANDIDATES = 64
START, SCHEDULE, OVERFLOW = "start", "schedule", "overflow"
UNWATCHED = "no watch"


class Scans:
    """Asked by any thread, advanced by the engine alone. A scan that was asked for runs at once.

    `max_bytes_per_second` bounds what rescans read; the first scan reads as fast as it can.
    `watches`, `watch_again` and `when_caught_up` are the reader's, where one runs. `on_request` is
    called in the asking thread, `on_end` in the engine's.
    """

    def __init__(
        self,
        state: State,
        scope: Scope,
        coalescer: Coalescer,
        config: Config,
        *,
        watches: Watches | None = None,
        watch_again: Callable[[], list[str]] = list,
        when_caught_up: Callable[[Callable[[], None]], None] = lambda then: then(),
        on_request: Callable[[], None] = lambda: None,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._state = state
        self._scope = scope
        self._coalescer = coalescer
        self._settings = config.scan
        self._watches = watches
        self._watch_again = watch_again
        self._when_caught_up = when_caught_up
        self._on_request = on_request
        self._on_end = on_end
        self._lock = threading.Lock()
        self._requested: list[tuple[tuple[str, ...], str]] = []
        self.first: FirstScan | None = None
        self._candidates: Iterator[Group | None] | Iterator[None] | None = None
        self._reason = ""
        self._unwatched_seconds = 0.0
        self._half_learned: list[str] = []
        self._learned_at = 0.0
        self._started = 0.0
        self._ready = 0.0
        self._next = time.monotonic() + self._settings.every_seconds
        self._next_unwatched = 0.0
        self.last_at: float | None = None
        self.last_seconds: float | None = None

    def start(self) -> None:
        """Plan the first scan of roots that have no baseline, and a scan of the others."""
        known = [root for root in self._scope.roots if is_learned(self._state, root)]
        new = [root for root in self._scope.roots if root not in known]
        connection = self._state.connection()
        self._half_learned = [root for root in new if baseline.count(connection, root)]
        if new:
            self.first = FirstScan(self._state, self._scope, new, workers=self._settings.workers)
            self._learned_at = math.inf
        if known:
            self.request(known, START)

    def request(self, tops: Sequence[str], reason: str) -> None:
        wanted = (tuple(tops), reason)
        with self._lock:
            if wanted not in self._requested:
                self._requested.append(wanted)
        self._on_request()

    def request_all(self, reason: str) -> None:
        self.request(self._scope.roots, reason)

    def is_learning(self, group: Group) -> bool:
        """Return whether the group's events may be older than the baseline's rows."""
        return not group.is_scan and group.first_at <= self._learned_at

    def is_due(self) -> bool:
        """Return whether a scan runs or was asked for."""
        return bool(self._candidates or self._requested or self.first)

    def count_read(self, size: int) -> None:
        if rate := self._settings.max_bytes_per_second:
            self._ready = max(self._ready, time.monotonic()) + size / rate

    def next_due(self) -> float:
        """Return the monotonic time at which there is something to do."""
        if self.is_due():
            return self._ready
        due = [self._next]
        if self._watches and self._watches.unwatched:
            due.append(self._next_unwatched)
        return min(due)

    def advance(self, now: float) -> list[Group] | None:
        """Do a piece of work and return the candidates found; None when nothing is due."""
        if now < self._ready or not (self._candidates or self._begin(now)):
            return None
        assert self._candidates
        found: list[Group] = []
        while len(found) < MAX_CANDIDATES and time.monotonic() - now < SLICE_SECONDS:
            try:
                group = next(self._candidates)
            except StopIteration:
                self._end()
                break
            if group:
                found.append(group)
        return found

    def _begin(self, now: float) -> bool:
        self._started = now
        if self.first:
            self._candidates = iter(self.first)
            return True
        with self._lock:
            self._plan(now)
            if not self._requested:
                return False
            tops, self._reason = self._requested.pop(0)
        connection = self._state.connection()
        self._candidates = iter(
            Scan(
                *(connection, self._scope, list(tops)),
                reason=self._reason,
                is_waiting=self._coalescer.__contains__,
            )
        )
        return True

    def _plan(self, now: float) -> None:
        if now >= self._next:
            self._next = now + self._settings.every_seconds
            self._requested.append((tuple(self._scope.roots), SCHEDULE))
            self._watch_again()
        elif self._watches and self._watches.unwatched and now >= self._next_unwatched:
            every = min(UNWATCHED_SECONDS, self._settings.every_seconds)
            self._next_unwatched = now + max(every, PAUSE_FACTOR * self._unwatched_seconds)
            tops = list(self._watches.unwatched)
            self._watch_again()
            self._requested.append((tuple(tops), UNWATCHED))

    def _end(self) -> None:
        self._candidates = None
        at = time.time()
        self.last_seconds = time.monotonic() - self._started
        if self.first:
            self.first.finish(at)
            # An event's time is that of its reading, so earlier changes may be read later.
            self._when_caught_up(partial(self._on_caught_up, at))
            logger.info("The baseline of %d entries is made.", self.first.done_count)
            self.first = None
            if self._half_learned:
                # An earlier run was killed during its first scan: what changed since is reported.
                self.request(self._half_learned, START)
        else:
            self.last_at = at
            if self._reason == UNWATCHED:
                self._unwatched_seconds = self.last_seconds
            logger.info("Scanned for %.2f s (%s).", self.last_seconds, self._reason)
        self._on_end()

    def _on_caught_up(self, at: float) -> None:
        self._learned_at = time.time()
        self.last_at = at
