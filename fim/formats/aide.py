"""AIDE: its JSON report, the lines of its NDJSON report, and its plain text report.

Names and shapes are those of AIDE's src/report_json.c, report_ndjson.c and report.c, versions
0.16 to 0.19. A report names no host, no user and no process.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from fim.formats.aide_text import is_text_report, read_text_report
from fim.record.fields import InvalidRecord
from fim.record.parsed import (
    IGNORED,
    Parsed,
    ParsedLog,
    as_number,
    as_sha256,
    as_text,
    compact,
    event_id_of,
)
from fim.record.timestamps import timestamps

NAME = "aide"
TITLE = "AIDE's report (JSON, NDJSON or text)"
# A body of text in this format is one record, not one a line.
IS_WHOLE_TEXT = True

KINDS = {"added": "created", "removed": "deleted", "changed": ""}
LINE_KINDS = {"addition": "added", "removal": "removed", "change": "changed"}
# Lines of an NDJSON report that are about the run, and what each of them holds.
RUN_LINES = {
    "outline": "outline",
    "new_database": "new_database",
    "config": "report_level",
    "number_of_entries": "total",
    "shutdown": "run_time_seconds",
}
# A JSON report has no type; the first line of an NDJSON report is one where it was gathered.
REPORT_TYPES = {"", "startup", *LINE_KINDS}
FOLDED = {"type": "folded", "aide_version": ""}

HASH_BYTES = {
    "md5": 16,
    "sha1": 20,
    "sha256": 32,
    "sha512": 64,
    "rmd160": 20,
    "tiger": 24,
    "crc32": 4,
    "crc32b": 4,
    "haval": 32,
    "whirlpool": 64,
    "gost": 32,
    "stribog256": 32,
    "stribog512": 64,
    "sha512/256": 32,
    "sha512_256": 32,
    "sha3-256": 32,
    "sha3-512": 64,
}
HEX = re.compile(r"[0-9a-fA-F]+")
FILE_TYPES = {
    "f": "file",
    "d": "directory",
    "l": "symlink",
    "p": "fifo",
    "b": "block_device",
    "c": "character_device",
    "s": "socket",
}
# AIDE's attributes, and the names that all formats share.
ATTRIBUTES = {
    "inode": "inode",
    "modify_time": "mtime",
    "change_time": "ctime",
    "access_time": "atime",
    "link_name": "target",
    "link_count": "link_count",
    "block_count": "block_count",
    "acl": "acl",
    "xattrs": "xattrs",
    "selinux": "selinux",
    "e2fsattrs": "e2fsattrs",
    "capabilities": "capabilities",
}
# Letters of the flags (summary_char in src/attributes.c), where a report has no details.
FLAG_NAMES = {
    "!": "file_type",
    "l": "link_name",
    ">": "size",
    "<": "size",
    "b": "block_count",
    "p": "perm",
    "u": "uid",
    "g": "gid",
    "a": "access_time",
    "m": "modify_time",
    "c": "change_time",
    "i": "inode",
    "n": "link_count",
    "H": "hash",
    "A": "acl",
    "X": "xattrs",
    "S": "selinux",
    "E": "e2fsattrs",
    "C": "capabilities",
}


def recognises(record: object) -> bool:
    if isinstance(record, str):
        return is_text_report(record)
    if not isinstance(record, dict):
        return False
    if isinstance(record.get("aide_version"), str):
        return "path" not in record
    outline = record.get("outline")
    if isinstance(outline, str) and outline.startswith("AIDE "):
        return True
    return _is_report_line(record)


def _is_report_line(record: dict[str, Any]) -> bool:
    kind = record.get("type")
    if not isinstance(kind, str):
        return False
    if kind in RUN_LINES:
        return RUN_LINES[kind] in record and len(record) <= 30
    if kind in ("databases", "different_attributes"):
        return all(name == "type" or name.startswith("/") for name in record)
    if kind not in LINE_KINDS and kind != "details":
        return False
    holds = dict if kind == "details" else str
    return len(record) == 2 and all(
        name == "type" or (name.startswith("/") and isinstance(value, holds))
        for name, value in record.items()
    )


def begins_report(record: object) -> bool:
    """Return whether this is the first line of an NDJSON report."""
    return (
        isinstance(record, dict)
        and record.get("type") == "startup"
        and isinstance(record.get("aide_version"), str)
    )


def ends_report(record: object) -> bool:
    return isinstance(record, dict) and record.get("type") == "shutdown"


def gather(records: list[object]) -> list[object]:
    """Fold the lines of each NDJSON report among the records into its first line.

    Only that line knows when AIDE ran, and the details stand apart from the changes. As many
    records are returned, so that their places stay; what was folded is ignored. A line whose
    report does not begin among these records stays what it is. Doing it twice changes nothing.
    """
    gathered = list(records)
    report: dict[str, Any] | None = None
    for index, record in enumerate(records):
        if not isinstance(record, dict):
            continue
        if begins_report(record):
            known = record.get("details")
            details = dict(known) if isinstance(known, dict) else {}
            gathered[index] = report = {**record, "details": details}
        elif report is not None and _is_report_line(record):
            _fold(report, record, str(record["type"]))
            gathered[index] = FOLDED
    return gathered


def _fold(report: dict[str, Any], line: dict[str, Any], kind: str) -> None:
    rest = {name: value for name, value in line.items() if name != "type"}
    if kind == "details":
        report["details"].update(rest)
    elif kind in LINE_KINDS:
        report.setdefault(LINE_KINDS[kind], {}).update(rest)
    elif kind == "outline":
        report.update(rest)


def parse(record: object) -> Parsed:
    report = read_text_report(record) if isinstance(record, str) else record
    if not isinstance(report, dict):
        raise InvalidRecord({"non_field_errors": ["Is no report of AIDE."]})
    if as_text(report.get("type")) not in REPORT_TYPES:
        return IGNORED
    # With report_detailed_init=yes the first run lists the whole baseline as added.
    if as_text(report.get("outline")).startswith("AIDE successfully initialized"):
        return IGNORED
    details = report.get("details")
    details = details if isinstance(details, dict) else {}
    run = _Run(report)
    logs = [run.log(path, flags, kind, details.get(path)) for path, flags, kind in _entries(report)]
    return Parsed(logs) if logs else IGNORED


def _entries(report: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield path, flags and kind of each change, in every shape that AIDE's options give them."""
    if kind := LINE_KINDS.get(as_text(report.get("type"))):
        for path, flags in report.items():
            if path != "type":
                yield path, as_text(flags), kind
        return
    for kind in KINDS:
        for path, flags in _pairs(report, kind):
            yield path, flags, kind
    for path, flags in _pairs(report, "entries"):
        yield path, flags, _kind_of(flags)


