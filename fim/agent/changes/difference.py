"""What a path is now against what the baseline says of it."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Protocol

from fim.agent.changes.facts import Facts

CONTENT = ("kind", "sha256", "size_bytes", "target")
ATTRIBUTES = ("mode", "uid", "gid", "xattrs")


@dataclass(frozen=True, slots=True)
class Difference:
    """One change that is to become one log. Paths are as `os.fsdecode` gives them.

    `before` is the baseline's row, None where it had none; for a move it is the row of
    `path_from`. `after` is what is there now, None once it is gone. `place` is where the content
    can be read now, None where there is none. `events` are the file-system events in their order,
    such as "created /srv/.a.tmp", and `count` is how many there were. Moments are Unix times.
    `replaced` is the row of what a move replaced.
    """

    action: str
    path: str
    path_from: str = ""
    before: Facts | None = None
    after: Facts | None = None
    events: tuple[str, ...] = ()
    count: int = 1
    first_at: float = 0.0
    last_at: float = 0.0
    from_scan: bool = False
    place: str | None = None
    replaced: Facts | None = None

    @property
    def is_directory(self) -> bool:
        facts = self.after or self.before
        return facts is not None and facts.kind == "directory"

    @property
    def changed(self) -> tuple[str, ...]:
        return changed_fields(self.before, self.after)


class Keeper(Protocol):
    """Stores something of a change in the transaction that stores its baseline row."""

    def keep(self, connection: sqlite3.Connection, difference: Difference) -> None:
        """Write in the open transaction; called again where that failed."""


class Enricher(Protocol):
    """Adds what it knows to a log."""

    def enrich(self, log: dict[str, Any], difference: Difference) -> None:
        """Change the log in place. No state of a file makes it raise; bounded in time."""


def changed_fields(before: Facts | None, after: Facts | None) -> tuple[str, ...]:
    """Name the fields that differ, "mtime_ns" where a file's time alone moved; ctime never counts.

    A hash that one side could not read is compared by size and time instead. A directory's and a
    link's times say nothing that its entries and its target do not.
    """
    if before is None or after is None:
        return ()
    changed = [
        name for name in CONTENT + ATTRIBUTES if getattr(before, name) != getattr(after, name)
    ]
    if "sha256" in changed and not (before.sha256 and after.sha256):
        changed.remove("sha256")
    if after.kind == "file" and before.mtime_ns != after.mtime_ns:
        changed.append("mtime_ns")
    return tuple(changed)


def action_of(before: Facts | None, after: Facts | None, *, was_written: bool) -> str:
    """Name the change between two states of one path; empty where there is none.

    A file that was written with the content that it had is modified, too, if its mtime changed and
    the kernel reported a write (`was_written`). Without one, a changed mtime is a change of its
    attributes.
    """
    if before is None:
        return "created" if after else ""
    if after is None:
        return "deleted"
    changed = set(changed_fields(before, after))
    is_unread = not (before.sha256 and after.sha256)
    if changed & set(CONTENT) or ("mtime_ns" in changed and (was_written or is_unread)):
        return "modified"
    return "attributes" if changed else ""
