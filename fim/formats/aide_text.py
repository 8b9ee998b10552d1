"""AIDE's plain text report, read line by line into the shape of its JSON report. Pure.

The layout is that of AIDE's src/report_plain.c; the widths are its defaults.
"""

import re
from typing import Any

# Lines about attributes that differ between the databases may stand first. Nothing here may match
# in two ways: a hostile text would be tried in all of them.
HEAD = re.compile(
    r"(?:Entry [^\n]*\n)*+"
    r"(?:Start timestamp: (?P<time>[^\n(]+?) \(AIDE (?P<version>[^\n)]+)\)"
    r"|AIDE (?P<old_version>[0-9][^ \n]* )?found (?:NO )?differences)"
)
OUTLINE = re.compile(r"^AIDE (?:found|successfully)[^\n]*", re.MULTILINE)
# 0.15 and older wrote the moment below the outline, and without a zone.
OLD_TIME = re.compile(r"^Start timestamp: ([^\n(]+)", re.MULTILINE)
RULE = re.compile(r"-{20,}$")
ENTRY_TITLE = re.compile(r"(?:Added|Removed|Changed)[a-z, ]* (?:entries|files):?$")
DETAILS_TITLE = re.compile(r"Detailed information about changes:?$")
# No flag is a slash, and every path begins with one.
ENTRY = re.compile(r"([^/]{4,30}): (/.*)$")
BLOCK = re.compile(r"(?:[A-Z][A-Za-z ]{2,20}: )?(/.*)$")
ATTRIBUTE = re.compile(r" ([A-Za-z0-9/() >-]{10}): ?(.*)$")
CONTINUED = re.compile(r" {12} ?(.*)$")
MAX_VALUE_CHARACTERS = 8_192
COLUMN = 33  # width of the old value, its last character always a space

# Names in the text report, and the same in the JSON report.
NAMES = {
    "file type": "file_type",
    "lname": "link_name",
    "size (>)": "size",
    "mtime": "modify_time",
    "ctime": "change_time",
    "atime": "access_time",
    "linkcount": "link_count",
    "bcount": "block_count",
    "caps": "capabilities",
}


def is_text_report(text: str) -> bool:
    return HEAD.match(text) is not None


def read_text_report(text: str) -> dict[str, Any]:
    """Return a report as AIDE's JSON has it: `entries` path to flags, `details` by path."""
    report: dict[str, Any] = {**_read_head(text), "entries": {}, "details": {}}
    section, path, name = "", "", ""
    lines = text.replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines):
        if number and RULE.match(lines[number - 1]) and _is_title(lines, number):
            section = line
        elif ENTRY_TITLE.match(section):
            if found := ENTRY.match(line):
                report["entries"][found[2]] = found[1]
        elif DETAILS_TITLE.match(section):
            path, name = _read_detail(report["details"], path, name, line)
    return report


def _is_title(lines: list[str], number: int) -> bool:
    return number + 1 < len(lines) and RULE.match(lines[number + 1]) is not None


def _read_head(text: str) -> dict[str, str]:
    head, outline = HEAD.match(text), OUTLINE.search(text)
    assert head is not None
    old_time = OLD_TIME.search(text) if head["time"] is None else None
    return {
        "start_time": head["time"] or (old_time[1].strip() if old_time else ""),
        "aide_version": (head["version"] or head["old_version"] or "").strip(),
        "outline": outline[0] if outline else "",
    }


def _read_detail(details: dict[str, Any], path: str, name: str, line: str) -> tuple[str, str]:
    """Take one line of the details; return the path and the attribute that the next belongs to."""
    if not line.startswith(" "):
        found = BLOCK.match(line)
        return (found[1], "") if found else (path, name)
    if found := ATTRIBUTE.match(line):
        plain = found[1].strip().lower()
        name = NAMES.get(plain, plain)
    elif not (found := CONTINUED.match(line)):
        return path, name
    if path and name:
        pair = details.setdefault(path, {}).setdefault(name, {})
        _extend(pair, *_split(found[found.lastindex or 1]))
    return path, name


def _split(values: str) -> tuple[str, str]:
    """Return the old and the new value that stand side by side."""
    if values[COLUMN - 1 : COLUMN + 1] == " |":
        return values[:COLUMN].strip(), values[COLUMN + 1 :].strip()
    if not values[:COLUMN].strip():
        return "", values[COLUMN:].strip()
    old, bar, new = values.partition(" | ")
    return old.strip(), new.strip() if bar else ""


def _extend(pair: dict[str, str], old: str, new: str) -> None:
    """Add to values that go on over several lines; no hash is as long as the bound."""
    for side, text in (("old", old), ("new", new)):
        value = pair.get(side, "")
        if text and len(value) < MAX_VALUE_CHARACTERS:
            pair[side] = value + text
