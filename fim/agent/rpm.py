"""Which files rpm's packages own, asked of `rpm` itself."""

import os
import shutil
import subprocess
import time
from collections import OrderedDict
from collections.abc import Iterator

from fim.agent.operations import Operation

QUERY_SECONDS = 20
MOST_CACHED_PACKAGES = 16
MOST_OPERATIONS = 1000
# rpm notes the time of a package's transaction alone, and packages take their time.
TRANSACTION_SECONDS = 300.0
# A transaction writes again and again, and is not followed at every step.
LEAST_SECONDS = 2.0
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
        self._listed_at = 0.0
        self._operations: list[Operation] = []
        self._versions: dict[str, str] = {}
        self._files: OrderedDict[str, dict[str, str]] = OrderedDict()

    @property
    def is_there(self) -> bool:
        return bool(self._program and self._database)

    def operations(self) -> Iterator[Operation]:
        """Give the packages, the newest first; without a process where the database stayed."""
        is_due = time.monotonic() - self._listed_at > LEAST_SECONDS
        if is_due and (stamp := self._stamp_now()) != self._stamp:
            self._stamp, self._listed_at = stamp, time.monotonic()
            self._operations = self._listed()
        return iter(self._operations)

    def digest_of(self, path: str, operation: Operation) -> str | None:
        """Give the digest that the package has for a path: empty of no content, None of no file."""
        key = f"{operation.package}-{operation.version}"
        if key not in self._files:
            self._files[key] = self._files_of(operation)
            while len(self._files) > MOST_CACHED_PACKAGES:
                self._files.popitem(last=False)
        return self._files[key].get(path[len(self._root) :])

    def _listed(self) -> list[Operation]:
        operations, versions = [], {}
        for line in self._asked("-qa", "--qf", LISTED).splitlines():
            installed_at, name, version = line.split(" ", 2)
            version = version.rpartition(".")[0].removeprefix("0:")
            versions[name] = version
            before = self._versions.get(name, "")
            operation = Operation("rpm", name, version, before if before != version else "")
            first = float(installed_at)
            operation.spans = [[first, first + TRANSACTION_SECONDS]]
            operations.append(operation)
        self._versions = versions
        operations.sort(key=lambda each: each.last_at, reverse=True)
        return operations[:MOST_OPERATIONS]

    def _files_of(self, operation: Operation) -> dict[str, str]:
        text = self._asked("-q", "--qf", FILES, f"{operation.package}-{operation.version}")
        return dict(line.split("\t", 1) for line in text.splitlines() if "\t" in line)

    def _asked(self, *arguments: str) -> str:
        place = ["--root", self._root or "/", "--dbpath", self._database]
        command = [self._program or "rpm", *place, *arguments]
        environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(  # noqa: S603
                command, capture_output=True, timeout=QUERY_SECONDS, env=environment, check=False
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        return os.fsdecode(done.stdout) if done.returncode == 0 else ""

    def _stamp_now(self) -> list[tuple[str, int, int]]:
        """Give names, sizes and times of the database's files, but those that a reader touches."""
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
