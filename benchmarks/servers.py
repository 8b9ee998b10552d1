"""The servers under load: Picket itself, the textbook build and the bare floors, on loopback."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.client import Address
from benchmarks.report import BENCH_DIR, ROOT
from tests.node import Node, free_port, fresh_database, running_node

START_SECONDS = 30
# A benchmark is no user: what it asks for in a minute is not what a person asks for.
UNTHROTTLED = {
    "THROTTLE_INGEST": "100000000/minute",
    "THROTTLE_READ": "100000000/minute",
    "THROTTLE_USER": "100000000/minute",
    "ACCESS_TOKEN_MINUTES": "1000",
}
# With fewer cores, one for the client alone would take half of the server's.
CORES_WORTH_PINNING = 3
ALL_CORES = sorted(os.sched_getaffinity(0))
IS_PINNED = len(ALL_CORES) >= CORES_WORTH_PINNING
CLIENT_CORES = ALL_CORES[-1:] if IS_PINNED else ALL_CORES
SERVER_CORES = ALL_CORES[:-1] if IS_PINNED else ALL_CORES
PINNING = (
    f"Server on cores {SERVER_CORES}, client on {CLIENT_CORES}."
    if IS_PINNED
    else f"Client and server share {len(ALL_CORES)} cores; from {CORES_WORTH_PINNING} on the client"
    " has one of its own."
)


@contextmanager
def starting_a_server() -> Iterator[None]:
    """Let the processes that are started inside run on the server's cores."""
    os.sched_setaffinity(0, SERVER_CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(0, CLIENT_CORES)


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory that goes with the benchmark; on the disk, for what is measured waits for it."""
    BENCH_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=BENCH_DIR) as directory:
        yield Path(directory)


@contextmanager
def picket(directory: Path, **env: str) -> Iterator[Node]:
    """Serve a node with the settings it ships with, but for the throttles.

    The database is fresh, below `directory` or in the PostgreSQL that DATABASE_URL names.
    """
    directory.mkdir(parents=True, exist_ok=True)
    node = running_node(directory, **UNTHROTTLED, **env)
    with starting_a_server():
        started = node.__enter__()
    try:
        yield started
    finally:
        node.__exit__(None, None, None)


@contextmanager
def empty_database(directory: Path) -> Iterator[str]:
    """Make a database with Picket's tables and nothing in them; yield its DATABASE_URL."""
    place = directory / "empty"
    place.mkdir()
    with fresh_database(place) as url:
        env = {**os.environ, "DATABASE_URL": url, "VAR_DIR": str(place)}
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=env, check=True)  # noqa: S603
        yield url


@contextmanager
def textbook(directory: Path) -> Iterator[Address]:
    """Serve the textbook build over a fresh database `textbook.sqlite3`."""
    settings = "benchmarks.textbook.settings"
    database = str(directory / "textbook.sqlite3")
    env = {**os.environ, "TEXTBOOK_DATABASE": database, "DJANGO_SETTINGS_MODULE": settings}
    migrate = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=env, check=True)  # noqa: S603
    config = "benchmarks/textbook/gunicorn.conf.py"
    with _gunicorn(directory, "benchmarks.textbook.wsgi", config, env) as address:
        yield address


@contextmanager
def bare(directory: Path, application: str) -> Iterator[Address]:
    """Serve one of the modules of benchmarks.bare with Picket's own gunicorn settings."""
    with _gunicorn(
        directory,
        f"benchmarks.bare.{application}",
        "benchmarks/bare/gunicorn.conf.py",
        dict(os.environ),
    ) as address:
        yield address


@contextmanager
def _gunicorn(
    directory: Path, application: str, config: str, env: dict[str, str]
) -> Iterator[Address]:
    address = ("127.0.0.1", free_port())
    command = [sys.executable, "-m", "gunicorn", "--config", config, application]
    env = env | {"HOST": address[0], "PORT": str(address[1])}
    with starting_a_server(), (directory / f"{application}.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)  # noqa: S603
    try:
        wait_until_listening(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=40)


def wait_until_listening(address: Address, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_listening(address):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not start.")
        time.sleep(0.02)


def _is_listening(address: Address) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


def address_of(node: Node) -> Address:
    return "127.0.0.1", int(node.env["PORT"])
