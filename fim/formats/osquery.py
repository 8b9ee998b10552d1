"""osquery's result logs: file_events, process_file_events, ntfs_journal_events, yara_events.

One line, a snapshot, a batch of differences, or the body of the TLS logger, which holds many lines
(docs/wiki/deployment/logging.md and remote.md of osquery).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fim.record.fields import LIMITS, InvalidRecord
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
from fim.record.timestamps import moment_of_epoch

NAME = "osquery"
TITLE = "osquery result logs"

# kMaskActions of osquery/events/linux/inotify.cpp and darwin/fsevents.cpp.
FILE_ACTIONS = {
    "CREATED": "created",
    "UPDATED": "modified",
    "DELETED": "deleted",
    "ATTRIBUTES_MODIFIED": "attributes",
    "MOVED_FROM": "moved",
    "MOVED_TO": "moved",
}
# kNTFSEventToStringMap of osquery/events/windows/usn_journal_reader.cpp, without the kind of the
# node that most of its words begin with.
NTFS_ACTIONS = {
    "Creation": "created",
    "Deletion": "deleted",
    "Write": "modified",
    "Overwrite": "modified",
    "Truncation": "modified",
    "AlternateDataStreamWrite": "modified",
    "AlternateDataStreamOverwrite": "modified",
    "AlternateDataStreamTruncation": "modified",
    "AlternateDataStreamChange": "modified",
    "TransactedFileChange": "modified",
    "TransactedDirectoryChange": "modified",
    "Rename_NewName": "moved",
    "Rename_OldName": "moved",
    "AttributesChange": "attributes",
    "ExtendedAttributesChange": "attributes",
    "SecurityAttributesChange": "attributes",
    "IndexingSettingChange": "attributes",
    "IntegritySettingChange": "attributes",
    "ObjectIdChange": "attributes",
    "LinkChange": "attributes",
    "ReparsePointChange": "attributes",
}
# osquery/tables/events/linux/process_file_events.cpp; es_process_file_events on macOS.
OPERATIONS = {
    "create": "created",
    "write": "modified",
    "truncate": "modified",
    "open+truncate": "modified",
    "unlink": "deleted",
    "rename": "moved",
    "link": "created",
    "symlink": "created",
}
# What happens to a file without changing it, or to no file at all.
NOT_CHANGES = frozenset(
    {"ACCESSED", "OPENED", "COLLISION_WITHIN", "MOUNTED", "UNMOUNTED", "ROOT_CHANGED"}
    | {"open", "read", "close"}
)
STATUS_FIELDS = frozenset({"hostIdentifier", "severity", "filename", "line", "message"})
# (uid_t) -1: the login user of a process that nobody logged in for, see audit(8).
NO_LOGIN = "4294967295"


def recognises(record: object) -> bool:
    if not isinstance(record, dict):
        return False
    if "columns" in record or "snapshot" in record or "diffResults" in record:
        return "name" in record and (
            "hostIdentifier" in record or "unixTime" in record or "calendarTime" in record
        )
    if "target_path" in record:
        return "action" in record
    if "log_type" in record:
        return record["log_type"] in ("result", "status") and isinstance(record.get("data"), list)
    return record.keys() >= STATUS_FIELDS


def parse(record: object) -> Parsed:
    if not isinstance(record, dict):
        raise InvalidRecord({"non_field_errors": ["A result of osquery is a JSON object."]})
    if "log_type" in record:
        if record["log_type"] != "result" or not isinstance(record.get("data"), list):
            return IGNORED
        return Parsed(_join_moves(_logs_of_many(record["data"])))
    rows, is_many = _rows(record), "columns" not in record
    logs = (_read_row(record, row, is_many=is_many) for row in rows)
    return Parsed(_join_moves(log for log in logs if log is not None))


def _logs_of_many(lines: list[Any]) -> Iterator[ParsedLog]:
    """Read each line for itself: a bad one becomes a log without fields, which is refused alone."""
    for line in lines:
        try:
            for row in _rows(line):
                log = _read_row(line, row, is_many="columns" not in line)
                if log is not None:
                    yield log if log.raw is not None else ParsedLog(log.fields, raw=line)
        except InvalidRecord:
            yield ParsedLog({}, raw=line)


def _rows(line: object) -> list[Any]:
    """Return the rows that a line adds. Raises InvalidRecord for a line of no known shape."""
    if not isinstance(line, dict):
        raise InvalidRecord({"non_field_errors": ["A result of osquery is a JSON object."]})
    if "columns" in line:
        return [] if line.get("action") == "removed" else [line["columns"]]
    if "snapshot" in line:
        return _list(line, "snapshot", line["snapshot"])
    if "diffResults" in line:
        results = line["diffResults"]
        # Old versions say "" for an empty list.
        added = results.get("added") or [] if isinstance(results, dict) else None
        return _list(line, "diffResults", added)
    return [line] if "target_path" in line else []


def _list(line: dict[str, Any], name: str, rows: object) -> list[Any]:
    if not isinstance(rows, list):
        raise InvalidRecord({name: ["Takes rows."]})
    return rows


def _read_row(line: dict[str, Any], row: object, *, is_many: bool) -> ParsedLog | None:
    """Return the log of a row; None for what is no change or comes from another table.

    A row that is none becomes a log without fields, which is refused alone.
    """
    if not isinstance(row, dict):
        return ParsedLog({}, raw=line)
    if "target_path" in row:
        fields = _yara_event(row) if "matches" in row else _file_event(row)
    elif "operation" in row or "event_type" in row:
        fields = _process_file_event(row)
    elif "record_usn" in row or "node_ref_number" in row:
        fields = _ntfs_event(row)
    else:
        fields = None
    if fields is None:
        return None
    raw = None if row is line or not is_many else _alone(line, row)
    return ParsedLog(_complete(line, row, fields), raw=raw)


def _alone(line: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """Return the line as it were if the row had come alone."""
    head = {name: line[name] for name in line if name not in ("snapshot", "diffResults")}
    return head | {"columns": row}


def _complete(line: dict[str, Any], row: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Add what every table has: whose row it is, and when the change, not the query, was."""
    head = {} if row is line else line
    host = as_text(head.get("hostIdentifier")) or as_text(head.get("hostname"))
    query, sent = as_text(head.get("name")), row.get("time")
    columns = {name: value for name, value in row.items() if isinstance(value, str | int)}
    timestamp = moment_of_epoch(sent)
    attributes = fields.pop("attributes")
    attributes["query"] = query
    if not timestamp and sent not in ("0", 0):
        attributes["timestamp_sent"] = as_text(sent)[:64]
    if isinstance(decorations := head.get("decorations"), dict):
        attributes["host_uuid"] = as_text(decorations.get("host_uuid"))
        # Who is logged in on the host, not who made the change.
        attributes["logged_in_user"] = as_text(decorations.get("username"))
    fields["attributes"] = compact(attributes)
    fields["event_id"] = event_id_of(NAME, (host, query, columns))
    fields["host"], fields["timestamp"], fields["source"] = host, timestamp, NAME
    return compact(fields)


