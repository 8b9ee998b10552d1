"""Wazuh 4.x: syscheck alerts, the events that agents send to their manager, YARA's lines."""

import re
from datetime import datetime
from typing import Any

from fim.record.categories import read_wazuh_level
from fim.record.fields import EARLIEST, LIMITS, InvalidRecord
from fim.record.parsed import (
    IGNORED,
    Parsed,
    ParsedEvent,
    ParsedLog,
    as_number,
    as_sha256,
    as_text,
    compact,
    event_id_of,
)
from fim.record.timestamps import moment_of_epoch

NAME = "wazuh"
TITLE = "Wazuh alerts"

# Where the alert stands in a dashboard's hit, and in what the shuffle integration posts
# (integrations/shuffle.py).
WRAPPERS = ("_source", "all_fields")
ACTIONS = {"added": "created", "modified": "modified", "deleted": "deleted"}
# Names in `changed_attributes` that say that the content changed.
CONTENT = frozenset({"size", "md5", "sha1", "sha256"})
# What an agent calls the attributes of a file, and what an alert calls them before `_after`.
AGENT_NAMES = {
    "hash_md5": "md5",
    "hash_sha1": "sha1",
    "hash_sha256": "sha256",
    "user_name": "uname",
    "group_name": "gname",
}
SYSMON = "Microsoft-Windows-Sysmon"
SYSMON_FILE_EVENTS = frozenset({"2", "11", "23", "26"})
# Lines of the active response in Wazuh's guide "Detecting malware using YARA integration".
YARA_MARK = "wazuh-yara: "
YARA_MATCH = re.compile(r"wazuh-yara: \S+ - Scan result: (\S+) (\S.*)")


def recognises(record: object) -> bool:
    if isinstance(record, str):
        return YARA_MARK in record
    alert = _unwrap(record)
    if isinstance(alert.get("syscheck"), dict):
        return True
    if _is_agent_event(alert):
        return True
    rule = alert.get("rule")
    return (
        isinstance(rule, dict)
        and "level" in rule
        and ("agent" in alert or "manager" in alert or "decoder" in alert)
        and not _is_sysmon_file_event(alert)
    )


def parse(record: object) -> Parsed:
    if isinstance(record, str):
        return _parse_yara_line(record)
    alert = _unwrap(record)
    if _is_agent_event(alert):
        return Parsed([ParsedLog(_fields_of_agent_event(alert["data"]))])
    if "syscheck" not in alert:
        return _parse_other_alert(alert)
    if not isinstance(alert["syscheck"], dict):
        raise InvalidRecord({"syscheck": ["Takes a JSON object."]})
    return Parsed([ParsedLog(_fields_of_alert(alert, alert["syscheck"]))])


def _unwrap(record: object) -> dict[str, Any]:
    if not isinstance(record, dict):
        return {}
    for name in WRAPPERS:
        inner = record.get(name)
        if isinstance(inner, dict):
            return inner
    return record


def _is_agent_event(alert: dict[str, Any]) -> bool:
    data = alert.get("data")
    return (
        alert.get("type") == "event"
        and isinstance(data, dict)
        and "path" in data
        and "type" in data
        and ("attributes" in data or "mode" in data)
    )


def _is_sysmon_file_event(alert: dict[str, Any]) -> bool:
    system = _object(_object(_object(alert.get("data")).get("win")).get("system"))
    return (
        system.get("providerName") == SYSMON
        and as_text(system.get("eventID")) in SYSMON_FILE_EVENTS
    )


def _fields_of_alert(alert: dict[str, Any], syscheck: dict[str, Any]) -> dict[str, Any]:
    path, changed = as_text(syscheck.get("path")), _texts(syscheck.get("changed_attributes"))
    after, before = {}, {}
    for name, value in syscheck.items():
        if name.endswith("_after"):
            after[name[:-6]] = value
        elif name.endswith("_before"):
            before[name[:-7]] = value
    fields = _fields_of_sender(alert, path)
    fields["path"], fields["action"] = path, _action(syscheck.get("event"), changed)
    _add_change(fields, syscheck, changed, syscheck.get("diff"))
    _add_file(fields, after, before)
    if audit := _object(syscheck.get("audit")):
        _add_actor(fields, _audit_of_alert(audit))
    return _compact(fields)


