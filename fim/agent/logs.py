"""A change as the log that a node takes."""

import os
import uuid
from datetime import UTC, datetime
from typing import Any

from fim.agent.changes import Change
from fim.agent.facts import VANISHED, Facts, read_facts
from fim.agent.judge import has_web_shell_name

SOURCE = "picket-watch"
# A node takes no longer path; `\xNN` makes one of up to four times PATH_MAX.
MAX_PATH_CHARACTERS = 4096


def log_of(change: Change, *, host: str, seq: int) -> dict[str, Any]:
    r"""Read the file and make the log. `seq` numbers the logs of one run of the agent, from 1.

    What is not known is left out. `user` never is: inotify does not tell who made a change.
    Bytes of a file name that are not UTF-8 are written as `\xNN`. A path that is too long for a
    node is cut in its middle and stands whole in the attributes.
    """
    facts = _facts_of(change)
    is_shell = not change.is_directory and any(
        has_web_shell_name(path) for path in (change.path, change.path_from)
    )
    log: dict[str, Any] = {
        "event_id": str(uuid.uuid4()),
        "timestamp": _timestamp(change.happened_at),
        "host": host,
        "action": change.action,
        "path": _cut(visible(change.path)),
        "path_from": _cut(visible(change.path_from)),
        "category": "malware" if is_shell else "",
        "rule": "web-shell-name" if is_shell else "",
        "sha256": facts.sha256,
        "size_bytes": facts.size_bytes,
        "mode": facts.mode,
        "owner": facts.owner,
        "group": facts.group,
        "source": SOURCE,
        "seq": seq,
        "attributes": _attributes(change, facts),
    }
    return {name: value for name, value in log.items() if value not in ("", None, {})}


def visible(path: str) -> str:
    r"""Give valid Unicode for a path from `os.fsdecode`: bytes that are not UTF-8 as `\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _cut(path: str) -> str:
    if len(path) <= MAX_PATH_CHARACTERS:
        return path
    kept = MAX_PATH_CHARACTERS // 2 - 2
    return f"{path[:kept]}...{path[-kept:]}"


def _facts_of(change: Change) -> Facts:
    if change.action == "deleted":
        return Facts(kind="directory" if change.is_directory else "")
    return read_facts(change.place) if change.place else Facts(unread=VANISHED)


def _attributes(change: Change, facts: Facts) -> dict[str, str]:
    path, path_from = visible(change.path), visible(change.path_from)
    attributes = {
        "kind": "" if facts.kind == "file" else facts.kind,
        "target": visible(facts.target),
        "unread": facts.unread,
        "whole_path": path if path != _cut(path) else "",
        "whole_path_from": path_from if path_from != _cut(path_from) else "",
    }
    return {name: value for name, value in attributes.items() if value}


def _timestamp(moment: float) -> str:
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")
