"""Auditbeat's module file_integrity, also as Elastic Agent's FIM integration sends it.

Source: beats, auditbeat/module/file_integrity/event.go and action.go.
"""

from typing import Any

from fim.formats.ecs_fields import (
    document_of,
    file_attributes,
    file_fields,
    happened_at,
    host_of,
    identify,
    one_log,
    other_hashes,
    part,
    process_attributes,
    process_fields,
    user_attributes,
    words,
)
from fim.record.fields import InvalidRecord
from fim.record.parsed import IGNORED, Parsed, as_sha256, as_text, first_text

NAME = "auditbeat"
TITLE = "Auditbeat and Elastic FIM"

# The strongest first: one event may hold several actions, in the order in which they happened.
ACTIONS = {
    "deleted": "deleted",
    "moved": "moved",
    "created": "created",
    "updated": "modified",
    "attributes_modified": "attributes",
}
# `initial_scan` is the baseline, `config_change` only says that other hashes are computed now.
NO_CHANGE = {"initial_scan", "config_change", "none"}
KNOWN_ACTIONS = ACTIONS.keys() | NO_CHANGE


def recognises(record: object) -> bool:
    return is_auditbeat(document_of(record))


def is_auditbeat(document: dict[str, Any]) -> bool:
    event = part(document, "event")
    if _is_file_integrity(event):
        return True
    is_file_event = "file" in words(event.get("category"))
    if is_file_event and "module" not in event and "dataset" not in event:
        # As Elastic Agent sends it, before Elasticsearch's ingest pipeline adds the module.
        actions = event.get("action")
        return isinstance(actions, list) and bool(actions) and _are_known(actions)
    # Other modules of Auditbeat: their file events are plain ECS.
    return not is_file_event and part(document, "agent").get("type") == "auditbeat"


def _is_file_integrity(event: dict[str, Any]) -> bool:
    return event.get("module") == "file_integrity" or event.get("dataset") == "fim.event"


def _are_known(actions: list[Any]) -> bool:
    return all(isinstance(action, str) and action in KNOWN_ACTIONS for action in actions)


def parse(record: object) -> Parsed:
    document = document_of(record)
    event, file, process = (part(document, name) for name in ("event", "file", "process"))
    if not _is_file_integrity(event) and "file" not in words(event.get("category")):
        return IGNORED
    actions = words(event.get("action"))
    action = _strongest(actions)
    if not action:
        if NO_CHANGE.intersection(actions):
            return IGNORED
        raise InvalidRecord({"action": ["event.action names no change of Auditbeat's."]})
    fields = file_fields(file) | process_fields(process)
    attributes = file_attributes(file) | process_attributes(process)
    _add_old_hashes(document, fields, attributes)
    timestamp, sent = happened_at(document.get("@timestamp"))
    user = process.get("user")
    fields |= {
        "event_id": _event_id(document, fields["path"], actions, attributes["inode"]),
        "timestamp": timestamp,
        "host": _host_of(document),
        "action": action,
        "user": first_text(user, "name"),
        "source": NAME,
    }
    attributes |= user_attributes(user) | {
        "timestamp_sent": sent,
        "actions": actions if len(actions) > 1 else [],
        "setuid": file.get("setuid") is True or None,
        "setgid": file.get("setgid") is True or None,
        "agent_id": as_text(part(document, "agent").get("id")),
        "tags": words(document.get("tags")),
    }
    return one_log(fields, attributes)


def _strongest(actions: list[str]) -> str:
    if actions and actions[0] == "deleted" and "created" in actions:
        # Was there before and is there now: another file took its place.
        return "modified"
    return next((ours for theirs, ours in ACTIONS.items() if theirs in actions), "")


def _host_of(document: dict[str, Any]) -> str:
    """Return the host; before 7.0 the Beat named it in `beat`, in 7.x also in `agent`."""
    return (
        host_of(document)
        or first_text(document.get("beat"), "hostname", "name")
        or first_text(document.get("agent"), "hostname")
    )


def _add_old_hashes(
    document: dict[str, Any], fields: dict[str, Any], attributes: dict[str, Any]
) -> None:
    """Before 7.0 the hashes of the file stood beside it."""
    hashes = part(document, "hash")
    if hashes and not fields["sha256"] and not attributes["hashes"]:
        fields["sha256"] = as_sha256(hashes.get("sha256"))
        attributes["hashes"] = other_hashes(hashes)


def _event_id(document: dict[str, Any], path: str, actions: list[str], inode: str) -> str:
    """The tool numbers nothing: a change is told by its host, moment, path, actions and inode."""
    timestamp = as_text(document.get("@timestamp"))
    if not timestamp:
        return identify(NAME, [document])
    host = first_text(document.get("host"), "id") or _host_of(document)
    return identify(NAME, [host, timestamp, path, actions, inode])
