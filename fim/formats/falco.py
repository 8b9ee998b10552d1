"""Falco: alerts of its JSON output, json_output=true; old ones name little more than the file.

A rule about a file gives a log, any other rule, and one that only reads, an event. Names of the
fields: falco.org/docs/reference/rules/supported-fields.
"""

import re
from typing import Any

from fim.record.categories import FALCO_PRIORITIES
from fim.record.fields import InvalidRecord
from fim.record.parsed import (
    Parsed,
    ParsedEvent,
    ParsedLog,
    as_number,
    as_text,
    compact,
    event_id_of,
)
from fim.record.timestamps import timestamps

NAME = "falco"
TITLE = "Falco's JSON alerts"

EVENT_SEVERITIES = {
    "emergency": "CRITICAL",
    "alert": "CRITICAL",
    "critical": "CRITICAL",
    "error": "HIGH",
    "warning": "MEDIUM",
    "notice": "LOW",
    "informational": "LOW",
    "info": "LOW",
    "debug": "LOW",
}
# System calls (evt.type) that change files, and what they do.
SYSCALLS = {
    **dict.fromkeys(("creat", "mkdir", "mkdirat", "mknod", "mknodat"), "created"),
    **dict.fromkeys(("link", "linkat", "symlink", "symlinkat"), "created"),
    **dict.fromkeys(("unlink", "unlinkat", "rmdir"), "deleted"),
    **dict.fromkeys(("rename", "renameat", "renameat2"), "moved"),
    **dict.fromkeys(("write", "writev", "pwrite", "pwritev", "pwrite64"), "modified"),
    **dict.fromkeys(("truncate", "ftruncate", "fallocate"), "modified"),
    **dict.fromkeys(("chmod", "fchmod", "fchmodat", "fchmodat2"), "attributes"),
    **dict.fromkeys(("chown", "lchown", "fchown", "fchownat"), "attributes"),
    **dict.fromkeys(("setxattr", "lsetxattr", "fsetxattr"), "attributes"),
    **dict.fromkeys(("removexattr", "lremovexattr", "fremovexattr"), "attributes"),
    **dict.fromkeys(("utime", "utimes", "utimensat", "futimesat"), "attributes"),
}
OPENS = {"open", "openat", "openat2", "open_by_handle_at"}
LINKS = {"link", "linkat", "symlink", "symlinkat"}
# Words of a rule's name, for alerts that do not name the system call; the first that fits.
WORDS = (
    (re.compile(r"\b(?:delet|remov|unlink)", re.IGNORECASE), "deleted"),
    (re.compile(r"\b(?:renam|mov(?:e|ing)\b)", re.IGNORECASE), "moved"),
    (re.compile(r"\b(?:chmod|chown|set[ug]id|permission)", re.IGNORECASE), "attributes"),
    (re.compile(r"\b(?:creat|mkdir)", re.IGNORECASE), "created"),
    (re.compile(r"\b(?:writ|modif|chang|overwrit|tamper|clear)", re.IGNORECASE), "modified"),
)
READS = re.compile(r"\bread(?:s|ing)?\b", re.IGNORECASE)
WRITES = WORDS[-1][0]
FOR_READING = re.compile(r"opened for reading|\breads? ")
# Where the path stands: Falco's normalised field (from 0.36 on) last, for it may name the link.
PATHS = ("fd.name", "evt.arg.path", "evt.arg.pathname", "evt.arg.name", "fs.path.name")
NEW_PATHS = ("evt.arg.newpath", "fs.path.target", "fs.path.name", "fd.name")
OLD_PATHS = ("evt.arg.oldpath", "fs.path.source")
LINK_PATHS = ("evt.arg.linkpath", "evt.arg.newpath", "fs.path.source", "fs.path.name")
LINK_TARGETS = ("evt.arg.target", "evt.arg.oldpath", "fs.path.target")
UNKNOWN = ("", "<NA>", "<unset>")
NO_LOGIN = ("-1", str(2**32 - 1))  # loginuid of a process that nobody's login started
TECHNIQUE = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")
NO_SLUG = re.compile(r"[^a-z0-9]+")


def recognises(record: object) -> bool:
    if not isinstance(record, dict):
        return False
    rule, priority = record.get("rule"), record.get("priority")
    if not isinstance(rule, str) or not isinstance(priority, str):
        return False
    has_body = isinstance(record.get("output_fields"), dict) or isinstance(
        record.get("output"), str
    )
    return has_body and priority.lower() in EVENT_SEVERITIES


def parse(record: object) -> Parsed:
    if not isinstance(record, dict):
        raise InvalidRecord({"non_field_errors": ["Is no alert of Falco."]})
    fields = record.get("output_fields")
    fields = fields if isinstance(fields, dict) else {}
    action = "" if _has_failed(fields) else _action(record, fields)
    if action and (found := _paths(fields, action)):
        return Parsed([ParsedLog(_log_fields(record, fields, action, found))])
    return Parsed(events=[_event(record)])


def _text(fields: dict[str, Any], *names: str) -> str:
    """Return the first of several fields that says something."""
    for name in names:
        if (text := as_text(fields.get(name))) not in UNKNOWN:
            return text
    return ""


