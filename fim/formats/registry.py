"""The formats that are understood, and which of them a record is of."""

from collections.abc import Sequence
from typing import Protocol

from fim.formats import (
    aide,
    auditbeat,
    dhimp_text,
    ecs,
    elastic_defend,
    falco,
    osquery,
    picket,
    samhain,
    sysmon,
    wazuh,
)
from fim.record.fields import InvalidRecord
from fim.record.parsed import Parsed
from fim.record.reading import SentLog


class Format(Protocol):
    """What the module of a format offers."""

    NAME: str
    TITLE: str

    def recognises(self, record: object) -> bool: ...

    def parse(self, record: object) -> Parsed: ...


# Asked in this order which of them a record is of.
MODULES: tuple[Format, ...] = (
    aide,
    auditbeat,
    dhimp_text,
    ecs,
    elastic_defend,
    falco,
    osquery,
    picket,
    samhain,
    sysmon,
    wazuh,
)
FORMATS = {module.NAME: module for module in MODULES}
FOREIGN = [found for name, found in FORMATS.items() if name != picket.NAME]


def gather(records: Sequence[object]) -> Sequence[object]:
    """Fold records that one tool wrote as several lines into one; their places stay."""
    if all(isinstance(record, SentLog) for record in records):
        return records
    for found in FORMATS.values():
        if fold := getattr(found, "gather", None):
            records = fold(records)
    return records


def is_whole_text(text: str) -> bool:
    """Return whether a text of several lines is one record, as a report is, not one a line."""
    return any(
        getattr(found, "IS_WHOLE_TEXT", False) and found.recognises(text)
        for found in FORMATS.values()
    )


def format_of(record: object) -> Format:
    """Return the format whose shape a record has.

    Raises InvalidRecord, which names the formats and what a log of Picket's own needs.
    """
    if picket.recognises(record):
        return picket
    for candidate in FOREIGN:
        if candidate.recognises(record):
            return candidate
    if isinstance(record, dict) and ("path" in record or "action" in record):
        return picket  # which says all that is wrong with it at once
    raise InvalidRecord(_what_is_missing(record))


def named_format(name: str, record: object) -> Format:
    """Return the format of that name. Raises InvalidRecord where the record is not of it."""
    found = FORMATS[name]
    if not found.recognises(record):
        raise InvalidRecord({"non_field_errors": [f"Has not the shape of {found.TITLE}."]})
    return found


def _what_is_missing(record: object) -> dict[str, list[str]]:
    if not isinstance(record, dict):
        return {"non_field_errors": ["A log is a JSON object."]}
    titles = ", ".join(found.TITLE for found in FOREIGN)
    return {
        "non_field_errors": [f"Has the shape of no known format: {titles}."],
        "path": ["A log of Picket's own needs this field."],
        "action": ["A log of Picket's own needs this field."],
    }
