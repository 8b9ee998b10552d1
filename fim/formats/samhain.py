"""Samhain: lines of its log, and of the XML log of its server, yule.

    CRIT   :  [2026-01-31T23:59:59+0000] msg=<POLICY [ReadOnly] C-------TS>, path=</etc/x>, ...

Names and severities are those of Samhain's src/sh_cat.c and src/sh_error.c. A line may come with
a syslog header, or in the `message` or `log` of a log shipper's JSON.
"""

import re
from typing import Any
from xml.sax.saxutils import unescape

from fim.record.categories import SAMHAIN_SEVERITIES
from fim.record.fields import InvalidRecord
from fim.record.parsed import (
    IGNORED,
    Parsed,
    ParsedEvent,
    ParsedLog,
    as_number,
    compact,
    event_id_of,
    first_text,
)
from fim.record.timestamps import timestamps

NAME = "samhain"
TITLE = "Samhain's log lines"

SYSLOG = re.compile(
    r"(?:<[0-9]{1,3}>)?(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}T\S{8,30})"
    r" (?P<host>\S{1,255}) (?:samhain|yule)(?:\[[0-9]+\])?: *",
    re.IGNORECASE,
)
TEXT = re.compile(
    r"(?P<severity>[A-Z]{4,6}|<TCP>|<NET>|\?\?\?) {0,6}: {1,4}"
    r"\[(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][^\]\n]{8,20})\] (?P<rest>[a-z_]+=<.*)",
    re.DOTALL,
)
XML = re.compile(r'<log sev="[^"\n]{1,8}" tstamp="')
XML_FIELD = re.compile(r'\b([A-Za-z_.]{1,40})="([^"]*)"')
# Lines beside the messages: 48 digits sign the message above, or the start of a log.
SIGNATURE = re.compile(r"(?:[0-9A-F]{48}(?:\[[^\]\n]*\])?|<sig>[0-9A-F]{48}</sig>.*|\[[SE]OF\])\s*")

# C checksum, L link, D device, I inode, H hardlinks, M mode, U user, G group, T time, S size.
POLICY = re.compile(
    r"POLICY (?:\[(?P<rule>[A-Za-z0-9]+)\] *)?(?P<change>ADDED|MISSING|[CLDIHMUGTS-]{9,12})\s*"
)
ACTIONS = {"ADDED": "created", "MISSING": "deleted"}
FLAG_NAMES = {
    "C": "checksum",
    "L": "link",
    "D": "device",
    "I": "inode",
    "H": "hardlinks",
    "M": "mode",
    "U": "owner",
    "G": "group",
    "T": "time",
    "S": "size",
}
EVENT_SEVERITIES = {
    "ALERT": "HIGH",
    "ALRT": "HIGH",
    "CRIT": "HIGH",
    "ERROR": "MEDIUM",
    "ERRO": "MEDIUM",
}
# What Samhain says at its highest severity each time it starts; that it ends stays what it is.
STARTS = ("START", "LOGKEY", "Runtime configuration reloaded")
# Digits of a checksum: Samhain's own is TIGER192, DigestAlgo= may choose another.
HASH_NAMES = {48: "tiger192", 40: "sha1", 32: "md5"}
# Samhain's name of an attribute, before _old and _new, and the name that all formats share.
PAIRS = {
    "inode": "inode",
    "mtime": "mtime",
    "ctime": "ctime",
    "atime": "atime",
    "link": "target",
    "hardlinks": "link_count",
    "dev": "device",
    "attr": "file_flags",
    "acl": "acl",
    "selinux": "selinux",
}
HOSTS = ("host.name", "host.hostname", "hostname", "host")


def recognises(record: object) -> bool:
    line = record if isinstance(record, str) else _line_of(record)
    _, start = _header(line)
    if TEXT.match(line, start) or XML.match(line, start):
        return True
    return SIGNATURE.fullmatch(line, start) is not None


def parse(record: object) -> Parsed:
    line = (record if isinstance(record, str) else _line_of(record)).rstrip()
    host, start = _header(line)
    message = _read_text(line, start) or _read_xml(line, start)
    if message is None:
        if SIGNATURE.fullmatch(line, start):
            return IGNORED
        raise InvalidRecord({"non_field_errors": ["Is no line of Samhain's log."]})
    message.setdefault("remote_host", host or first_text(record, *HOSTS))
    if (policy := POLICY.fullmatch(message.get("msg", ""))) and message.get("path"):
        return Parsed([ParsedLog(_log_fields(line, start, message, policy))])
    return _event(line, start, message)


def _line_of(record: object) -> str:
    """Return the line that a log shipper put into JSON."""
    if not isinstance(record, dict):
        return ""
    for name in ("message", "log"):
        if isinstance(line := record.get(name), str):
            return line
    return ""


def _header(line: str) -> tuple[str, int]:
    """Return the host that a syslog header names, and where the message begins."""
    found = SYSLOG.match(line)
    return (found["host"], found.end()) if found else ("", 0)


