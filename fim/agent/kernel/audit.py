"""auditd's records: which process changed which path, for watch rules with the agent's key.

Read from auditd's log when they are asked for; `ausearch --raw -k KEY` prints the same lines.
"""

import os
import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from fim.agent.kernel.processes import UNSET_UID, Process

AUDITD_CONFIGURATION = "/etc/audit/auditd.conf"
DEFAULT_LOG = "/var/log/audit/audit.log"
RECORD = re.compile(rb"(?:node=\S+ )?type=(\w+) msg=audit\((\d+\.\d+):(\d+)\): ?(.*)", re.DOTALL)
FIELD = re.compile(rb'(\w+)=("[^"]*"|\S+)')
# Fields that auditd adds in its "enriched" format follow this byte.
ENRICHED = b"\x1d"
KEY_SEPARATOR = b"\x01"
WRITTEN = {b"NORMAL", b"CREATE", b"DELETE"}
# PROCTITLE ends an event in auditd's log, EOE where the daemon writes it.
LAST_KINDS = {b"PROCTITLE", b"EOE"}
# No address is so low (vm.mmap_min_addr): such an argument is a descriptor, flags or a mode.
MAX_DESCRIPTORS = 65536
# Renames, links and symbolic links have two names or more, and take a descriptor for each.
ITEMS_OF_RENAME = 3
# Events with records still to come; those of several events are interleaved.
MAX_OPEN_EVENTS = 256


@dataclass(slots=True)
class Access:
    """One audited system call: who, when (Unix time) and the paths that it changed."""

    at: float
    process: Process
    paths: list[bytes]


@dataclass(slots=True)
class _Event:
    at: float
    call: dict[bytes, bytes] = field(default_factory=dict)
    directory: bytes = b""
    names: list[bytes] = field(default_factory=list)
    title: bytes = b""


class AuditParser:
    """Joins the records of each event. Feed it lines in their order, in any number of calls."""

    def __init__(self, key: str) -> None:
        self._key = os.fsencode(key)
        self._open: OrderedDict[bytes, _Event] = OrderedDict()

    def feed(self, lines: Iterable[bytes]) -> list[Access]:
        """Return the events that are complete: those with this key that succeeded."""
        found = []
        for line in lines:
            match = RECORD.match(line.rstrip(b"\r\n"))
            if match and (access := self._add_record(*match.groups())):
                found.append(access)
        return found

    def _add_record(self, kind: bytes, at: bytes, number: bytes, text: bytes) -> Access | None:
        serial = at + b":" + number
        event = self._open.setdefault(serial, _Event(float(at)))
        _add_fields(event, kind, dict(FIELD.findall(text.partition(ENRICHED)[0])))
        if kind in LAST_KINDS:
            return self._access_of(self._open.pop(serial))
        if len(self._open) > MAX_OPEN_EVENTS:
            self._open.popitem(last=False)
        return None

    def _access_of(self, event: _Event) -> Access | None:
        keys = _value(event.call.get(b"key", b"")).split(KEY_SEPARATOR)
        if event.call.get(b"success") != b"yes" or self._key not in keys:
            return None
        return Access(event.at, _process_of(event), _paths_of(event))


def log_path() -> str:
    """Return the path of auditd's log, as its configuration says."""
    try:
        with open(AUDITD_CONFIGURATION, encoding="utf-8", errors="replace") as file:
            for line in file:
                name, _, value = line.partition("=")
                if name.strip().lower() == "log_file":
                    return value.strip()
    except OSError:
        pass
    return DEFAULT_LOG


def _add_fields(event: _Event, kind: bytes, fields: dict[bytes, bytes]) -> None:
    if kind == b"SYSCALL":
        event.call = fields
    elif kind == b"CWD":
        event.directory = _value(fields.get(b"cwd", b""))
    elif kind == b"PROCTITLE":
        event.title = _value(fields.get(b"proctitle", b""))
    elif kind == b"PATH" and fields.get(b"nametype") in WRITTEN:
        event.names += [name] if (name := _value(fields.get(b"name", b""))) else []


def _paths_of(event: _Event) -> list[bytes]:
    """Return the absolute paths. A name that is relative to an open directory has none.

    The kernel then still names the working directory as its parent (`rm -r` shows it).
    """
    arguments = [int(event.call.get(name, b"0"), 16) for name in (b"a0", b"a1", b"a2")]
    is_rename = int(event.call.get(b"items", b"0")) >= ITEMS_OF_RENAME
    descriptors = arguments if is_rename else arguments[:1]
    is_below_descriptor = any(argument < MAX_DESCRIPTORS for argument in descriptors)
    return [
        os.path.normpath(os.path.join(event.directory, name))
        for name in event.names
        if name.startswith(b"/") or (event.directory and not is_below_descriptor)
    ]


def _value(text: bytes) -> bytes:
    """Read a field: quoted, or in hex where it holds odd bytes; `(null)` and `?` are nothing."""
    if text.startswith(b'"'):
        return text.strip(b'"')
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return b""


def _process_of(event: _Event) -> Process:
    call = event.call
    return Process(
        pid=_number(call, b"pid") or 0,
        uid=_number(call, b"uid"),
        effective_uid=_number(call, b"euid"),
        login_uid=_login_uid(call),
        name=_text(_value(call.get(b"comm", b""))),
        executable=_text(_value(call.get(b"exe", b""))),
        command_line=_text(event.title.rstrip(b"\0").replace(b"\0", b" ")),
    )


def _login_uid(call: dict[bytes, bytes]) -> int | None:
    uid = _number(call, b"auid")
    return None if uid == UNSET_UID else uid


def _number(call: dict[bytes, bytes], name: bytes) -> int | None:
    value = call.get(name, b"")
    return int(value) if value.isdigit() else None


def _text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")