def _pairs(report: dict[str, Any], name: str) -> list[tuple[str, str]]:
    found = report.get(name)
    if found is None:
        return []
    if isinstance(found, dict):
        return [(path, as_text(flags)) for path, flags in found.items()]
    if isinstance(found, list) and all(isinstance(path, str) for path in found):
        return [(path, "") for path in found]
    raise InvalidRecord({name: ["Takes an object of paths, or an array of them."]})


def _kind_of(flags: str) -> str:
    if flags in KINDS:  # report_summarize_changes=no
        return flags
    signs = set(flags[1:])
    if signs == {"+"}:
        return "added"
    return "removed" if signs == {"-"} else "changed"


class _Run:
    """One run of AIDE: what all of its changes have in common."""

    def __init__(self, report: dict[str, Any]) -> None:
        self.start_time = as_text(report.get("start_time"))
        self.version = as_text(report.get("aide_version"))
        self.timestamp, self.timestamp_sent = timestamps(self.start_time)

    def log(self, path: str, flags: str, kind: str, details: object) -> ParsedLog:
        pairs = _pairs_of(details)
        changed = _changed(pairs, flags) if kind == "changed" else []
        fields = _file_fields(pairs)
        attributes = fields["attributes"]
        attributes |= {
            "changed": changed,
            "flags": "" if flags in KINDS else flags.rstrip(),
            "file_type": _file_type(pairs, flags),
            "aide_version": self.version,
            "timestamp_sent": self.timestamp_sent,
        }
        fields |= {
            "event_id": self._event_id(path, kind),
            "timestamp": self.timestamp,
            "action": KINDS[kind] or _action_of(changed),
            "path": path,
            "source": NAME,
            "attributes": compact(attributes),
        }
        return ParsedLog(compact(fields), raw=self._raw(path, flags, kind, details))

    def _event_id(self, path: str, kind: str) -> str:
        """A change is told apart by when AIDE ran; without that, nothing makes it unique."""
        return event_id_of(NAME, [self.start_time, path, kind]) if self.start_time else ""

    def _raw(self, path: str, flags: str, kind: str, details: object) -> dict[str, Any]:
        return {
            "start_time": self.start_time,
            "aide_version": self.version,
            kind: {path: flags},
            "details": {} if details is None else {path: details},
        }


