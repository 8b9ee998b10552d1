"""Sysmon's file events, as winlogbeat, NXLog and Wazuh deliver them.

11 a file was created or overwritten, 2 its time of creation was changed, 23 and 26 it was deleted
(learn.microsoft.com/sysinternals/downloads/sysmon). All other events are ignored.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from fim.record.categories import read_wazuh_level
from fim.record.fields import InvalidRecord
from fim.record.parsed import (
    IGNORED,
    Parsed,
    ParsedLog,
    as_number,
    as_sha256,
    as_text,
    compact,
    dig,
    event_id_of,
    first_text,
)
from fim.record.timestamps import as_moment

NAME = "sysmon"
TITLE = "Sysmon's file events (winlogbeat, NXLog, Wazuh)"

PROVIDER = "Microsoft-Windows-Sysmon"
CHANNEL = "Microsoft-Windows-Sysmon/Operational"
FLAT_DATA = "winlog.event_data."
ACTIONS = {"2": "attributes", "11": "created", "23": "deleted", "26": "deleted"}
TECHNIQUE = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")
NOTHING = ("", "-", "<unknown process>")


@dataclass(slots=True)
class _Event:
    """One event, wherever its envelope puts things; `data` has Sysmon's own names in lower case."""

    id: str
    host: str
    record_id: object
    data: dict[str, Any]
    log: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        text = as_text(self.data.get(name))
        return "" if text in NOTHING else text


def recognises(record: object) -> bool:
    return isinstance(record, dict) and _envelope_of(record) is not None


def parse(record: object) -> Parsed:
    read = _envelope_of(record) if isinstance(record, dict) else None
    if read is None or not isinstance(record, dict):
        raise InvalidRecord({"non_field_errors": ["Is no event of Sysmon."]})
    event = read(record)
    if event.id not in ACTIONS:
        return IGNORED
    if not event.text("targetfilename"):
        raise InvalidRecord({"TargetFilename": ["This field is required."]})
    return Parsed([ParsedLog(_log_fields(event))])


def _envelope_of(record: dict[str, Any]) -> Any:
    """Return what reads the record: by the program that delivers it; None if it is no Sysmon."""
    if "winlog" in record or "winlog.event_id" in record or "winlog.event_data" in record:
        return _read_winlogbeat if _is_winlogbeat(record) else None
    if "EventID" in record:
        return _read_flat if _is_flat(record) else None
    return _read_wazuh if _is_wazuh(record) else None


def _is_winlogbeat(record: dict[str, Any]) -> bool:
    return (
        dig(record, "winlog.provider_name") == PROVIDER
        or dig(record, "winlog.channel") == CHANNEL
        or dig(record, "event.module") == "sysmon"
    )


def _is_flat(record: dict[str, Any]) -> bool:
    if PROVIDER in (record.get("SourceName"), record.get("ProviderName")):
        return True
    # A record cut down to its data still has the names that Sysmon alone uses together.
    is_data = "UtcTime" in record and "TargetFilename" in record and "ProcessGuid" in record
    return is_data or record.get("Channel") == CHANNEL


def _is_wazuh(record: dict[str, Any]) -> bool:
    """Alerts on other events of Sysmon are Wazuh's own: they have its level, and no file."""
    system = _wazuh_part(record, "system")
    return system.get("providerName") == PROVIDER and as_text(system.get("eventID")) in ACTIONS


def _wazuh_part(record: dict[str, Any], name: str) -> dict[str, Any]:
    record = record["_source"] if isinstance(record.get("_source"), dict) else record
    for place in ("data.win", "win"):
        part = dig(record, f"{place}.{name}")
        if isinstance(part, dict):
            return part
    return {}


def _read_winlogbeat(record: dict[str, Any]) -> _Event:
    """Read what winlogbeat sends, and what Elastic's ingest pipeline for Sysmon makes of it."""
    data = _lowered(dig(record, "winlog.event_data")) or _flat_data(record)
    for name, place in (
        ("targetfilename", "file.path"),
        ("image", "process.executable"),
        ("processid", "process.pid"),
        ("processguid", "process.entity_id"),
        ("message", "message"),
    ):
        data.setdefault(name, first_text(record, place))
    user, domain = first_text(record, "user.name"), first_text(record, "user.domain")
    data.setdefault("user", f"{domain}\\{user}" if domain and user else user)
    return _Event(
        id=first_text(record, "winlog.event_id", "event.code"),
        host=first_text(record, "winlog.computer_name", "host.name", "host.hostname"),
        record_id=dig(record, "winlog.record_id"),
        data=data,
        attributes={"hashes": _ecs_hashes(dig(record, "file.hash"))},
    )


def _flat_data(record: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removeprefix(FLAT_DATA).lower(): value
        for name, value in record.items()
        if name.startswith(FLAT_DATA)
    }


