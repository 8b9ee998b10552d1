"""Elastic Defend (Elastic Endpoint): file events and alerts.

Source: endpoint-package, custom_documentation/doc/endpoint (files, alerts).
"""

from typing import Any

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
)
from fim.record.parsed import IGNORED, Parsed, ParsedEvent, as_text, compact, dig, first_text

NAME = "elastic_defend"
TITLE = "Elastic Defend"

# What is in none of these (open, access, mount, load, execution) changes no file.
ACTIONS = {
    "creation": "created",
    "modification": "modified",
    "overwrite": "modified",
    "deletion": "deleted",
    "rename": "moved",
    "extended_attributes_delete": "attributes",
    "endpoint_unquarantine": "created",
}
RULE_PLACES = (
    "malware_signature.primary.signature.name",
    "malware_signature.identifier",
    "malware_classification.identifier",
)


def recognises(record: object) -> bool:
    return is_elastic_defend(document_of(record))


def is_elastic_defend(document: dict[str, Any]) -> bool:
    event = part(document, "event")
    if event.get("module") == "endpoint":
        return True
    dataset = _dataset(document, event)
    return isinstance(dataset, str) and dataset.startswith("endpoint.")


def parse(record: object) -> Parsed:
    document = document_of(record)
    event = part(document, "event")
    kind = event.get("kind")
    if kind == "alert":
        return _parse_alert(document, event)
    # A "signal" is what Kibana makes of an alert that came before: no second one.
    if kind != "signal" and _dataset(document, event) == "endpoint.events.file":
        return _parse_change(document, event, {}, {})
    return IGNORED


def _dataset(document: dict[str, Any], event: dict[str, Any]) -> object:
    return event.get("dataset") or part(document, "data_stream").get("dataset")


def _parse_alert(document: dict[str, Any], event: dict[str, Any]) -> Parsed:
    """Return a malware log where a file changed, else an event: malware that ran, a behaviour."""
    is_change = as_text(event.get("action")) in ACTIONS
    if event.get("code") != "malicious_file" or not is_change:
        return Parsed(events=[_event_of(document, event)])
    file = part(document, "file")
    extra = {
        "category": "malware",
        "severity": as_text(event.get("severity")),
        "rule": _rule_of(document, file),
    }
    return _parse_change(document, event, extra, _malware_attributes(document, file))


def _parse_change(
    document: dict[str, Any],
    event: dict[str, Any],
    extra_fields: dict[str, Any],
    extra_attributes: dict[str, Any],
) -> Parsed:
    action = ACTIONS.get(as_text(event.get("action")))
    if action is None:
        return IGNORED
    file, process, user = (part(document, name) for name in ("file", "process", "user"))
    timestamp, sent = happened_at(document.get("@timestamp"), event.get("created"))
    fields = file_fields(file) | process_fields(process)
    fields |= {
        "event_id": _event_id(document, event),
        "timestamp": timestamp,
        "host": host_of(document),
        "action": action,
        "path_from": as_text(dig(file, "Ext.original.path")),
        "user": as_text(user.get("name")),
        "source": NAME,
        "seq": whole_number(event.get("sequence")),
    }
    attributes = file_attributes(file) | process_attributes(process) | user_attributes(user)
    attributes |= {
        "timestamp_sent": sent,
        "real_user": as_text(dig(user, "Ext.real.name")),
        "effective_process": as_text(part(document, "Effective_process").get("executable")),
        "agent_id": _agent_id(document),
    }
    return one_log(fields | extra_fields, attributes | extra_attributes)


def _event_of(document: dict[str, Any], event: dict[str, Any]) -> ParsedEvent:
    file, process = part(document, "file"), part(document, "process")
    what = as_text(document.get("message")) or "Alert of Elastic Defend"
    facts = [
        _rule_of(document, file),
        as_text(event.get("action")),
        as_text(file.get("path")),
        as_text(process.get("executable")),
    ]
    return ParsedEvent(
        source_name=host_of(document),
        event_type=f"endpoint.{as_text(event.get('code')) or 'alert'}",
        severity=judge_risk(event.get("risk_score"), event.get("severity"))[1] or "HIGH",
        description="; ".join([what, *filter(None, facts)]),
        event_id=_event_id(document, event),
    )


def _rule_of(document: dict[str, Any], file: dict[str, Any]) -> str:
    named = as_text(part(document, "rule").get("name")) or first_text(file.get("Ext"), *RULE_PLACES)
    return named or as_text(document.get("message"))


def _malware_attributes(document: dict[str, Any], file: dict[str, Any]) -> dict[str, Any]:
    found = {
        "model": as_text(dig(file, "Ext.malware_classification.identifier")),
        "score": dig(file, "Ext.malware_classification.score"),
        "signature": as_text(dig(file, "Ext.malware_signature.primary.signature.name")),
        "quarantine_path": as_text(dig(file, "Ext.quarantine_path")),
    }
    found["score"] = found["score"] if isinstance(found["score"], int | float) else None
    return {"malware": compact(found), "rule_id": as_text(part(document, "rule").get("id"))}


def _agent_id(document: dict[str, Any]) -> str:
    return as_text(part(document, "agent").get("id"))


def _event_id(document: dict[str, Any], event: dict[str, Any]) -> str:
    if sent := as_text(event.get("id")):
        return identify(NAME, [_agent_id(document), sent])
    return identify(NAME, [document])
