"""Events that belong together: one path's, or those of all paths that a file was moved between."""

import os
import re
from array import array
from collections.abc import Collection
from dataclasses import dataclass, field

from fim.agent.changes.events import ARRIVALS, DELETED, MOVED, MOVED_IN, WRITTEN, FsEvent

# The raw events that a log can carry; `count` says how many there were.
MAX_EVENTS = 32
# Names that editors give to what they keep for the time of a save: vim, emacs, sed, GNOME, rsync.
TEMPORARY = re.compile(
    r"(?s)4913|5036|.*~|.*\.tmp|\.#.*|#.*#|sed\w{6}|\..*\.sw[a-z]x?|\.goutputstream-.*|\..*\.\w{6}"
    r"|.+\.dpkg-(?:new|tmp)"
)
# What dpkg unpacks beside a file, and the old one that it keeps until the new one stands.
DPKG_SUFFIXES = (".dpkg-new", ".dpkg-tmp")


@dataclass(slots=True)
class Group:
    """A candidate for a change. Its first and last moments are kept twice: Unix and monotonic.

    `numbers` are those of its events in the journal.
    """

    paths: list[str]
    first_at: float
    last_at: float
    due_from: float = 0.0
    started: float = 0.0
    count: int = 0
    events: list[FsEvent] = field(default_factory=list)
    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    is_written: bool = False
    is_moved: bool = False
    is_scan: bool = False
    is_held: bool = False
    reason: str = ""
    tries: int = 0

    def add(self, event: FsEvent, number: int) -> None:
        if len(self.events) < MAX_EVENTS:
            self.events.append(event)
        self.numbers.append(number)
        self.count += 1
        self.last_at = event.at
        self.is_written |= event.what == WRITTEN or event.what in ARRIVALS
        self.is_moved |= event.what == MOVED

    def merge(self, other: "Group") -> None:
        """Make the other group's events this one's, in the order in which they came."""
        self.paths += [path for path in other.paths if path not in self.paths]
        self.events = sorted(self.events + other.events, key=lambda event: event.at)[:MAX_EVENTS]
        self.numbers += other.numbers
        self.count += other.count
        self.first_at = min(self.first_at, other.first_at)
        self.last_at = max(self.last_at, other.last_at)
        self.started = min(self.started, other.started)
        self.is_written |= other.is_written
        self.is_moved |= other.is_moved

    def rename(self, old: str, new: str) -> None:
        """Follow a directory that was renamed."""
        stem = old + os.sep
        self.paths = [
            new + path[len(old) :] if path == old or path.startswith(stem) else path
            for path in self.paths
        ]

    @property
    def is_brief(self) -> bool:
        """Return whether one file came and went."""
        return (
            len(self.paths) == 1
            and bool(self.events)
            and self.events[0].what in ARRIVALS
            and self.events[-1].what == DELETED
        )

    @property
    def is_save(self) -> bool:
        """Return whether a file that is no editor's own was written or moved into its place."""
        is_change = self.is_moved or any(event.what in (WRITTEN, MOVED_IN) for event in self.events)
        is_own = all(is_temporary(path) for path in self.paths)
        return is_change and not is_own and not self.is_brief


def is_temporary(path: str) -> bool:
    return TEMPORARY.fullmatch(os.path.basename(path)) is not None


def belongs_to(path: str, saved: Collection[str]) -> bool:
    """Return whether a temporary file may belong to a save; dpkg's do if their name says so."""
    for suffix in DPKG_SUFFIXES:
        if path.endswith(suffix):
            return path.removesuffix(suffix) in saved
    return True


def scan_candidate(paths: list[str], *, at: float, reason: str) -> Group:
    """Make the candidate that a scan found."""
    return Group(paths, at, at, is_scan=True, is_moved=len(paths) > 1, reason=reason)
