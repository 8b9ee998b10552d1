"""The body of Elasticsearch's `_bulk`: a line says what to do, the next one holds the document.

Source: Elasticsearch's reference, "Bulk index or delete documents".
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from config.api.parsers import parse_json
from fim.ingest.body import (
    MAX_RECORDS,
    BatchTooLarge,
    Malformed,
    MalformedBody,
    load_json,
    refuse_flood,
)

STORING = ("create", "index")
WITHOUT_DOCUMENT = ("delete",)
ACTIONS = (*STORING, *WITHOUT_DOCUMENT, "update")
MAX_ECHO_CHARACTERS = 512


@dataclass(frozen=True, slots=True)
class BulkItem:
    """One action; `refusal` says why it cannot be done, where that is known already."""

    action: str
    index: str | None
    id: str | None
    record: object = None
    refusal: str = ""


def read_bulk(text: bytes) -> list[BulkItem]:
    """Return the items of a bulk body; a bad document is a refusal in its item.

    Raises MalformedBody (400) for a line that should be an action and is none: from there on
    nobody can tell actions from documents. Raises BatchTooLarge and BodyTooLarge (413).
    """
    refuse_flood(text, marks=(b"\n", b",", b"[", b"{"))
    items: list[BulkItem] = []
    lines = enumerate(io.BytesIO(text), start=1)
    for number, line in lines:
        if line.isspace():
            continue
        if len(items) == MAX_RECORDS:
            raise BatchTooLarge
        items.append(_read_item(number, line, lines))
    if not items:
        raise MalformedBody("The bulk body holds no action.")
    return items


def _read_item(number: int, line: bytes, lines: Iterator[tuple[int, bytes]]) -> BulkItem:
    action, target = _read_action(number, line)
    index, id_ = _echo(target.get("_index")), _echo(target.get("_id"))
    document = None if action in WITHOUT_DOCUMENT else next(lines, (0, None))[1]
    if action not in STORING:
        return BulkItem(
            action, index, id_, refusal="Takes create and index alone: logs are evidence."
        )
    if document is None:
        return BulkItem(action, index, id_, refusal="No document follows the action.")
    try:
        record = load_json(document)
    except ValueError:
        return BulkItem(action, index, id_, record=Malformed())
    if not isinstance(record, dict):
        return BulkItem(action, index, id_, refusal="The document is no JSON object.")
    return BulkItem(action, index, id_, record=record)


def _read_action(number: int, line: bytes) -> tuple[str, dict[str, object]]:
    try:
        said = parse_json(line)
    except ValueError:
        said = None
    if isinstance(said, dict) and len(said) == 1:
        action, target = next(iter(said.items()))
        if action in ACTIONS and isinstance(target, dict):
            return action, target
    raise MalformedBody(
        f"Line {number} is no action such as {{'create': {{}}}}; nothing was stored."
    )


def _echo(value: object) -> str | None:
    """Return what the answer can repeat; the JSON reader of Beats fails on a last backslash."""
    if isinstance(value, str) and len(value) <= MAX_ECHO_CHARACTERS and "\\" not in value:
        return value
    return None
