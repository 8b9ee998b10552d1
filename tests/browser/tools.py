"""What the browser tests need and a clean machine may lack: Chromium, and axe-core."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.node import ROOT

# Below the virtual environment: `make clean` takes it away too.
TOOLS_DIR = ROOT / ".venv" / "browser"
AXE_VERSION = "4.14.1"
AXE_PATH = TOOLS_DIR / AXE_VERSION / "node_modules" / "axe-core" / "axe.min.js"
# A browser without a font shows boxes.
PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-liberation")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Its shared memory is small in containers.
    "--disable-dev-shm-usage",
)


class Missing(RuntimeError):
    """A tool is absent and could not be installed."""


def chromium() -> str:
    """Return the path of Chromium; install Debian's package where there is none."""
    with one_process_at_a_time():
        if shutil.which("chromium") is None:
            _install_chromium()
    path = shutil.which("chromium")
    assert path is not None
    return path


def axe_source() -> str:
    """Return the script of axe-core; fetch the npm package where it is absent."""
    with one_process_at_a_time():
        if not AXE_PATH.exists():
            _fetch_axe()
    return AXE_PATH.read_text()


def _install_chromium() -> None:
    reason = (
        "The browser tests need Chromium. Install it, on Debian by"
        " `apt-get install chromium`, and run them again."
    )
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    _run([*apt, "update"], reason)
    _run([*apt, "install", "--yes", "--no-install-recommends", *PACKAGES], reason)


def _fetch_axe() -> None:
    reason = (
        "The browser tests check accessibility with axe-core, which npm fetches. Install npm, on"
        " Debian by `apt-get install npm`, and run them again."
    )
    directory = AXE_PATH.parents[2]
    package = f"axe-core@{AXE_VERSION}"
    _run(
        ["npm", "install", "--silent", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund",
         "--prefix", str(directory), package],
        reason,
    )  # fmt: skip


def _run(command: Sequence[str], reason: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise Missing(f"{reason}\n{' '.join(command)}: {exc}") from exc
    if done.returncode:
        raise Missing(f"{reason}\n{' '.join(command)}:\n{done.stdout}{done.stderr}")


@contextmanager
def one_process_at_a_time() -> Iterator[None]:
    TOOLS_DIR.mkdir(parents=True, exist_ok=True)
    with Path(TOOLS_DIR / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