def _has_failed(fields: dict[str, Any]) -> bool:
    if as_text(fields.get("evt.failed")).lower() == "true" or fields.get("evt.failed") is True:
        return True
    result = _text(fields, "evt.res", "evt.rawres")
    return bool(result) and result != "SUCCESS" and not result.isdigit()


def _action(record: dict[str, Any], fields: dict[str, Any]) -> str:
    """Return what was done to the file; "" if nothing was changed, or no file is spoken of."""
    rule, call = as_text(record.get("rule")), _text(fields, "evt.type")
    if call in SYSCALLS:
        return SYSCALLS[call]
    if call in OPENS:
        return "" if _only_reads(rule, record, fields) else _opened(fields)
    if call or _only_reads(rule, record, fields):
        return ""
    return next((action for words, action in WORDS if words.search(rule)), "")


def _only_reads(rule: str, record: dict[str, Any], fields: dict[str, Any]) -> bool:
    """Return whether a file was opened to be read: by its flags, else by the rule's words."""
    if flags := _text(fields, "evt.arg.flags"):
        return not any(word in flags for word in ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"))
    for name, reads in (("evt.is_open_write", "false"), ("evt.is_open_read", "true")):
        if name in fields:
            return str(fields[name]).lower() == reads
    if READS.search(rule):
        return not WRITES.search(rule)
    # The words of the output end where its fields begin; a command line may say anything.
    words = as_text(record.get("output"))[:300].partition("(")[0].partition("|")[0]
    return FOR_READING.search(words) is not None


def _opened(fields: dict[str, Any]) -> str:
    """FD_CREATED in the flags says that the file was not there before."""
    return "created" if "F_CREATED" in _text(fields, "evt.arg.flags") else "modified"


def _paths(fields: dict[str, Any], action: str) -> dict[str, str]:
    """Return `path`, `path_from` and `target`, those that are files of this machine."""
    if action == "moved":
        found = {"path": _file(fields, NEW_PATHS), "path_from": _file(fields, OLD_PATHS)}
    elif _text(fields, "evt.type") in LINKS:
        found = {"path": _file(fields, LINK_PATHS), "target": _text(fields, *LINK_TARGETS)}
    else:
        found = {"path": _file(fields, PATHS)}
    return found if found["path"] else {}


def _file(fields: dict[str, Any], names: tuple[str, ...]) -> str:
    """Return the first full path; the name of a socket is not one."""
    for name in names:
        if (text := _text(fields, name)).startswith("/"):
            return text
    return ""


def _log_fields(
    record: dict[str, Any], fields: dict[str, Any], action: str, found: dict[str, str]
) -> dict[str, Any]:
    priority = as_text(record.get("priority"))
    timestamp, timestamp_sent = timestamps(record.get("time"))
    executable = _text(fields, "proc.exepath")
    attributes = _attributes(record, fields)
    attributes |= {"target": found.get("target", ""), "timestamp_sent": timestamp_sent}
    return compact(
        {
            "event_id": event_id_of(NAME, [record]),
            "timestamp": timestamp,
            "host": _text(record, "hostname"),
            "category": FALCO_PRIORITIES.get(priority.lower()),
            "severity": priority,
            "action": action,
            "path": found["path"],
            "path_from": found.get("path_from"),
            "user": _text(fields, "user.name"),
            "process": _text(fields, "proc.name"),
            "executable": executable if executable.startswith("/") else "",
            "rule": as_text(record.get("rule")),
            "full_log": as_text(record.get("output")),
            "source": NAME,
            "attributes": compact(attributes),
        }
    )


def _attributes(record: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    login_uid = _text(fields, "user.loginuid")
    tags = record.get("tags")
    tags = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    return {
        "pid": as_number(fields.get("proc.pid")),
        "ppid": as_number(fields.get("proc.ppid")),
        "parent": _text(fields, "proc.pname"),
        "command_line": _text(fields, "proc.cmdline"),
        "working_directory": _text(fields, "proc.cwd"),
        "user_id": _text(fields, "user.uid"),
        "login_user": _text(fields, "user.loginname")
        or ("" if login_uid in NO_LOGIN else login_uid),
        "system_call": _text(fields, "evt.type"),
        "tags": tags,
        "mitre": [tag for tag in tags if TECHNIQUE.fullmatch(tag)],
        "container": _group(fields, "container."),
        "k8s": _group(fields, "k8s."),
    }


def _group(fields: dict[str, Any], prefix: str) -> dict[str, str]:
    """Return the fields below a prefix: `container.image.tag` as `image_tag`."""
    return {
        name.removeprefix(prefix).replace(".", "_"): text
        for name in fields
        if name.startswith(prefix) and (text := _text(fields, name))
    }


def _event(record: dict[str, Any]) -> ParsedEvent:
    rule = as_text(record.get("rule"))
    return ParsedEvent(
        source_name=_text(record, "hostname"),
        event_type=f"falco.{NO_SLUG.sub('-', rule.lower()).strip('-')}",
        severity=EVENT_SEVERITIES.get(as_text(record.get("priority")).lower(), "LOW"),
        description=as_text(record.get("output")) or rule,
        event_id=event_id_of(NAME, [record]),
    )
