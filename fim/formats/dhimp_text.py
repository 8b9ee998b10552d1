"""Lines of the text log that the DHIMP platform's agent wrote before it had a database.

    [31-12-2025 23:59:59] [BAHAYA] DIUBAH: /srv/web/index.php oleh budi (via vim -> /usr/bin/vim)

The moment is local to the node. A line may lack its user, its process, or both.
"""

import re
from typing import Any

from fim.record.actions import read_action
from fim.record.fields import InvalidRecord
from fim.record.parsed import Parsed, ParsedLog, compact, event_id_of
from fim.record.timestamps import as_moment

NAME = "dhimp_text"
TITLE = "DHIMP's text log"

# The tag may be followed by the name of a rule; "Normal" stands without brackets, too.
LINE = re.compile(
    r"\[(?P<day>[0-9]{2})-(?P<month>[0-9]{2})-(?P<year>[0-9]{4}) (?P<time>[0-9:]{8})\] {0,8}"
    r"(?P<severity>\[[^\]\n]{1,64}\][^:\n]{0,128}?|[A-Za-z][A-Za-z ]{0,32}?|) {0,8}"
    r"\b(?P<action>[A-Za-z_][A-Za-z_,|]{2,63}): ?(?P<tail>.*)",
    re.DOTALL,
)


def recognises(record: object) -> bool:
    return isinstance(record, str) and _match(record) is not None


def parse(record: object) -> Parsed:
    found = _match(record) if isinstance(record, str) else None
    if found is None:
        raise InvalidRecord({"non_field_errors": ["Is no line of DHIMP's text log."]})
    line = found.string.rstrip("\r\n")
    moment = f"{found['year']}-{found['month']}-{found['day']}T{found['time']}"
    is_known = bool(as_moment(moment))
    fields = {
        "event_id": event_id_of(NAME, [line]),
        "timestamp": moment if is_known else "",
        "severity": found["severity"].strip(),
        "action": found["action"],
        "full_log": line,
        "source": "dhimp",
        "attributes": {} if is_known else {"timestamp_sent": moment},
    }
    fields |= _read_tail(found["tail"].strip())
    return Parsed([ParsedLog(compact(fields), is_local_time=True)])


def _match(line: str) -> re.Match[str] | None:
    found = LINE.match(line)
    return found if found and read_action(found["action"]) else None


def _read_tail(tail: str) -> dict[str, Any]:
    """Read `path oleh user (via comm -> exe)`; a path may hold the words between its parts."""
    rest, via, process = tail.rpartition(" (via ")
    path, by, user = (rest if via else tail).rpartition(" oleh ")
    if not by or "/" in user:
        path, user = rest if via else tail, ""
    return {"path": path.strip(), "user": user.strip()} | _read_process(process if via else "")


def _read_process(text: str) -> dict[str, str]:
    text = text.removesuffix(")").strip()
    name, arrow, executable = (part.strip() for part in text.partition("->"))
    if arrow and executable.startswith("/"):
        return {"process": name, "executable": executable}
    return {"process": text}