def _pairs_of(details: object) -> dict[str, tuple[Any, Any]]:
    """Return the old and the new value of each attribute; None where there is none."""
    if not isinstance(details, dict):
        return {}
    return {
        name: (pair.get("old"), pair.get("new"))
        for name, pair in details.items()
        if isinstance(pair, dict)
    }


def _changed(pairs: dict[str, tuple[Any, Any]], flags: str) -> list[str]:
    """Name the attributes that differ; one that only one database holds is no change."""
    if pairs:
        return [name for name, (old, new) in pairs.items() if None not in (old, new) and old != new]
    if flags in KINDS:
        return []
    return [FLAG_NAMES[flag] for flag in flags[1:] if flag in FLAG_NAMES]


def _action_of(changed: list[str]) -> str:
    """Without details and flags (report_level=list_entries) AIDE says no more than "changed"."""
    is_content = any(name in ("size", "hash") or name in HASH_BYTES for name in changed)
    return "modified" if is_content or not changed else "attributes"


def _file_fields(pairs: dict[str, tuple[Any, Any]]) -> dict[str, Any]:
    hashes_before, hashes = _hashes(pairs, 0), _hashes(pairs, 1)
    size_before, size = (as_number(value) for value in pairs.get("size", (None, None)))
    mode_before, mode = _texts(pairs, "perm")
    owner_before, owner = _texts(pairs, "uid")
    group_before, group = _texts(pairs, "gid")
    attributes: dict[str, Any] = {
        "size_bytes_before": size_before,
        "mode_before": mode_before,
        "owner_before": owner_before,
        "group_before": group_before,
        "hashes": hashes,
        "hashes_before": hashes_before,
    }
    fields: dict[str, Any] = {
        "sha256": as_sha256(hashes.pop("sha256", "")),
        "sha256_before": as_sha256(hashes_before.pop("sha256", "")),
        "size_bytes": size,
        "mode": mode,
        "owner": owner,
        "group": group,
        "attributes": attributes,
    }
    for name, shared in ATTRIBUTES.items():
        if name in pairs:
            attributes[f"{shared}_before"], attributes[shared] = pairs[name]
    return fields


def _texts(pairs: dict[str, tuple[Any, Any]], name: str) -> tuple[str, str]:
    old, new = pairs.get(name, (None, None))
    return as_text(old), as_text(new)


def _hashes(pairs: dict[str, tuple[Any, Any]], side: int) -> dict[str, str]:
    return {
        re.sub("[-/]", "_", name): _as_hex(pair[side], HASH_BYTES[name])
        for name, pair in pairs.items()
        if name in HASH_BYTES and isinstance(pair[side], str)
    }


def _as_hex(digest: str, size: int) -> str:
    """Decode a hash, which is base64 unless report_base16=yes; what is neither stays as sent."""
    if len(digest) == 2 * size and HEX.fullmatch(digest):
        return digest.lower()
    try:
        content = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        return digest
    return content.hex() if len(content) == size else digest


def _file_type(pairs: dict[str, tuple[Any, Any]], flags: str) -> str:
    """Return the type that the flags begin with, else that of the details (from 0.19 on)."""
    if flags not in KINDS and flags[:1] in FILE_TYPES:
        return FILE_TYPES[flags[0]]
    old, new = _texts(pairs, "file_type")
    return (new or old).lower().replace(" ", "_")
