"""Which files dpkg's packages own, and what should be in them."""

import os
import sqlite3
import zlib
from collections import OrderedDict
from collections.abc import Iterator

from fim.agent.enrich.dpkg_log import DpkgLog
from fim.agent.enrich.operations import Operation

MAX_CACHED_FILES = 64
MAX_CACHED_BYTES = 8 * 1024 * 1024
MAX_FILE_BYTES = 64 * 1024 * 1024
UNPACKING = "tmp.ci"
# Where /bin is a link to /usr/bin, lists may name a file by either.
MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
SCHEMA = """
CREATE TABLE IF NOT EXISTS package_lists (
    name TEXT PRIMARY KEY, stamp TEXT, paths BLOB
) WITHOUT ROWID;
"""


def keep_lists(connection: sqlite3.Connection, rows: list[tuple[str, str, bytes]]) -> None:
    connection.executemany("INSERT OR REPLACE INTO package_lists VALUES (?, ?, ?)", rows)


class Dpkg:
    """dpkg's database below `root`, read lazily and at most a few megabytes of it at a time.

    What was removed is in no list any more, so the lists are also kept, compressed, in the agent's
    state as they were before the last changes.
    """

    def __init__(self, root: str = "/") -> None:
        self._root = root.rstrip("/")
        self._directory = f"{self._root}/var/lib/dpkg"
        self._log = DpkgLog(f"{self._root}/var/log/dpkg.log")
        self._files: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._merged = {f"/usr/{top}/": f"/{top}/" for top in MERGED if self._is_merged(top)}

    @property
    def is_there(self) -> bool:
        return os.path.isdir(f"{self._directory}/info")

    def operations_at(self, moment: float) -> Iterator[Operation]:
        return self._log.operations_at(moment)

    def is_in(self, path: str, operation: Operation) -> bool:
        """Return whether the package as it now is names the path."""
        paths = b"\n" + self._content(self._info(operation.package, "list"))
        names = self._names(path, operation.package)
        return any(b"\n" + os.fsencode(name) + b"\n" in paths for name in names)

    def was_in(self, connection: sqlite3.Connection, path: str, operation: Operation) -> bool:
        """Return whether the package named the path before, and no longer does."""
        found = connection.execute(
            "SELECT paths FROM package_lists WHERE name IN (?, ?) ORDER BY length(name) DESC",
            (operation.package, operation.package.split(":")[0]),
        ).fetchone()
        if not found or self.is_in(path, operation):
            return False
        paths = b"\n" + zlib.decompress(found[0])
        names = self._names(path, operation.package)
        return any(b"\n" + os.fsencode(name) + b"\n" in paths for name in names)

    def md5_of(self, path: str, operation: Operation) -> str:
        """Return the MD5 that the package has for a file's content; empty where it has none."""
        names = self._names(path, operation.package)
        for source in self._md5sums(operation):
            content = b"\n" + self._content(source)
            for name in names:
                place = content.find(b"  " + os.fsencode(name.lstrip("/")) + b"\n")
                if place >= 32:
                    return content[place - 32 : place].decode("ascii", "replace")
        return self._conffile_md5(names, operation)

    def changed_lists(self, connection: sqlite3.Connection) -> list[tuple[str, str, bytes]]:
        """Read the lists that changed since they were kept, as rows. Costs a stat each."""
        known = dict(connection.execute("SELECT name, stamp FROM package_lists"))
        return [
            (entry.name[:-5], stamp, zlib.compress(_read(entry.path)))
            for entry in _entries(f"{self._directory}/info")
            if entry.name.endswith(".list")
            and (stamp := _stamp(entry.path)) != known.get(entry.name[:-5])
        ]

    def _names(self, path: str, package: str) -> list[str]:
        """Return the names by which the package's list may hold a path of the file system."""
        # A list holds a name a line: a name of two lines would pass for another one.
        if "\n" in path or (self._root and not path.startswith(self._root + "/")):
            return []
        path = path[len(self._root) :]
        names = [path]
        for merged, plain in self._merged.items():
            if path.startswith(merged):
                names.append(plain + path[len(merged) :])
        return self._undiverted(names, package.split(":")[0])

    def _undiverted(self, names: list[str], package: str) -> list[str]:
        lines = os.fsdecode(self._content(f"{self._directory}/diversions")).split("\n")
        diverted = list(zip(lines[::3], lines[1::3], lines[2::3], strict=False))
        foreign = [(source, target) for source, target, by in diverted if by != package]
        taken = {source for source, _ in foreign}
        moved = [source for source, target in foreign if target in names]
        return [name for name in names if name not in taken] + moved

    def _conffile_md5(self, names: list[str], operation: Operation) -> str:
        """Look into the status, and into its changes that dpkg has not merged yet."""
        updates = sorted(entry.path for entry in _entries(f"{self._directory}/updates"))
        for source in [*reversed(updates), f"{self._directory}/status"]:
            stanza = _stanza(self._content(source), operation)
            for name in names:
                place = stanza.find(b"\n " + os.fsencode(name) + b" ")
                if place >= 0:
                    return stanza[place:].split(maxsplit=2)[1].decode("ascii", "replace")
        return ""

    def _md5sums(self, operation: Operation) -> list[str]:
        """Return the files of sums: of the package that is being unpacked, then the installed ones.

        dpkg moves the new sums into place last, and the old ones do not fit what it writes now.
        """
        fields = (
            self._content(f"{self._directory}/{UNPACKING}/control")
            .decode("utf-8", "replace")
            .split("\n")
        )
        name, version = operation.package.split(":")[0], operation.version
        is_unpacking = f"Package: {name}" in fields and f"Version: {version}" in fields
        unpacking = [f"{self._directory}/{UNPACKING}/md5sums"] if is_unpacking else []
        return [*unpacking, self._info(operation.package, "md5sums")]

    def _info(self, package: str, kind: str) -> str:
        return f"{self._directory}/info/{self._stem(package)}.{kind}"

    def _stem(self, package: str) -> str:
        """Return the name of a package's files; it has the architecture where several can be."""
        has_own = os.path.exists(f"{self._directory}/info/{package}.list")
        return package if has_own else package.split(":")[0]

    def _content(self, path: str) -> bytes:
        stamp = _stamp(path)
        found = self._files.get(path)
        if not found or found[0] != stamp:
            found = stamp, _read(path) if stamp else b""
        self._files[path] = found
        self._files.move_to_end(path)
        while len(self._files) > 1 and self._is_too_much():
            self._files.popitem(last=False)
        return found[1]

    def _is_too_much(self) -> bool:
        size = sum(len(content) for _, content in self._files.values())
        return len(self._files) > MAX_CACHED_FILES or size > MAX_CACHED_BYTES

    def _is_merged(self, top: str) -> bool:
        link = f"{self._root}/{top}"
        return os.path.islink(link) and os.readlink(link).strip("/") == f"usr/{top}"


def _stanza(content: bytes, operation: Operation) -> bytes:
    """Return the conffiles of the package's stanza, where its version is the operation's."""
    name, _, architecture = operation.package.partition(":")
    place = (b"\n" + content).find(b"\nPackage: " + name.encode() + b"\n")
    while place >= 0:
        stanza = content[place : max(content.find(b"\n\n", place), 0) or None] + b"\n"
        fields = stanza.decode("utf-8", "replace").split("\n")
        is_other = architecture and f"Architecture: {architecture}" not in fields
        if f"Version: {operation.version}" in fields and not is_other:
            return stanza[max(stanza.find(b"\nConffiles:"), 0) :]
        place = content.find(b"\nPackage: " + name.encode() + b"\n", place)
        place += place >= 0
    return b""


def _stamp(path: str) -> str:
    try:
        status = os.stat(path)
    except OSError:
        return ""
    return f"{status.st_mtime_ns} {status.st_size} {status.st_ino}"


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_FILE_BYTES)
    except OSError:
        return b""


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:
        return []