def _read_text(line: str, start: int) -> dict[str, str] | None:
    found = TEXT.match(line, start)
    if found is None:
        return None
    message = {"severity": found["severity"], "time": found["time"]}
    for part in found["rest"].rstrip(" ,\n").removesuffix(">").split(">, "):
        name, mark, value = part.partition("=<")
        if mark:
            message.setdefault(name, value)
    return message


def _read_xml(line: str, start: int) -> dict[str, str] | None:
    """Read yule's line: the message of a client stands inside the server's, which names it."""
    if not XML.match(line, start):
        return None
    inner = line.rindex("<log ")
    fields = {name: _unescape(value) for name, value in XML_FIELD.findall(line, inner)}
    message = {"severity": fields.pop("sev", ""), "time": fields.pop("tstamp", "")} | fields
    if inner > start:
        outer = dict(XML_FIELD.findall(line[start:inner]))
        message["remote_host"] = _unescape(outer.get("remote_host", ""))
    return message


def _unescape(text: str) -> str:
    return unescape(text, {"&quot;": '"', "&apos;": "'"}) if "&" in text else text


def _log_fields(
    line: str, start: int, message: dict[str, str], policy: re.Match[str]
) -> dict[str, Any]:
    change = policy["change"]
    before, after = _sides(message, change)
    timestamp, timestamp_sent = timestamps(message["time"])
    severity = message["severity"]
    flags = "" if change in ACTIONS else change
    attributes = {
        "changed": [FLAG_NAMES[flag] for flag in flags if flag in FLAG_NAMES],
        "flags": flags,
        "timestamp_sent": timestamp_sent,
    }
    fields = {
        "event_id": _event_id(line, start),
        "timestamp": timestamp,
        "host": message["remote_host"],
        "category": SAMHAIN_SEVERITIES.get(severity),
        "severity": severity,
        "action": ACTIONS.get(change) or _action_of(change),
        "path": message["path"],
        "rule": policy["rule"],
        "full_log": line,
        "source": NAME,
    }
    attributes |= _pairs(before, after) | {"hashes_before": before["hashes"]}
    attributes |= {"hashes": after["hashes"]}
    return compact(fields | _after(before, after) | {"attributes": compact(attributes)})


def _event_id(line: str, start: int) -> str:
    """The line makes it, without a syslog header, which names the time of another clock."""
    return event_id_of(NAME, [line[start:]])


def _action_of(flags: str) -> str:
    return "modified" if "C" in flags or "S" in flags else "attributes"


def _sides(message: dict[str, str], change: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is said of the file before and after.

    Samhain gives a file that is new a size before of 0, and one that is missing one after.
    """
    before = {} if change == "ADDED" else _side(message, "_old")
    after = {} if change == "MISSING" else _side(message, "_new")
    return {"hashes": {}} | before, {"hashes": {}} | after


def _side(message: dict[str, str], suffix: str) -> dict[str, Any]:
    side: dict[str, Any] = {
        name.removesuffix(suffix): value.strip("[]") if "time" in name else value
        for name, value in message.items()
        if name.endswith(suffix)
    }
    checksum = side.get("chksum", "")
    if checksum.strip("0") and (name := HASH_NAMES.get(len(checksum))):
        side["hashes"] = {name: checksum.lower()}
    return side


def _after(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {
        "size_bytes": as_number(after.get("size")),
        "mode": after.get("mode"),
        "owner": after.get("owner"),
        "group": after.get("group"),
        "sha256": _sha256(after),
        "sha256_before": _sha256(before),
    }


def _sha256(side: dict[str, Any]) -> str:
    checksum = side.get("chksum", "")
    return checksum if len(checksum) == 64 and checksum.strip("0") else ""


def _pairs(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    pairs: dict[str, Any] = {
        "size_bytes_before": as_number(before.get("size")),
        "mode_before": before.get("mode"),
        "owner_before": before.get("owner"),
        "group_before": before.get("group"),
    }
    for name, shared in PAIRS.items():
        pairs[shared] = _number_or_text(name, after)
        pairs[f"{shared}_before"] = _number_or_text(name, before)
    return pairs


def _number_or_text(name: str, side: dict[str, Any]) -> int | str | None:
    value = side.get(name)
    return as_number(value) if name in ("inode", "hardlinks") else value


def _event(line: str, start: int, message: dict[str, str]) -> Parsed:
    severity = EVENT_SEVERITIES.get(message["severity"])
    if severity is None:
        return IGNORED
    text = message.get("msg", "")
    words = text.partition("]")[0].removeprefix("POLICY [") if "POLICY [" in text else text
    slug = re.sub(r"[^a-z]+", "-", words.lower()[:60]).strip("-")
    return Parsed(
        events=[
            ParsedEvent(
                source_name=message["remote_host"],
                event_type=f"samhain.{slug}" if slug else "samhain",
                severity="LOW" if text.startswith(STARTS) else severity,
                description=line,
                event_id=_event_id(line, start),
            )
        ]
    )
