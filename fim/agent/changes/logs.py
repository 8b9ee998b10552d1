"""The log of a difference, as a node accepts it."""

import json
import os
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from fim.agent.changes.difference import Difference
from fim.agent.changes.facts import Facts

SOURCE = "picket-agent"
# A node accepts no longer path; `\xNN` makes one of up to four times PATH_MAX.
MAX_PATH_CHARACTERS = 4096
MAX_EVENT_CHARACTERS = 1024
# A node accepts 65,536, with the names and the punctuation.
MAX_ATTRIBUTES_CHARACTERS = 60_000
BEFORE = ("kind", "size_bytes", "mode", "owner", "group", "target", "xattrs")


def log_of(difference: Difference, *, host: str, reason: str = "") -> dict[str, Any]:
    r"""Make the log; it has no `seq` yet. `reason` says why a scan was made that found it.

    What is not known is left out. Bytes of a file name that are not UTF-8 are written as `\xNN`. A
    path that is too long for a node is cut in its middle and stands whole in the attributes.
    """
    after = difference.after or Facts()
    before = difference.before or Facts()
    log: dict[str, Any] = {
        "event_id": str(uuid.uuid4()),
        "timestamp": _timestamp(_changed_at(difference)),
        "host": host,
        "action": difference.action,
        "path": _cut(visible(difference.path)),
        "path_from": _cut(visible(difference.path_from)),
        "sha256": after.sha256,
        "sha256_before": before.sha256,
        "size_bytes": after.size_bytes,
        "mode": after.mode,
        "owner": after.owner,
        "group": after.group,
        "source": SOURCE,
        "attributes": _attributes(difference, reason),
    }
    return {name: value for name, value in log.items() if value not in ("", None, {})}


def drop_large_attributes(log: dict[str, Any]) -> None:
    """Leave out the largest attributes of a log that a node would refuse; name them in it."""
    attributes = log.get("attributes", {})
    sizes = {name: len(json.dumps(value)) for name, value in attributes.items()}
    left_out: list[str] = []
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if sum(sizes.values()) <= MAX_ATTRIBUTES_CHARACTERS:
            break
        del attributes[name], sizes[name]
        left_out.append(name)
    if left_out:
        attributes["left_out"] = left_out


def visible(path: str) -> str:
    r"""Return valid Unicode for a path from `os.fsdecode`: bytes that are not UTF-8 as `\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _cut(path: str, most: int = MAX_PATH_CHARACTERS) -> str:
    if len(path) <= most:
        return path
    kept = most // 2 - 2
    return f"{path[:kept]}...{path[-kept:]}"


def _attributes(difference: Difference, reason: str) -> dict[str, Any]:
    after = difference.after or Facts()
    facts = difference.after or difference.before or Facts()
    path, path_from = visible(difference.path), visible(difference.path_from)
    events = [_cut(visible(event), MAX_EVENT_CHARACTERS) for event in difference.events]
    attributes: dict[str, Any] = {
        "kind": "" if facts.kind == "file" else facts.kind,
        "target": visible(after.target),
        "unread": after.unread,
        "whole_path": path if path != _cut(path) else "",
        "whole_path_from": path_from if path_from != _cut(path_from) else "",
        "changed": list(difference.changed),
        "before": _before(difference),
        "replaced": _replaced(difference.replaced),
        "steps": events if len(events) > 1 else [],
        "count": difference.count if difference.count > 1 else 0,
        "found_by": f"scan: {reason}" if difference.from_scan else "",
    }
    return {name: value for name, value in attributes.items() if value}


def _before(difference: Difference) -> dict[str, Any]:
    """Return the baseline's values that changed; all of them where the file is gone."""
    before, after = difference.before, difference.after or Facts()
    if before is None:
        return {}
    values = {
        name: getattr(before, name)
        for name in BEFORE
        if getattr(before, name) != getattr(after, name)
    }
    return {
        name: visible(value) if name == "target" else value
        for name, value in values.items()
        if value not in ("", None)
    }


def _replaced(facts: Facts | None) -> dict[str, Any]:
    if facts is None:
        return {}
    replaced = {"sha256": facts.sha256, "size_bytes": facts.size_bytes, "kind": facts.kind}
    return {name: value for name, value in replaced.items() if value not in ("", None)}


def _changed_at(difference: Difference) -> float:
    """Return the Unix time of the change; of a file that a scan found, its ctime."""
    if difference.from_scan and difference.after:
        return min(difference.after.ctime_ns / 1e9, time.time())
    return difference.last_at


def _timestamp(moment: float) -> str:
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")
