"""Reads what auditd has written since it was last asked, into a history."""

import os
import time
from typing import BinaryIO

from fim.agent.kernel.audit import AuditParser
from fim.agent.kernel.writer_history import Writer, WriterHistory

# Of more than this only the end is read, and who wrote what before stays unknown.
MAX_BYTES = 4 * 1024 * 1024


class AuditReader:
    """Follows auditd's log through its rotation. Raises OSError where it cannot be read."""

    def __init__(self, path: str, key: str, history: WriterHistory) -> None:
        self._path = path
        self._parser = AuditParser(key)
        self._history = history
        self._rest = b""
        self._file = open(path, "rb")  # noqa: SIM115
        self._file.seek(0, os.SEEK_END)

    def catch_up(self) -> None:
        """Read all that was written since; costs one stat where nothing was."""
        try:
            self._read_new(self._file)
            self._follow()
        except OSError:
            # Between its rotation and its first record the log may be missing for a moment.
            self._history.add_gap(0.0, time.time())

    def _follow(self) -> None:
        status, mine = os.stat(self._path), os.fstat(self._file.fileno())
        if (status.st_dev, status.st_ino) != (mine.st_dev, mine.st_ino):
            fresh = open(self._path, "rb")  # noqa: SIM115
            self._file.close()
            self._file = fresh
            self._read_new(self._file)
        elif status.st_size < self._file.tell():
            self._file.seek(0)
            self._read_new(self._file)

    def stop(self) -> None:
        self._file.close()

    def _read_new(self, file: BinaryIO) -> None:
        waiting = os.fstat(file.fileno()).st_size - file.tell()
        if waiting > MAX_BYTES:
            file.seek(waiting - MAX_BYTES, os.SEEK_CUR)
            self._rest = b""
            # A later writer may be among the records that are skipped.
            self._history.add_gap(0.0, time.time())
        lines = (self._rest + file.read(MAX_BYTES)).split(b"\n")
        self._rest = lines.pop()
        accesses = self._parser.feed(lines)
        self._history.add(
            [
                (path, Writer(access.at, access.process))
                for access in accesses
                for path in access.paths
            ]
        )
