"""A log that is complete and valid, ready to be stored. Pure."""

import ntpath
import posixpath
import uuid
from datetime import datetime
from typing import Any

import msgspec


class NewLog(msgspec.Struct, gc=False):
    """A log that is complete and valid; the fields are those of the contract.

    A struct of msgspec's: made, and read as a row, in a sixth of what a dataclass takes.
    """

    timestamp: datetime
    received_at: datetime
    host: str
    category: str
    action: str
    path: str
    event_id: uuid.UUID | None = None
    severity: str = ""
    path_from: str = ""
    user: str = ""
    process: str = ""
    executable: str = ""
    sha256: str = ""
    sha256_before: str = ""
    size_bytes: int | None = None
    mode: str = ""
    owner: str = ""
    group: str = ""
    rule: str = ""
    full_log: str = ""
    source: str = ""
    seq: int | None = None
    attributes: dict[str, Any] = {}  # noqa: RUF012
    # Both 0 until it is stored.
    id: int = 0
    subject_id: int = 0
    # The record as the agent sent it, packed, where its form is not Picket's own.
    raw: bytes = b""

    @property
    def file_name(self) -> str:
        return file_name_of(self.path)


def file_name_of(path: str) -> str:
    """Return the last part of a path; of a Windows path too, whose separator is a backslash."""
    is_windows = path[1:3] == ":\\" or path.startswith("\\\\")
    if is_windows:
        return ntpath.basename(path.rstrip("\\/")) or path
    return posixpath.basename(path.rstrip("/")) or path
