"""Programs that tests need and a clean machine may lack: installed once, or asked for in words."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.node import ROOT

LOCK_PATH = ROOT / ".venv" / "provided.lock"


class Missing(RuntimeError):
    """A program is absent and could not be installed."""


def provide(program: str, *packages: str) -> str:
    """Return the path of a program; install Debian's packages where there is none.

    Raises Missing, which says what to install, where that cannot be done.
    """
    with one_process_at_a_time():
        if shutil.which(program) is None:
            _install(packages)
    path = shutil.which(program)
    assert path is not None
    return path


def _install(packages: Sequence[str]) -> None:
    reason = (
        f"These tests need {packages[0]}. Install it, on Debian by"
        f" `apt-get install {packages[0]}`, and run them again."
    )
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    run([*apt, "update"], reason)
    run([*apt, "install", "--yes", "--no-install-recommends", *packages], reason)


def run(command: Sequence[str], reason: str) -> None:
    """Run a command that fetches something; raises Missing with the reason where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise Missing(f"{reason}\n{' '.join(command)}: {exc}") from exc
    if done.returncode:
        raise Missing(f"{reason}\n{' '.join(command)}:\n{done.stdout}{done.stderr}")


@contextmanager
def one_process_at_a_time() -> Iterator[None]:
    LOCK_PATH.parent.mkdir(parents=True, exist_ok=True)
    with Path(LOCK_PATH).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