def _fields_of_agent_event(data: dict[str, Any]) -> dict[str, Any]:
    """The host is that of the connection to the manager, which the event does not name."""
    path, changed = as_text(data.get("path")), _texts(data.get("changed_attributes"))
    after, before = _object(data.get("attributes")), _object(data.get("old_attributes"))
    sent, kind = data.get("timestamp"), as_text(data.get("type"))
    timestamp = moment_of_epoch(sent)
    key = (path, as_text(sent), kind, as_text(after.get("checksum")))
    fields = {
        "event_id": event_id_of(NAME, key),
        "timestamp": timestamp,
        "path": path,
        "action": _action(kind, changed),
        "source": NAME,
        "attributes": {
            "timestamp_sent": "" if timestamp else as_text(sent)[:64],
            "file_type": as_text(after.get("type")),
        },
    }
    _add_change(fields, data, changed, data.get("content_changes"))
    _add_file(fields, _renamed(after), _renamed(before))
    if audit := _object(data.get("audit")):
        _add_actor(fields, audit)
    return _compact(fields)


def _fields_of_sender(alert: dict[str, Any], path: str) -> dict[str, Any]:
    """Return what every alert says: which rule and agent, when, and how bad."""
    rule, agent = _object(alert.get("rule")), _object(alert.get("agent"))
    manager = as_text(_object(alert.get("manager")).get("name"))
    sent = as_text(alert.get("timestamp")) or as_text(alert.get("@timestamp"))
    timestamp, level = _from_iso(sent), as_text(rule.get("level"))
    alert_id, steps = as_text(alert.get("id")), read_wazuh_level(rule.get("level"))
    return {
        "event_id": event_id_of(NAME, (manager, alert_id, sent, path)),
        "timestamp": timestamp,
        "host": as_text(agent.get("name")),
        "category": steps[0] if steps else None,
        "severity": level,
        "rule": as_text(rule.get("description")),
        "full_log": as_text(alert.get("full_log")),
        "source": NAME,
        "attributes": {
            "timestamp_sent": "" if timestamp else as_text(sent)[:64],
            "rule_id": as_text(rule.get("id")),
            "rule_level": as_number(rule.get("level")),
            "mitre": _texts(_object(rule.get("mitre")).get("id")),
            "agent_id": as_text(agent.get("id")),
            "agent_ip": as_text(agent.get("ip")),
            "manager": manager,
            "alert_id": alert_id,
        },
    }


def _compact(fields: dict[str, Any]) -> dict[str, Any]:
    fields["attributes"] = compact(fields["attributes"])
    return compact(fields)


def _add_change(
    fields: dict[str, Any], change: dict[str, Any], changed: list[str], diff: object
) -> None:
    fields["attributes"] |= {
        "changed": changed,
        "diff": as_text(diff),
        "tags": _texts(change.get("tags")),
        "monitoring": as_text(change.get("mode")),
        "registry_value": as_text(change.get("value_name")),
    }


def _action(event: object, changed: list[str]) -> str:
    """Wazuh calls a change of owner or mode "modified" too; an unknown word stays as sent."""
    word = as_text(event)
    if word == "modified" and changed and CONTENT.isdisjoint(changed):
        return "attributes"
    return ACTIONS.get(word, word)


def _add_file(fields: dict[str, Any], after: dict[str, Any], before: dict[str, Any]) -> None:
    attributes = fields["attributes"]
    fields["sha256"], attributes["hashes"] = _hashes(after)
    fields["mode"], attributes["permissions"] = _permissions(after)
    fields["size_bytes"] = as_number(after.get("size"))
    fields["owner"], fields["group"] = _owner(after)
    # An agent on Windows says 0, where there are no inodes.
    attributes["inode"] = as_number(after.get("inode")) or None
    attributes["mtime"] = as_text(after.get("mtime"))
    if before:
        fields["sha256_before"], attributes["hashes_before"] = _hashes(before)
        attributes["mode_before"], attributes["permissions_before"] = _permissions(before)
        attributes["size_bytes_before"] = as_number(before.get("size"))
        attributes["owner_before"], attributes["group_before"] = _owner(before)
        attributes["inode_before"] = as_number(before.get("inode")) or None
        attributes["mtime_before"] = as_text(before.get("mtime"))


def _owner(state: dict[str, Any]) -> tuple[str, str]:
    return (
        as_text(state.get("uname")) or as_text(state.get("uid")),
        as_text(state.get("gname")) or as_text(state.get("gid")),
    )


def _permissions(state: dict[str, Any]) -> tuple[str, object]:
    """Return a Unix mode, or what Windows allows to whom: a list, or a text of many words."""
    permissions = state.get("win_perm", state.get("perm"))
    if isinstance(permissions, list):
        return "", permissions
    text = as_text(permissions)
    return (text, None) if len(text) <= LIMITS["mode"] else ("", text)


