"""File-system events held until their paths are quiet, and gathered into groups meanwhile."""

import math
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from fim.agent.changes.events import MOVED, FsEvent
from fim.agent.changes.groups import Group, belongs_to, is_temporary
from fim.agent.watch.scope import is_below

# A file that is written without a pause is reported at least this often.
MAX_WINDOWS = 10
# Beyond so many events groups are due before their window ends, and further events wait on disk. An
# event takes about 1 KB, so a storm takes little memory.
MAX_EVENTS = 6_000


class DirectoryMove(NamedTuple):
    event: FsEvent
    numbers: Sequence[int]


class Coalescer:
    """Filled by the reader, emptied by the engine. Every `now` is a monotonic time.

    A file's moves join its paths in one group. A directory's move is in no group: it is returned
    apart, to be handled first, and each group with paths below the directory is renamed at once.
    So the baseline has been renamed as well by the time that such a group is examined.
    """

    def __init__(self, *, window_seconds: float) -> None:
        self._window_seconds = window_seconds
        self._lock = threading.Lock()
        self._waiting: OrderedDict[int, Group] = OrderedDict()
        self._by_path: dict[str, Group] = {}
        self._temporary: dict[str, set[str]] = {}
        self._moves: list[DirectoryMove] = []
        self._renames: list[tuple[str, str]] = []
        self._expected_moves: list[str] = []
        self._event_count = 0
        self._aside: dict[int, Group] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._aside) + len(self._moves)

    def __contains__(self, path: str) -> bool:
        return path in self._by_path

    def add(self, event: FsEvent, number: int, *, now: float) -> None:
        with self._lock:
            if event.is_directory_move:
                self._move_directory(event, number)
                return
            group = self._by_path.get(event.path) or self._new(event.path, event.at, now)
            if event.what == MOVED:
                group = self._bind(group, event, now)
            group.add(event, number)
            if id(group) not in self._aside:
                self._event_count += 1
                self._touch(group, now)

    def pop_due(
        self, *, now: float, max_groups: int, is_ending: bool = False
    ) -> tuple[list[DirectoryMove], list[Group]]:
        """Remove and return the directories' moves and the groups that have been quiet.

        The groups of the last `pop_due` must have been dealt with.
        """
        with self._lock:
            if is_ending:
                for group in list(self._aside.values()):
                    self._bring_back(group)
            moves, self._moves = self._moves, []
            self._renames.clear()
            groups: list[Group] = []
            while self._waiting and len(groups) < max_groups:
                group = next(iter(self._waiting.values()))
                is_due = is_ending or now >= group.due_from + self._window_seconds
                if not is_due and not self.is_full:
                    break
                if not self._hold_temporary(group, now, is_ending):
                    self._leave(group)
                    groups.append(self._with_temporary(group))
            return moves, groups

    def put_back(self, group: Group) -> None:
        """Hold a group of the last `pop_due` for one more window, at its directories' new paths."""
        with self._lock:
            self._put_back(group)
            self._touch(group, time.monotonic())

    def set_aside(self, group: Group) -> None:
        """Hold a group of the last `pop_due` until `bring_back`; events of its paths join it."""
        with self._lock:
            self._put_back(group)
            self._aside[id(group)] = self._waiting.pop(id(group))
            self._event_count -= group.count

    def bring_back(self, group: Group) -> None:
        """Make a group due at once. One that a move joined with another group stays with that."""
        with self._lock:
            self._bring_back(group)

    @property
    def has_scanned_aside(self) -> bool:
        """Return whether a group that a scan found is set aside."""
        with self._lock:
            return any(group.is_scan for group in self._aside.values())

    @property
    def is_full(self) -> bool:
        return self._event_count >= MAX_EVENTS

    @property
    def has_moves(self) -> bool:
        """Return whether a directory's move waits that the baseline does not know yet."""
        return bool(self._moves)

    def expect_move(self, old: str) -> None:
        """Note that a directory's move from `old` is about to be added.

        Its event is written to the journal first; meanwhile a scan must not take the directory for
        deleted.
        """
        with self._lock:
            self._expected_moves.append(old)

    def is_leaving(self, path: str) -> bool:
        """Return whether a directory's move is known that moves this path too."""
        with self._lock:
            left = [*self._expected_moves, *(old for old, _ in self._renames)]
            return any(is_below(path, old) for old in left)

    def next_due(self) -> float | None:
        with self._lock:
            if self._moves:
                return 0.0
            if not self._waiting:
                return None
            return next(iter(self._waiting.values())).due_from + self._window_seconds

    def _put_back(self, group: Group) -> None:
        for old, new in self._renames:
            group.rename(old, new)
        for path in list(group.paths):
            other = self._by_path.get(path)
            if other is not None and other is not group:
                self._leave(other)
                group.merge(other)
        self._enter(group)

    def _bring_back(self, group: Group) -> None:
        if self._aside.pop(id(group), None):
            self._waiting[id(group)] = group
            self._waiting.move_to_end(id(group), last=False)
            self._event_count += group.count
            group.due_from = -math.inf

    def _new(self, path: str, at: float, now: float) -> Group:
        group = Group([path], at, at, due_from=now, started=now)
        self._enter(group)
        return group

    def _enter(self, group: Group) -> None:
        self._waiting[id(group)] = group
        self._event_count += group.count
        for path in group.paths:
            self._by_path[path] = group
            if is_temporary(path):
                self._temporary.setdefault(os.path.dirname(path), set()).add(path)

    def _leave(self, group: Group) -> None:
        if self._aside.pop(id(group), None) is None:
            del self._waiting[id(group)]
            self._event_count -= group.count
        for path in group.paths:
            self._by_path.pop(path, None)
            directory = os.path.dirname(path)
            if directory in self._temporary:
                self._temporary[directory].discard(path)
                if not self._temporary[directory]:
                    del self._temporary[directory]

    def _touch(self, group: Group, now: float) -> None:
        if now - group.started < MAX_WINDOWS * self._window_seconds:
            group.due_from = now
            self._waiting.move_to_end(id(group))

    def _bind(self, target: Group, event: FsEvent, now: float) -> Group:
        source = self._by_path.get(event.path_from) or self._new(event.path_from, event.at, now)
        if source is target:
            return target
        self._leave(source)
        self._leave(target)
        source.merge(target)
        self._enter(source)
        return source

    def _move_directory(self, event: FsEvent, number: int) -> None:
        old, new = event.path_from, event.path
        if old in self._expected_moves:
            self._expected_moves.remove(old)
        self._moves.append(DirectoryMove(event, [number]))
        self._renames.append((old, new))
        stem = old + os.sep
        for path in [path for path in self._by_path if path == old or path.startswith(stem)]:
            group = self._by_path.get(path)
            if group is not None:
                self._leave(group)
                group.rename(old, new)
                self._enter(group)

    def _hold_temporary(self, group: Group, now: float, is_ending: bool) -> bool:
        """Hold an editor's temporary file one window longer for the save that it belongs to."""
        if is_ending or group.is_held or not group.is_brief or not is_temporary(group.paths[0]):
            return False
        group.is_held = True
        group.due_from = now
        self._waiting.move_to_end(id(group))
        return True

    def _with_temporary(self, group: Group) -> Group:
        """Merge the temporary files that came and went beside a save into it."""
        if not group.is_save:
            return group
        for directory in {os.path.dirname(path) for path in group.paths}:
            for path in list(self._temporary.get(directory, ())):
                other = self._by_path[path]
                if other.is_brief and belongs_to(path, group.paths):
                    self._leave(other)
                    group.merge(other)
        return group