def _ecs_hashes(hashes: object) -> dict[str, str]:
    found = hashes.items() if isinstance(hashes, dict) else ()
    return {name: value.lower() for name, value in found if isinstance(value, str)}


def _read_flat(record: dict[str, Any]) -> _Event:
    return _Event(
        id=as_text(record.get("EventID")),
        host=first_text(record, "Hostname", "Computer", "ComputerName", "host"),
        record_id=record.get("RecordNumber", record.get("EventRecordID")),
        data=_lowered(record),
    )


def _read_wazuh(record: dict[str, Any]) -> _Event:
    """Read Wazuh's alert; its manager doubles each backslash of the event."""
    system = _wazuh_part(record, "system")
    record = record["_source"] if isinstance(record.get("_source"), dict) else record
    data = {
        name: value.replace("\\\\", "\\") if isinstance(value, str) else value
        for name, value in _lowered(_wazuh_part(record, "eventdata")).items()
    }
    level = first_text(record, "rule.level")
    return _Event(
        id=as_text(system.get("eventID")),
        host=as_text(system.get("computer")) or first_text(record, "agent.name"),
        record_id=system.get("eventRecordID"),
        data=data,
        log={
            "rule": first_text(record, "rule.description"),
            "severity": level,
            "category": _category_of(level),
        },
        attributes={
            "rule_id": first_text(record, "rule.id"),
            "rule_level": as_number(level),
            "mitre": _texts(dig(record, "rule.mitre.id")),
            "agent_id": first_text(record, "agent.id"),
            "agent_ip": first_text(record, "agent.ip"),
        },
    )


def _category_of(level: str) -> str:
    steps = read_wazuh_level(level)
    return steps[0] if steps else ""


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _lowered(data: object) -> dict[str, Any]:
    """Sysmon's names differ in their first letter: TargetFilename, targetFilename."""
    return {name.lower(): value for name, value in data.items()} if isinstance(data, dict) else {}


def _log_fields(event: _Event) -> dict[str, Any]:
    hashes = event.attributes.pop("hashes", {}) | _hashes(event.text("hashes"))
    sha256 = as_sha256(hashes.pop("sha256", ""))
    image = event.text("image")
    timestamp, timestamp_sent = _utc(event.text("utctime"))
    attributes = _attributes(event) | {"timestamp_sent": timestamp_sent, "hashes": hashes}
    rule = event.text("rulename")
    return compact(
        {
            "event_id": _event_id(event),
            "timestamp": timestamp,
            "host": event.host,
            "category": event.log.get("category"),
            "severity": event.log.get("severity"),
            "action": ACTIONS[event.id],
            "path": event.text("targetfilename"),
            "user": event.text("user"),
            "process": image.rpartition("\\")[2],
            "executable": image if "\\" in image else "",
            "sha256": sha256,
            "rule": event.log.get("rule") or rule,
            "full_log": event.text("message"),
            "source": NAME,
            "seq": as_number(event.record_id),
            "attributes": compact(attributes),
        }
    )


def _event_id(event: _Event) -> str:
    """Records are numbered per computer, from 1 again once its log was cleared: so with the time.

    The same event has the same id whoever delivers it.
    """
    data = event.data
    parts = [event.host.lower(), event.id, as_text(event.record_id), as_text(data.get("utctime"))]
    if not parts[2] or not parts[3]:
        parts.append(as_text(data.get("processguid")))
        parts.append(as_text(data.get("targetfilename")))
    return event_id_of(NAME, parts)


def _attributes(event: _Event) -> dict[str, Any]:
    created, created_before = event.text("creationutctime"), event.text("previouscreationutctime")
    return {
        **event.attributes,
        "mitre": event.attributes.get("mitre") or TECHNIQUE.findall(event.text("rulename")),
        "pid": as_number(event.data.get("processid")),
        "process_guid": event.text("processguid"),
        "creation_time": _utc(created)[0],
        "creation_time_before": _utc(created_before)[0],
        "changed": ["creation_time"] if created_before else [],
        "is_archived": event.text("archived").lower() == "true" or None,
        "is_executable": event.text("isexecutable").lower() == "true" or None,
    }


def _utc(text: str) -> tuple[str, str]:
    """Return the moment with its zone, which Sysmon leaves out, and what is no moment."""
    moment = as_moment(f"{text}+00:00") or as_moment(text)
    return moment, "" if moment else text[:64]


def _hashes(text: str) -> dict[str, str]:
    """Read "SHA1=..,MD5=..": the algorithms that Sysmon's configuration names."""
    pairs = (pair.partition("=") for pair in text.split(","))
    return {name.strip().lower(): value.lower() for name, mark, value in pairs if mark and value}