def _file_event(row: dict[str, Any]) -> dict[str, Any] | None:
    word = as_text(row.get("action"))
    if word in NOT_CHANGES:
        return None
    attributes: dict[str, Any] = {
        "hashes": compact({"md5": as_text(row.get("md5")), "sha1": as_text(row.get("sha1"))})
    }
    fields: dict[str, Any] = {
        "path": as_text(row.get("target_path")),
        "action": FILE_ACTIONS.get(word) or word,
        "sha256": as_sha256(row.get("sha256")),
        "rule": as_text(row.get("category")),
        "attributes": attributes,
    }
    if word in ("MOVED_FROM", "MOVED_TO"):
        attributes["action_sent"] = word
        attributes["transaction_id"] = as_number(row.get("transaction_id")) or None
    # A file that was gone when osquery looked has inode 0, and then all the rest is 0 too.
    if as_number(row.get("inode", 1)):
        fields["size_bytes"] = as_number(row.get("size"))
        fields["mode"], fields["owner"] = as_text(row.get("mode")), as_text(row.get("uid"))
        fields["group"] = as_text(row.get("gid"))
        attributes["inode"] = as_number(row.get("inode"))
        attributes["mtime"] = as_text(row.get("mtime"))
    return fields


def _yara_event(row: dict[str, Any]) -> dict[str, Any] | None:
    """A row without a match is sent too: the file was scanned and is clean."""
    matches = as_text(row.get("matches"))
    if not matches or as_number(row.get("count", 1)) == 0:
        return None
    word = as_text(row.get("action"))
    action, kind = _ntfs_action(word)
    tags = as_text(row.get("tags"))
    return {
        "path": as_text(row.get("target_path")),
        # A match must not be lost for the word of the event that started the scan.
        "action": FILE_ACTIONS.get(word) or action or "modified",
        "category": "malware",
        "rule": matches,
        "attributes": {
            "matches": matches.split(",") if len(matches) > LIMITS["rule"] else None,
            "matched_strings": as_text(row.get("strings")),
            "tags": tags.split(",") if tags else None,
            "path_group": as_text(row.get("category")),
            "file_type": kind,
        },
    }