def _hashes(state: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the SHA-256, and the others with it where it is no whole one."""
    hashes = {"md5": as_text(state.get("md5")), "sha1": as_text(state.get("sha1"))}
    sent = as_text(state.get("sha256"))
    sha256 = as_sha256(sent)
    if not sha256:
        hashes["sha256"] = sent
    return sha256, compact(hashes)


def _renamed(attributes: dict[str, Any]) -> dict[str, Any]:
    return {AGENT_NAMES.get(name, name): value for name, value in attributes.items()}


def _audit_of_alert(audit: dict[str, Any]) -> dict[str, Any]:
    """Return what an alert says of the actor in the agent's words."""
    process = _object(audit.get("process"))
    return {
        "user_name": _object(audit.get("user")).get("name"),
        "audit_name": _object(audit.get("login_user")).get("name"),
        "effective_name": _object(audit.get("effective_user")).get("name"),
        "process_name": process.get("name"),
        "process_id": process.get("id"),
        "ppid": process.get("ppid"),
        "parent_name": process.get("parent_name"),
        "cwd": process.get("cwd"),
    }


def _add_actor(fields: dict[str, Any], audit: dict[str, Any]) -> None:
    """Only whodata knows who did it; a file's owner is not the actor."""
    fields["user"] = as_text(audit.get("user_name"))
    fields |= _program(audit.get("process_name"))
    fields["attributes"] |= {
        "pid": as_number(audit.get("process_id")),
        "ppid": as_number(audit.get("ppid")),
        "parent": as_text(audit.get("parent_name")),
        "working_directory": as_text(audit.get("cwd")),
        "login_user": as_text(audit.get("audit_name")),
        "effective_user": as_text(audit.get("effective_name")),
    }


def _program(name: object) -> dict[str, str]:
    """Through audit it is a full path, through eBPF the bare name."""
    text = as_text(name)
    base = text.replace("\\", "/").rpartition("/")[2]
    return {"process": base, "executable": text} if base != text else {"process": text}


def _parse_other_alert(alert: dict[str, Any]) -> Parsed:
    steps = read_wazuh_level(_object(alert.get("rule")).get("level"))
    if steps is None:
        return IGNORED
    data = _object(alert.get("data"))
    if path := as_text(data.get("yara_scanned_file")):
        return Parsed([ParsedLog(_fields_of_yara_alert(alert, path, data.get("yara_rule")))])
    return Parsed(events=[_event(alert, severity=steps[1])])


def _fields_of_yara_alert(alert: dict[str, Any], path: str, rule: object) -> dict[str, Any]:
    fields = _fields_of_sender(alert, path)
    action = "deleted" if "Successfully deleted" in fields["full_log"] else "modified"
    name = as_text(rule) or fields["rule"]
    malware = {"path": path, "action": action, "category": "malware", "rule": name}
    return _compact(fields | malware)


def _event(alert: dict[str, Any], *, severity: str) -> ParsedEvent:
    fields = _fields_of_sender(alert, "")
    attributes, rule = fields["attributes"], _object(alert.get("rule"))
    named = f"{fields['rule']} (rule {attributes['rule_id']}, level {fields['severity']})"
    more = fields["full_log"] or _virustotal(_object(alert.get("data")))
    groups = _texts(rule.get("groups")) or ["alert"]
    return ParsedEvent(
        source_name=fields["host"] or attributes["manager"] or NAME,
        # The last group is the narrowest: syslog, sshd, authentication_failed.
        event_type=f"{NAME}.{groups[-1]}",
        severity=severity,
        description=f"{named}\n{more}".strip(),
        event_id=fields["event_id"],
    )


def _virustotal(data: dict[str, Any]) -> str:
    """Return what VirusTotal found, and the id of the alert whose file was asked about."""
    found = _object(data.get("virustotal"))
    source = _object(found.get("source"))
    told = {
        "file": as_text(source.get("file")),
        "sha1": as_text(found.get("sha1")),
        "alert": as_text(source.get("alert_id")),
        "positives": as_text(found.get("positives")),
        "total": as_text(found.get("total")),
        "permalink": as_text(found.get("permalink")),
    }
    return "\n".join(f"{name}: {text}" for name, text in compact(told).items())


def _parse_yara_line(line: str) -> Parsed:
    """A match says which rule and file, and neither when nor on which host.

    The active response runs where a file was added or modified, so the file was written.
    """
    match = YARA_MATCH.search(line)
    if match is None:
        return IGNORED
    fields = {
        "event_id": event_id_of(NAME, [line.strip()]),
        "path": match[2].rstrip(),
        "action": "modified",
        "category": "malware",
        "rule": match[1],
        "full_log": line.strip(),
        "source": NAME,
    }
    return Parsed([ParsedLog(fields, is_timeless=True)])


def _from_iso(text: str) -> str | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.isoformat() if moment.tzinfo and moment >= EARLIEST else None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> list[str]:
    """Return the texts of a list; one text alone is a list of it."""
    items = value if isinstance(value, list) else [value]
    return [text for item in items if (text := as_text(item))]
