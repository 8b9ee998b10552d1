"""Who did it: the enricher that names user, process and executable of a change."""

import logging
import os
import time
from collections.abc import Iterable
from typing import Any, Protocol

from fim.agent.changes.difference import Difference
from fim.agent.changes.facts import user_name
from fim.agent.config.sections import WhoSettings
from fim.agent.kernel.audit import log_path
from fim.agent.kernel.processes import Process
from fim.agent.kernel.writer_history import GENERATION_SECONDS, WriterHistory

logger = logging.getLogger(__name__)

# Two threads read the clock: one for the history, one for the change.
SLACK_SECONDS = 2.0
MAX_OTHERS = 7
# How long an account's name is cached.
NAMES_SECONDS = 60


class _Reader(Protocol):
    def catch_up(self) -> None: ...

    def stop(self) -> None: ...


class WhoEnricher:
    """Asks fanotify, else audit records, else nobody; `method` and `reason` say which and why.

    A log names the process that changed the path last, in the time of this change; others that
    did are in `attributes.other_processes`. What is not known for certain is left out.
    """

    def __init__(self, settings: WhoSettings, roots: Iterable[str]) -> None:
        self._settings = settings
        self._roots = list(roots)
        self._history = WriterHistory()
        self._reader: _Reader | None = None
        self.method = "none"
        self.reason = "who.method is none"

    def start(self) -> None:
        """Begin to listen. Never raises: without rights nobody is named."""
        reasons = []
        for method, begin in (("fanotify", self._begin_fanotify), ("audit", self._begin_audit)):
            if self._settings.method not in ("auto", method):
                continue
            try:
                begin()
            except OSError as exc:
                reasons.append(f"{method}: {exc}")
            else:
                self.method, self.reason = method, ""
                logger.info("Who changed a file is asked of %s.", method)
                return
        if reasons:
            self.reason = "; ".join(reasons)
            logger.warning("Who changed a file stays unknown. %s.", self.reason)

    def stop(self) -> None:
        if self._reader:
            self._reader.stop()
            self._reader = None

    def enrich(self, log: dict[str, Any], difference: Difference) -> None:
        """Add user, process and executable; waits for the reader of events at most 0.25 s."""
        if self._reader is None:
            return
        self._reader.catch_up()
        writers = self._history.writers(_paths(difference), *_span(difference))
        if not writers or not writers[0].pid:
            return
        last = writers[0]
        attributes = log.setdefault("attributes", {})
        for name, value in _fields_of(last).items():
            (log if name in ("user", "process", "executable") else attributes)[name] = value
        if others := [_fields_of(process) for process in writers[1:] if process.pid]:
            attributes["other_processes"] = others[:MAX_OTHERS]

    def _begin_fanotify(self) -> None:
        from fim.agent.kernel.fanotify_reader import FanotifyReader

        reader = FanotifyReader(self._roots, self._history)
        reader.start()
        self._reader = reader
        for path, reason in reader.unmonitored.items():
            logger.warning("Who changes files in %a stays unknown: %s.", path, reason)

    def _begin_audit(self) -> None:
        from fim.agent.kernel.audit_reader import AuditReader

        path = self._settings.audit_log or log_path()
        self._reader = AuditReader(path, self._settings.audit_key, self._history)


def _paths(difference: Difference) -> list[bytes]:
    return [os.fsencode(path) for path in (difference.path, difference.path_from) if path]


def _span(difference: Difference) -> tuple[float, float]:
    """Return since when and until when to look. What a scan found may be as old as the history."""
    if difference.from_scan or not difference.first_at:
        now = time.time()
        return now - GENERATION_SECONDS, now
    return difference.first_at - SLACK_SECONDS, difference.last_at


def _fields_of(process: Process) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "user": _user(process.uid),
        "process": process.name,
        "executable": process.executable,
        "pid": process.pid,
        "uid": process.uid,
        "effective_user": _user(process.effective_uid)
        if process.effective_uid != process.uid
        else "",
        "login_user": _user(process.login_uid),
        "command_line": process.command_line,
    }
    return {name: value for name, value in fields.items() if value not in ("", None)}


def _user(uid: int | None) -> str:
    return "" if uid is None else user_name(uid, int(time.monotonic() // NAMES_SECONDS))
