"""From a group of events to its changes: what is there now against the baseline."""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from fim.agent.changes.difference import Difference, action_of
from fim.agent.changes.events import ARRIVALS, DEPARTURES, WRITTEN
from fim.agent.changes.facts import UNREADABLE, ContentSource, Facts, read_facts
from fim.agent.changes.groups import Group
from fim.agent.state import baseline

BACKUP = "~"
# How often a group is put back whose path is missing, to wait for the event that says why.
MAX_TRIES = 3


class Deferred(Exception):
    """A path is missing, and the event that says where it went is still to come."""


@dataclass(slots=True)
class Examination:
    """The changes, and the baseline's rows to write: None removes one."""

    differences: list[Difference] = field(default_factory=list)
    rows: dict[str, Facts | None] = field(default_factory=dict)
    read_bytes: int = 0


def examine(
    connection: sqlite3.Connection,
    group: Group,
    *,
    is_expected: Callable[[str], bool] = lambda path: False,
    is_learning: bool = False,
    content_source: ContentSource | None = None,
) -> Examination:
    """Compare the group's paths with the baseline; read their content where it may be new.

    Raises Deferred, and what `content_source` raises for content that is still to be read. While
    the baseline is still being made (`is_learning`), a row may be younger than the change, so
    events count where rows show no difference.
    """
    before = {path: baseline.get(connection, path) for path in group.paths}
    known = () if group.is_written else tuple(row for row in before.values() if row)
    after = {path: _facts_now(path, before[path], known, content_source) for path in group.paths}
    if group.tries < MAX_TRIES:
        _check_lost(group, before, after, is_expected)
    found = Examination(read_bytes=_read_bytes(after, known))
    sources = _sources(group, before, after)
    moved = _in_order(sources)
    for path in [*moved, *(path for path in group.paths if path not in moved)]:
        _compare(path, group, before, after, sources, found)
    if len(found.differences) > 1:
        found.differences = [_with_own_events(each, group) for each in found.differences]
    if not found.differences:
        _add_changes_of_events(group, before, after, found, is_learning)
    return found


def _facts_now(
    path: str, row: Facts | None, known: tuple[Facts, ...], content_source: ContentSource | None
) -> Facts | None:
    facts = read_facts(path, known=known, content_source=content_source)
    if facts.is_there:
        return facts
    # Without the right to search the directory nothing new is known.
    return row if facts.unread == UNREADABLE else None


def _check_lost(
    group: Group,
    before: dict[str, Facts | None],
    after: dict[str, Facts | None],
    is_expected: Callable[[str], bool],
) -> None:
    """Raise Deferred for a path that is missing without an event: a directory is being moved."""
    has_come = not ARRIVALS.isdisjoint(event.what for event in group.events)
    has_gone = bool(group.events) and group.events[-1].what in DEPARTURES
    for path, facts in after.items():
        if facts is not None:
            continue
        directory = os.path.dirname(path)
        is_directory_lost = is_expected(directory) and not os.path.lexists(directory)
        if before[path] is not None and (is_directory_lost or is_expected(path)):
            raise Deferred
        if before[path] is None and has_come and not has_gone and not group.is_moved:
            raise Deferred


def _sources(
    group: Group, before: dict[str, Facts | None], after: dict[str, Facts | None]
) -> dict[str, str]:
    """Return where a file was before, for each path that a file was moved to."""
    if not group.is_moved:
        return {}
    left = {
        (row.device, row.inode): path
        for path, row in before.items()
        if row and not _is_same_file(row, after[path])
    }
    sources: dict[str, str] = {}
    for path, facts in after.items():
        source = left.get((facts.device, facts.inode), "") if facts else ""
        row = before.get(source)
        if not facts or not row or _is_same_file(facts, before[path]):
            continue
        if not _is_backup(source, path, after):
            sources[path] = source
    return sources


def _in_order(sources: dict[str, str]) -> list[str]:
    """Order the moves so that a file is moved away from a path before another is moved to it.

    Where files were exchanged in a ring there is no such order: the last move is left out, and what
    is at its path now counts as created.
    """
    ordered: list[str] = []
    takers = {source: path for path, source in sources.items()}
    for start in list(sources):
        chain: list[str] = []
        path: str | None = start
        while path is not None and path not in ordered and path not in chain:
            chain.append(path)
            path = takers.get(path)
        if path is not None and path == start and path in chain:
            del sources[chain.pop()]
        ordered += reversed(chain)
    return ordered


def _is_same_file(one: Facts, other: Facts | None) -> bool:
    return other is not None and (one.device, one.inode) == (other.device, other.inode)


def _is_backup(source: str, path: str, after: dict[str, Facts | None]) -> bool:
    """Return whether an editor set the old file aside and made a new one in its place."""
    return path == source + BACKUP and after[source] is not None


def _compare(
    path: str,
    group: Group,
    before: dict[str, Facts | None],
    after: dict[str, Facts | None],
    sources: dict[str, str],
    found: Examination,
) -> None:
    row, facts = before[path], after[path]
    if facts != row:
        found.rows[path] = facts
    if path in sources:
        source = sources[path]
        difference = _difference("moved", path, group, before[source], facts)
        found.differences.append(replace(difference, path_from=source, replaced=row))
        return
    if path in sources.values():
        if facts is None:
            return
        # Its file lives on elsewhere, so this is another one.
        row = None
    if action := action_of(row, facts, was_written=group.is_written and not group.is_scan):
        found.differences.append(_difference(action, path, group, row, facts))


def _difference(
    action: str, path: str, group: Group, before: Facts | None, after: Facts | None
) -> Difference:
    return Difference(
        action,
        path,
        before=before,
        after=after,
        events=tuple(str(event) for event in group.events),
        count=max(group.count, 1),
        first_at=group.first_at,
        last_at=group.last_at,
        from_scan=group.is_scan,
        place=path if after else None,
    )


def _with_own_events(difference: Difference, group: Group) -> Difference:
    """Leave to a change those of the group's events that name its paths."""
    paths = {difference.path, difference.path_from or difference.path}
    events = [event for event in group.events if paths & {event.path, event.path_from}]
    if len(events) == len(group.events) or not events:
        return difference
    return replace(difference, events=tuple(str(event) for event in events), count=len(events))


def _add_changes_of_events(
    group: Group,
    before: dict[str, Facts | None],
    after: dict[str, Facts | None],
    found: Examination,
    is_learning: bool,
) -> None:
    """Add changes that events alone show: a file that came and went, or one older than its row."""
    path = group.paths[-1]
    words = [event.what for event in group.events]
    is_arrival = not ARRIVALS.isdisjoint(words)
    if before[path] is None and after[path] is None and is_arrival:
        found.differences.append(_difference("deleted", path, group, None, None))
    elif is_learning and (action := _action_of_events(words, after[path])):
        found.differences.append(_difference(action, path, group, None, after[path]))


def _action_of_events(words: list[str], facts: Facts | None) -> str:
    """Name the change by its events alone."""
    if facts is None:
        return "deleted" if words[-1] in DEPARTURES else ""
    if not ARRIVALS.isdisjoint(words):
        return "created"
    return "modified" if WRITTEN in words else "attributes"


def _read_bytes(after: dict[str, Facts | None], known: tuple[Facts, ...]) -> int:
    hashes = {row.sha256 for row in known}
    return sum(
        facts.size_bytes or 0
        for facts in after.values()
        if facts and facts.sha256 and facts.sha256 not in hashes
    )
