"""Picket's own logs, in the contract's fields; the DHIMP platform's agent posts the same shape."""

from fim.record.parsed import IGNORED, Parsed, ParsedLog

NAME = "picket"
TITLE = "Picket's own logs"


def recognises(record: object) -> bool:
    return isinstance(record, dict) and "path" in record and "action" in record


def parse(record: object) -> Parsed:
    """Return the log; a line of an archive holds the raw record of another tool besides.

    An agent's canary is no change of the host: that it is acknowledged is all that it is for.
    """
    assert isinstance(record, dict)
    attributes = record.get("attributes")
    if isinstance(attributes, dict) and attributes.get("canary") is True:
        return IGNORED
    raw = record.get("raw")
    return Parsed([ParsedLog(record, raw if isinstance(raw, str) else None)])
