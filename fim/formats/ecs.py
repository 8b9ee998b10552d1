"""Plain ECS file events, as Vector, Fluent Bit, Filebeat and Winlogbeat send them."""

from typing import Any

from fim.formats.auditbeat import is_auditbeat
from fim.formats.ecs_fields import (
    document_of,
    file_attributes,
    file_fields,
    happened_at,
    host_of,
    identify,
    judge_risk,
    one_log,
    part,
    process_attributes,
    process_fields,
    user_attributes,
    whole_number,
    words,
)
from fim.formats.elastic_defend import is_elastic_defend
from fim.record.fields import InvalidRecord
from fim.record.parsed import IGNORED, Parsed, as_text, dig, first_text

NAME = "ecs"
TITLE = "ECS file events"

SYSMON = "Microsoft-Windows-Sysmon"
NO_CHANGE = "none"

# `event.action` is free text in ECS; these are words of Elastic's own agents, and of Auditbeat's
# module auditd (go-libaudit's normalizations).
ACTIONS = {
    "created": "created",
    "creation": "created",
    "create": "created",
    "added": "created",
    "modified": "modified",
    "modification": "modified",
    "modify": "modified",
    "updated": "modified",
    "overwrite": "modified",
    "written": "modified",
    "write": "modified",
    "changed": "modified",
    "deleted": "deleted",
    "deletion": "deleted",
    "delete": "deleted",
    "removed": "deleted",
    "renamed": "moved",
    "rename": "moved",
    "moved": "moved",
    "attributes_modified": "attributes",
    "chmod": "attributes",
    "chown": "attributes",
    "changed-file-permissions-of": "attributes",
    "changed-file-ownership-of": "attributes",
    "initial_scan": NO_CHANGE,
    "access": NO_CHANGE,
    "accessed": NO_CHANGE,
    "open": NO_CHANGE,
    "opened": NO_CHANGE,
    "read": NO_CHANGE,
}
# ECS's own values of `event.type` for the category "file", the strongest first.
TYPES = {
    "deletion": "deleted",
    "creation": "created",
    "change": "modified",
    "access": NO_CHANGE,
    "info": NO_CHANGE,
}


def recognises(record: object) -> bool:
    document = document_of(record)
    event = part(document, "event")
    return (
        "file" in words(event.get("category"))
        and isinstance(part(document, "file").get("path"), str)
        and not _is_sysmon(document, event)
        and "syscheck" not in document
        and not is_elastic_defend(document)
        and not is_auditbeat(document)
    )


def _is_sysmon(document: dict[str, Any], event: dict[str, Any]) -> bool:
    return (
        event.get("provider") == SYSMON
        or event.get("module") == "sysmon"
        or part(document, "winlog").get("provider_name") == SYSMON
    )


def parse(record: object) -> Parsed:
    document = document_of(record)
    event, file, process, user = (
        part(document, name) for name in ("event", "file", "process", "user")
    )
    action = _action_of(event)
    if action == NO_CHANGE or event.get("outcome") == "failure":
        return IGNORED
    timestamp, sent = happened_at(
        document.get("@timestamp"), event.get("created"), document.get("timestamp")
    )
    rule = part(document, "rule")
    fields = file_fields(file) | process_fields(process) | _severity_fields(event)
    fields |= {
        "event_id": _event_id(document, event),
        "timestamp": timestamp,
        "host": host_of(document),
        "action": action,
        "path_from": as_text(dig(file, "Ext.original.path")),
        "user": as_text(user.get("name")) or first_text(process, "user.name"),
        "rule": as_text(rule.get("name")),
        "source": _source_of(document, event),
        "seq": whole_number(event.get("sequence")),
    }
    attributes = file_attributes(file) | process_attributes(process) | user_attributes(user)
    attributes |= {
        "timestamp_sent": sent,
        "rule_id": as_text(rule.get("id")),
        "mitre": _mitre_of(document),
        "agent_id": as_text(part(document, "agent").get("id")),
        "container": _container_of(document),
        "tags": words(document.get("tags")),
        "message": as_text(document.get("message")),
    }
    return one_log(fields, attributes)


def _action_of(event: dict[str, Any]) -> str:
    """Return the action that `event.action` says, else the one that `event.type` allows for."""
    said = (ACTIONS.get(word.lower()) for word in words(event.get("action")))
    if action := next(filter(None, said), None):
        return action
    types = words(event.get("type"))
    for theirs, ours in TYPES.items():
        if theirs in types:
            return ours
    raise InvalidRecord({"action": ["Neither event.action nor event.type names a known change."]})


def _severity_fields(event: dict[str, Any]) -> dict[str, Any]:
    severity, risk = event.get("severity"), event.get("risk_score")
    is_malware = event.get("kind") == "alert" and "malware" in words(event.get("category"))
    return {
        "severity": as_text(severity) or as_text(risk),
        "category": "malware" if is_malware else judge_risk(risk, severity)[0],
    }


def _source_of(document: dict[str, Any], event: dict[str, Any]) -> str:
    """Return the tool that saw the change; the shipper's own name is the last resort."""
    tool = first_text(event, "module", "provider") or first_text(document.get("agent"), "type")
    return tool or NAME


def _mitre_of(document: dict[str, Any]) -> list[str]:
    threat = document.get("threat")
    return words(dig(threat, "technique.id")) + words(dig(threat, "technique.subtechnique.id"))


def _container_of(document: dict[str, Any]) -> dict[str, str]:
    container = part(document, "container")
    found = {"id": as_text(container.get("id")), "name": as_text(container.get("name"))}
    return {name: text for name, text in found.items() if text}


def _event_id(document: dict[str, Any], event: dict[str, Any]) -> str:
    if sent := as_text(event.get("id")):
        return identify(NAME, [host_of(document), sent])
    return identify(NAME, [document])
