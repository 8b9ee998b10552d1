"""File changes as inotify tells them, joined while a file is still being written."""

import itertools
import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from watchdog import events

ACTIONS = {
    events.EVENT_TYPE_CREATED: "created",
    events.EVENT_TYPE_MODIFIED: "modified",
    events.EVENT_TYPE_CLOSED: "closed",
    events.EVENT_TYPE_DELETED: "deleted",
    events.EVENT_TYPE_MOVED: "moved",
    events.EVENT_TYPE_ATTRIB: "attributes",
}
# Which earlier change of the same path takes a later one in.
JOINED_INTO = {
    "created": {"created"},
    "modified": {"created", "modified"},
    "closed": {"created", "modified"},
    "attributes": {"created", "attributes"},
}
# After one of these, the path means another file.
ENDINGS = {"deleted", "moved"}
# A file that is written without a pause is reported at least this often.
MOST_SETTLE_TIMES = 10


@dataclass(slots=True)
class Change:
    """One change of one path. Paths are as `os.fsdecode` gives them.

    `place` is where the file can be read now: its path, the path that it was moved to since, or
    None once it is gone.
    """

    action: str
    path: str
    happened_at: float
    path_from: str = ""
    is_directory: bool = False
    place: str | None = field(init=False)
    number: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.place = None if self.action == "deleted" else self.path


def change_of(event: events.FileSystemEvent, happened_at: float) -> Change | None:
    """Give the change that a watchdog event speaks of; None where it is not one.

    A directory's "modified" only says that one of its entries changed, which has its own event.
    """
    action = ACTIONS.get(event.event_type)
    if action is None or (event.is_directory and action in {"modified", "closed"}):
        return None
    is_move = action == "moved"
    return Change(
        action=action,
        path=os.fsdecode(event.dest_path if is_move else event.src_path),
        happened_at=happened_at,
        path_from=os.fsdecode(event.src_path) if is_move else "",
        is_directory=event.is_directory,
    )


@dataclass(slots=True)
class _Waiting:
    first_at: float
    last_at: float
    changes: list[Change] = field(default_factory=list)


class ChangeJoiner:
    """Hold changes until their path has been quiet for `settle_seconds`, and join them meanwhile.

    A close after writing belongs to the write before it; alone it is no change, because inotify
    tells it of files that were opened and left as they were, too. Every `now` is a monotonic time.
    """

    def __init__(self, *, settle_seconds: float) -> None:
        self._settle_seconds = settle_seconds
        self._waiting: dict[str, _Waiting] = {}
        self._numbers = itertools.count(1)

    def add(self, change: Change, *, now: float) -> None:
        waiting = self._waiting.get(change.path)
        if waiting and _is_joined(change, waiting.changes):
            waiting.last_at = now
        elif change.action != "closed":
            self._append(change, now)

    def take_settled(self, *, now: float) -> list[Change]:
        """Take the changes of the quiet paths, in the order in which they came."""
        longest = MOST_SETTLE_TIMES * self._settle_seconds
        settled = [
            path
            for path, waiting in self._waiting.items()
            if now - waiting.last_at >= self._settle_seconds or now - waiting.first_at >= longest
        ]
        return self._take(settled)

    def take_all(self) -> list[Change]:
        return self._take(list(self._waiting))

    def _append(self, change: Change, now: float) -> None:
        change.number = next(self._numbers)
        waiting = self._waiting.setdefault(change.path, _Waiting(first_at=now, last_at=now))
        if change.action in ENDINGS:
            _leave(change.path, waiting.changes)
        if change.action == "moved":
            self._move(change, waiting)
        waiting.changes.append(change)
        waiting.last_at = now

    def _move(self, change: Change, target: _Waiting) -> None:
        """Let what waits for the old path wait with the new one, where the file can be read."""
        source = self._waiting.pop(change.path_from, None)
        if source is None:
            return
        for earlier in source.changes:
            if earlier.place == change.path_from:
                earlier.place = change.path
        target.changes += source.changes
        target.first_at = min(target.first_at, source.first_at)

    def _take(self, paths: Iterable[str]) -> list[Change]:
        changes = [change for path in paths for change in self._waiting.pop(path).changes]
        return sorted(changes, key=lambda change: change.number)


def _is_joined(change: Change, waiting: list[Change]) -> bool:
    takers = JOINED_INTO.get(change.action, set())
    for earlier in reversed(waiting):
        if earlier.action in ENDINGS:
            return False
        if earlier.action in takers:
            return True
    return False


def _leave(path: str, waiting: list[Change]) -> None:
    for earlier in waiting:
        if earlier.place == path:
            earlier.place = None