def _process_file_event(row: dict[str, Any]) -> dict[str, Any] | None:
    """Read a row of process_file_events (Linux) or es_process_file_events (macOS)."""
    is_macos = "event_type" in row
    word = as_text(row.get("event_type" if is_macos else "operation"))
    if word in NOT_CHANGES or (is_macos and "filename" not in row):
        return None
    path, target = as_text(row.get("path")), as_text(row.get("dest_path"))
    executable = as_text(row.get("executable"))
    if is_macos:
        executable, path = path, as_text(row.get("filename"))
        target = as_text(row.get("dest_filename"))
    login = as_text(row.get("auid"))
    return {
        **_two_paths(word, path, target),
        "action": OPERATIONS.get(word, word),
        "user": as_text(row.get("uid")),
        "process": executable.rpartition("/")[2],
        "executable": executable,
        "seq": as_number(row.get("global_seq_num")),
        "attributes": {
            **({"target": path} if target and word in ("link", "symlink") else {}),
            "pid": as_number(row.get("pid")),
            "ppid": as_number(row.get("ppid")) or as_number(row.get("parent")),
            "working_directory": as_text(row.get("cwd")),
            "login_user": "" if login == NO_LOGIN else login,
            "effective_user": as_text(row.get("euid")),
        },
    }


def _two_paths(word: str, path: str, target: str) -> dict[str, str]:
    """Return the path that the operation made, and where a renamed file came from."""
    if not target or word not in ("rename", "link", "symlink"):
        return {"path": path}
    return {"path": target, "path_from": path} if word == "rename" else {"path": target}


def _ntfs_event(row: dict[str, Any]) -> dict[str, Any]:
    word = as_text(row.get("action"))
    action, kind = _ntfs_action(word)
    return {
        "path": as_text(row.get("path")),
        "path_from": as_text(row.get("old_path")),
        "action": action or word,
        "rule": as_text(row.get("category")),
        "attributes": {
            "file_type": kind,
            "usn": as_text(row.get("record_usn")),
            "file_attributes": as_text(row.get("file_attributes")),
            # The path is a bare name where the journal did not say the folder.
            "is_partial_path": as_number(row.get("partial")) == 1 or None,
        },
    }


def _ntfs_action(word: str) -> tuple[str | None, str]:
    """Return the action of a word such as FileWrite or DirectoryRename_NewName, and of what."""
    for kind in ("File", "Directory"):
        if word.startswith(kind) and (action := NTFS_ACTIONS.get(word[len(kind) :])):
            return action, kind.lower()
    return NTFS_ACTIONS.get(word), ""


def _join_moves(logs: Iterable[ParsedLog]) -> list[ParsedLog]:
    """Make one log of the two rows of a move that carry the same inotify cookie.

    It keeps the event_id of the row MOVED_TO, so that a repeat in which that row comes alone is
    known as one.
    """
    found = list(logs)
    sources = {key: log for log in found if (key := _move_key(log, "MOVED_FROM"))}
    if not sources:
        return found
    joined: set[int] = set()
    for place, log in enumerate(found):
        key = _move_key(log, "MOVED_TO")
        source = sources.pop(key, None) if key else None
        if source is not None:
            fields = log.fields | {"path_from": source.fields["path"]}
            found[place] = ParsedLog(fields, raw=[source.raw, log.raw])
            joined.add(id(source))
    return [log for log in found if id(log) not in joined]


def _move_key(log: ParsedLog, word: str) -> tuple[Any, ...] | None:
    attributes = log.fields.get("attributes", {})
    cookie = attributes.get("transaction_id")
    if cookie is None or attributes.get("action_sent") != word or "path" not in log.fields:
        return None
    return log.fields.get("host"), cookie
