"""Which files rpm's packages own, asked of `rpm` itself."""

import os
import shutil
import subprocess
import time
from collections import OrderedDict
from collections.abc import Iterator

from fim.agent.enrich.operations import Operation, Timeline

QUERY_SECONDS = 5
# How long rpm is not asked again after a timeout: a transaction may have locked its database.
PAUSE_SECONDS = 60.0
# How long the database is not looked at again: a transaction writes to it many times.
MIN_SECONDS = 2.0
# How often rpm may be asked for the files of packages, so that a burst of changes does not start it
# each time.
MAX_QUERIES, QUERIES_SECONDS = 30, 60.0
MAX_CACHED_BYTES = 8 * 1024 * 1024
# rpm records one time for a whole transaction, which may take minutes.
TRANSACTION_SECONDS = 300.0
DATABASES = ("/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm")
LISTED = "%{INSTALLTIME} %{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}.%{ARCH}\n"
FILES = "[%{FILENAMES}\t%{FILEDIGESTS}\n]"


class Rpm:
    """rpm's database below `root`. It is asked only after it changed, and about new packages."""

    def __init__(self, root: str = "/") -> None:
        self._root = root.rstrip("/")
        self._program = shutil.which("rpm")
        here = (each for each in DATABASES if os.path.isdir(f"{self._root}{each}"))
        self._database = next(here, "")
        self._stamp: list[tuple[str, int, int]] = []
        self._looked_at = 0.0
        self._timeline = Timeline()
        self._versions: dict[str, str] = {}
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._query_times: list[float] = []
        self._paused_until = 0.0

    @property
    def is_there(self) -> bool:
        return bool(self._program and self._database)

    def operations_at(self, moment: float) -> Iterator[Operation]:
        """Return what rpm installed at a moment; start it only where its database has changed."""
        now = time.monotonic()
        if now - self._looked_at > MIN_SECONDS and now > self._paused_until:
            self._looked_at = now
            if (stamp := self._stamp_now()) != self._stamp:
                self._stamp = stamp
                self._list()
        return self._timeline.at(moment)

    def digest_of(self, path: str, operation: Operation) -> str | None:
        """Return the package's digest of a path: "" without one, None for a file not its own."""
        if "\n" in path or "\t" in path or not path.startswith(f"{self._root}/"):
            return None
        files = self._files_of(operation)
        start = files.find(b"\n" + os.fsencode(path[len(self._root) :]) + b"\t")
        if start < 0:
            return None
        return files[start + 1 :].split(b"\n", 1)[0].partition(b"\t")[2].decode("ascii", "replace")

    def _list(self) -> None:
        packages: list[tuple[float, str, str]] = []
        for line in self._run_rpm("-qa", "--qf", LISTED).decode("utf-8", "replace").splitlines():
            moment, name, version = line.split(" ", 2)
            packages.append((float(moment), name, version.rpartition(".")[0]))
        self._timeline = Timeline()
        versions: dict[str, str] = {}
        for installed_at, name, version in sorted(packages):
            version = versions[name] = version.removeprefix("0:")
            before = self._versions.get(name, "")
            operation = Operation("rpm", name, version, before if before != version else "")
            self._timeline.add(operation, installed_at, installed_at + TRANSACTION_SECONDS)
        self._versions = versions

    def _files_of(self, operation: Operation) -> bytes:
        key = f"{operation.package}-{operation.version}"
        if key not in self._files:
            if not self._may_ask():
                return b""
            self._files[key] = b"\n" + self._run_rpm("-q", "--qf", FILES, key)
            while sum(map(len, self._files.values())) > MAX_CACHED_BYTES and len(self._files) > 1:
                self._files.popitem(last=False)
        self._files.move_to_end(key)
        return self._files[key]

    def _may_ask(self) -> bool:
        now = time.monotonic()
        self._query_times = [at for at in self._query_times if now - at < QUERIES_SECONDS]
        if len(self._query_times) >= MAX_QUERIES or now < self._paused_until:
            return False
        self._query_times.append(now)
        return True

    def _run_rpm(self, *arguments: str) -> bytes:
        place = ["--root", self._root or "/", "--dbpath", self._database]
        command = [self._program or "rpm", *place, *arguments]
        environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(  # noqa: S603
                command, capture_output=True, timeout=QUERY_SECONDS, env=environment, check=False
            )
        except subprocess.TimeoutExpired:
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            return b""
        except OSError:
            return b""
        return done.stdout if done.returncode == 0 else b""

    def _stamp_now(self) -> list[tuple[str, int, int]]:
        """Return names, sizes and times of the database's files that reading does not change."""
        try:
            with os.scandir(f"{self._root}{self._database}") as entries:
                stats = [(entry.name, entry.stat()) for entry in entries]
        except OSError:
            return self._stamp
        return sorted(
            (name, status.st_size, status.st_mtime_ns)
            for name, status in stats
            if status.st_size and not name.startswith(".") and not name.endswith(("-shm", "lock"))
        )
