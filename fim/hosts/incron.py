"""Whether the host's incron file watcher is active."""

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import psutil

PROCESS_NAME = "incrond"
STATES = {"running": True, "stopped": False}
# A status file holds one word; what is larger is something else.
MAX_STATUS_BYTES = 64
DEAD = {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}


@dataclass(frozen=True, slots=True)
class IncronStatus:
    """`detail` is one sentence; `status_age_seconds` is None where no status file could be read."""

    is_running: bool
    source: Literal["status_file", "process_list"]
    detail: str
    status_age_seconds: float | None


@dataclass(frozen=True, slots=True)
class _StatusFile:
    word: str = ""
    age_seconds: float | None = None
    problem: str = ""


def incron_status(
    *, status_path: str | os.PathLike[str], max_age_seconds: float, now: datetime | None = None
) -> IncronStatus:
    """Read a fresh status file that says `running` or `stopped`; else look at the process list.

    `now` is aware. Costs one walk over all processes when the status file is not used.
    """
    file = _read_status(status_path, now or datetime.now(UTC))
    problem = file.problem or _why_ignored(file, max_age_seconds)
    if not problem:
        return IncronStatus(
            is_running=STATES[file.word],
            source="status_file",
            detail=f"The status file said {file.word} {_age_text(file)}.",
            status_age_seconds=file.age_seconds,
        )
    is_running, seen = _seen_in_process_list()
    return IncronStatus(
        is_running=is_running,
        source="process_list",
        detail=f"{seen}; the status file {problem}.",
        status_age_seconds=file.age_seconds,
    )


def _read_status(path: str | os.PathLike[str], now: datetime) -> _StatusFile:
    """Read a bounded prefix, of a regular file only; O_NONBLOCK keeps a FIFO from blocking."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        return _StatusFile(problem="does not exist")
    except (OSError, ValueError):
        return _StatusFile(problem="cannot be read")
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return _StatusFile(problem="is not a regular file")
        content = os.read(descriptor, MAX_STATUS_BYTES + 1)
    except OSError:
        return _StatusFile(problem="cannot be read")
    finally:
        os.close(descriptor)
    is_short = len(content) <= MAX_STATUS_BYTES
    word = content.decode("ascii", "replace").strip().lower() if is_short else ""
    return _StatusFile(word=word, age_seconds=now.timestamp() - status.st_mtime)


def _age_text(file: _StatusFile) -> str:
    return f"{max(file.age_seconds or 0.0, 0.0):.0f} seconds ago"


def _why_ignored(file: _StatusFile, max_age_seconds: float) -> str:
    age_seconds = file.age_seconds or 0.0
    if file.word not in STATES:
        return "says neither running nor stopped"
    if age_seconds > max_age_seconds:
        return f"is {age_seconds:.0f} seconds old and at most {max_age_seconds:g} are believed"
    if age_seconds < -max_age_seconds:
        return f"is dated {-age_seconds:.0f} seconds in the future"
    return ""


def _seen_in_process_list() -> tuple[bool, str]:
    """Return whether incrond is among the processes that this user may see."""
    try:
        for process in psutil.process_iter(["name", "status"]):
            if process.info["name"] == PROCESS_NAME and process.info["status"] not in DEAD:
                return True, f"The process list shows {PROCESS_NAME} as process {process.pid}"
    except (psutil.Error, OSError):
        return False, "The process list cannot be read"
    return False, f"The process list shows no {PROCESS_NAME}"
