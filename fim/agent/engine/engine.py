"""The thread that turns events and what scans find into logs in the spool."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fim.agent.changes.difference import Difference, Enricher, Keeper
from fim.agent.changes.facts import Facts, read_facts
from fim.agent.changes.groups import Group
from fim.agent.changes.logs import drop_large_attributes, log_of
from fim.agent.engine.examine import Deferred, Examination, examine
from fim.agent.engine.large_files import BeingRead, LargeFiles
from fim.agent.scan.schedule import Scans
from fim.agent.state import baseline, journal
from fim.agent.state.database import State
from fim.agent.state.spool import Spool
from fim.agent.watch.coalescer import Coalescer, DirectoryMove
from fim.agent.watch.intake import Intake

logger = logging.getLogger(__name__)

MAX_GROUPS = 256
# A batch is committed after so long even where its files are large: alerts do not wait for them.
MAX_BATCH_SECONDS = 0.2
RETRY_SECONDS = 5.0


class GroupResult(NamedTuple):
    found: Examination
    logs: list[dict[str, Any]]
    numbers: Sequence[int]


class Engine:
    def __init__(
        self,
        state: State,
        intake: Intake,
        coalescer: Coalescer,
        scans: Scans,
        spool: Spool,
        *,
        host: str,
        enrichers: Sequence[Enricher] = (),
        keepers: Sequence[Keeper] = (),
        is_watched: Callable[[str], bool] = lambda path: False,
        wake: threading.Event | None = None,
    ) -> None:
        self._state = state
        self._intake = intake
        self._coalescer = coalescer
        self._scans = scans
        self._spool = spool
        self._host = host
        self._enrichers = enrichers
        self._keepers = keepers
        self._is_watched = is_watched
        self._wake = wake or threading.Event()
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._large_files = LargeFiles(self._on_read)
        self.logged_count = 0

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Wake the engine's thread: something waits or is due."""
        self._wake.set()

    def finish(self) -> None:
        """Report the events that are held, without waiting for their window, then end."""
        self._is_ending = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            is_busy = self._run_once()
            if is_busy:
                continue
            if self._is_ending:
                break
            self._wake.wait(self._idle_seconds())
        self._state.close()

    def _run_once(self) -> bool:
        """Do one piece of work; False when there is none now."""
        if not self._is_ending:
            self._intake.refill()
        moves, groups = self._coalescer.pop_due(
            now=time.monotonic(), max_groups=MAX_GROUPS, is_ending=self._is_ending
        )
        for move in moves:
            self._move_directory(move)
        self.report(groups)
        if self._is_ending:
            return bool(moves or groups)
        return self.advance_scan() or bool(moves or groups)

    def _idle_seconds(self) -> float | None:
        scan_due = None if self._is_scan_held() else self._scans.next_due()
        due = [at for at in (self._coalescer.next_due(), scan_due) if at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def advance_scan(self) -> bool:
        """Do a piece of a scan that is due; False when none is.

        A rescan waits for events that are on disk alone: it would find their changes as well. It
        waits for the large files that it found, so that it reads no faster than it may.
        """
        if self._is_scan_held():
            return False
        groups = self._scans.advance(time.monotonic())
        if groups is None:
            return False
        if self._coalescer.has_moves:
            for group in groups:
                self._coalescer.put_back(group)
        else:
            self.report([each for each in groups if not any(map(self._is_waiting, each.paths))])
        return True

    def _is_scan_held(self) -> bool:
        is_behind = self._intake.has_backlog or self._coalescer.has_scanned_aside
        return is_behind and not self._scans.first

    def _on_read(self, group: Group) -> None:
        self._coalescer.bring_back(group)
        self.wake()

    def _is_expected(self, path: str) -> bool:
        """Return whether the kernel will still report where a missing directory went."""
        return self._is_watched(path) or self._coalescer.is_leaving(path)

    def _is_waiting(self, path: str) -> bool:
        return path in self._coalescer

    def report(self, groups: Sequence[Group]) -> None:
        """Examine the groups and commit their changes, in few transactions."""
        results: list[GroupResult] = []
        started = time.monotonic()
        for group in groups:
            try:
                results.append(self._examine(group))
            except Deferred:
                group.tries += 1
                self._coalescer.put_back(group)
            except BeingRead as being_read:
                self._coalescer.set_aside(group)
                self._large_files.read(being_read, group)
            if time.monotonic() - started > MAX_BATCH_SECONDS:
                self._commit(results)
                results, started = [], time.monotonic()
        self._commit(results)

    def _examine(self, group: Group) -> GroupResult:
        found = examine(
            self._state.connection(),
            group,
            is_expected=self._is_expected,
            is_learning=self._scans.is_learning(group),
            content_source=None if self._is_ending else self._large_files.content_of,
        )
        if group.is_scan:
            self._scans.count_read(found.read_bytes)
        logs = [self._log_of(difference, group.reason) for difference in found.differences]
        for difference in found.differences:
            if difference.action == "deleted" and difference.is_directory:
                self._scans.request([difference.path], "its directory is gone")
        return GroupResult(found, logs, group.numbers)

    def _log_of(self, difference: Difference, reason: str) -> dict[str, Any]:
        log = log_of(difference, host=self._host, reason=reason)
        for enricher in self._enrichers:
            try:
                enricher.enrich(log, difference)
            except Exception:
                # A log that lacks a part is worth more than no log.
                logger.exception("%s failed for %a.", type(enricher).__name__, difference.path)
        drop_large_attributes(log)
        return log

    def _commit(
        self, results: Sequence[GroupResult], *, renamed: tuple[str, str] | None = None
    ) -> None:
        """Store rows and logs and delete their events from the journal, in one transaction."""
        if not results:
            return
        logs = [log for result in results for log in result.logs]
        while not self._try_write(results, logs, renamed):
            time.sleep(RETRY_SECONDS)
        if logs:
            self.logged_count += len(logs)
            self._spool.arrived.set()

    def _try_write(
        self,
        results: Sequence[GroupResult],
        logs: Sequence[dict[str, Any]],
        renamed: tuple[str, str] | None,
    ) -> bool:
        """Return whether it could be written; a full disk is tried again, and nothing given up."""
        try:
            with self._state.writing() as connection:
                if renamed:
                    baseline.rename_directory(connection, *renamed)
                    journal.rename_directory(connection, *renamed, before=max(results[0].numbers))
                for result in results:
                    baseline.keep(connection, result.found.rows)
                    journal.forget(connection, result.numbers)
                    self._keep(connection, result.found.differences)
                self._spool.append(connection, logs)
            return True
        except sqlite3.OperationalError as exc:
            self._spool.recount()
            logger.error("The agent's state cannot be written (%s); trying again.", exc)
            if self._is_ending:
                raise
            return False

    def _keep(self, connection: sqlite3.Connection, differences: Sequence[Difference]) -> None:
        for keeper in self._keepers:
            for difference in differences:
                keeper.keep(connection, difference)

    def _move_directory(self, move: DirectoryMove) -> None:
        """Rename a directory in the baseline, and ask for a scan of what lies below it.

        The event counts, not what is there now: the directory may have been moved once more.
        """
        old, new = move.event.path_from, move.event.path
        connection = self._state.connection()
        row, facts = baseline.get(connection, old), read_facts(new)
        after = facts if facts.is_there else row
        found = Examination(rows={old: None, new: after})
        logs = []
        if after:
            difference = _directory_difference(move, row, after)
            log = self._log_of(difference, "")
            if entries := baseline.count(connection, old):
                log.setdefault("attributes", {})["entries"] = entries
            found.differences.append(difference)
            logs.append(log)
        self._commit([GroupResult(found, logs, move.numbers)], renamed=(old, new))
        # While the baseline is being made, rows may still come in below the old path.
        tops = [new, old] if self._scans.first else [new]
        self._scans.request(tops, "a directory was renamed")


def _directory_difference(move: DirectoryMove, row: Facts | None, after: Facts) -> Difference:
    event = move.event
    return Difference(
        "moved" if row else "created",
        event.path,
        path_from=event.path_from if row else "",
        before=row,
        after=after,
        events=(str(event),),
        first_at=event.at,
        last_at=event.at,
        place=event.path,
    )
