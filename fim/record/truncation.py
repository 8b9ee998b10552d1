"""Truncate the texts of another tool's record to the limits of a log. Pure.

A command line or a line of a log may be of any length and hold any byte, and whoever runs the
command chooses both: the change must be stored all the same. What is cut off here is kept in the
raw record beside the log.
"""

import json
import re
from itertools import islice
from typing import Any

from fim.record.fields import LIMITS, MAX_ATTRIBUTES_CHARACTERS

# Never cut: two paths, or two hosts, must not become one.
NAMES = ("path", "host")
MAX_TEXT_CHARACTERS = 16_384
MIN_TEXT_CHARACTERS = 16
MAX_KEY_CHARACTERS = 255
MAX_ITEMS = 1_000
NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
SURROGATES = re.compile(r"[\ud800-\udfff]")
# The surrogates in which `os.fsdecode` keeps the bytes 0x80 to 0xFF, less those bytes.
BYTES_BASE = 0xDC00


def truncate_text(text: str, limit: int) -> str:
    """Return a text within its limit, its NULs and lone surrogates shown as escapes."""
    shown = text[: limit + 1]
    if not shown.isascii() or "\0" in shown:
        shown = NO_TEXT.sub(_escape, shown)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def show_surrogates(text: str) -> str:
    """Return the whole text, its lone surrogates shown; a file's name on NTFS may hold any."""
    return text if text.isascii() else SURROGATES.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    r"""Show a byte that is no UTF-8 as `\xe9`, another lone surrogate as `\ud800`."""
    code = ord(found[0])
    if 0x80 <= code - BYTES_BASE <= 0xFF:
        code -= BYTES_BASE
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"


def truncate_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a log with every text within its limit, but a path and a host whole."""
    truncated = dict(fields)
    for name, limit in LIMITS.items():
        text = fields.get(name)
        if isinstance(text, str):
            truncated[name] = show_surrogates(text) if name in NAMES else truncate_text(text, limit)
    if isinstance(attributes := fields.get("attributes"), dict):
        truncated["attributes"] = truncate_attributes(attributes)
    return truncated


def truncate_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return attributes of at most MAX_ATTRIBUTES_CHARACTERS; the longest texts are cut first.

    Where that is not enough, for there are too many of them, the largest attributes are left out.
    """
    if _needs_nothing(attributes):
        return attributes
    shortest = _truncate(attributes, MIN_TEXT_CHARACTERS)
    if not _is_small(shortest):
        return _without_largest(shortest)
    limit = MAX_TEXT_CHARACTERS
    while not _is_small(truncated := _truncate(attributes, limit)):
        limit //= 2
    return truncated


def _needs_nothing(attributes: dict[str, Any]) -> bool:
    """Return whether all can stay as it is, as in nearly all records; False is always safe."""
    text = json.dumps(attributes)
    return len(text) <= MAX_TEXT_CHARACTERS and "\\u0000" not in text and "\\ud" not in text


def _is_small(attributes: dict[str, Any]) -> bool:
    return len(json.dumps(attributes)) <= MAX_ATTRIBUTES_CHARACTERS


def _truncate(attributes: dict[str, Any], limit: int) -> dict[str, Any]:
    items = islice(attributes.items(), MAX_ITEMS)
    return {
        truncate_text(name, MAX_KEY_CHARACTERS): _truncate_value(item, limit)
        for name, item in items
    }


def _truncate_value(value: object, limit: int) -> object:
    if isinstance(value, str):
        return truncate_text(value, limit)
    if isinstance(value, list):
        return [_truncate_value(item, limit) for item in value[:MAX_ITEMS]]
    return _truncate(value, limit) if isinstance(value, dict) else value


def _without_largest(attributes: dict[str, Any]) -> dict[str, Any]:
    sizes = {name: len(json.dumps({name: value})) for name, value in attributes.items()}
    kept, left = {}, MAX_ATTRIBUTES_CHARACTERS
    for name in sorted(sizes, key=sizes.__getitem__):
        left -= sizes[name]
        if left < 0:
            break
        kept[name] = attributes[name]
    return kept
