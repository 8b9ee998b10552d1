"""Make the texts of another tool's record fit to be stored. Pure.

A command line or a line of a log may be of any length and hold any byte, and whoever runs the
command chooses them: that must not keep the change out. What is lost here stands in the raw
record beside the log.
"""

import json
import re
from itertools import islice
from typing import Any

from fim.record.fields import LIMITS, MAX_ATTRIBUTES_CHARACTERS

# These say what the log is about: two of them must not become one by being cut.
NAMES = ("path", "host")
MAX_TEXT_CHARACTERS = 16_384
LEAST_TEXT_CHARACTERS = 16
MAX_KEY_CHARACTERS = 255
MAX_ITEMS = 1_000
NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
SURROGATES = re.compile(r"[\ud800-\udfff]")
# The surrogates in which `os.fsdecode` keeps the bytes 0x80 to 0xFF, less those bytes.
BYTES_BASE = 0xDC00


def fit_text(text: str, limit: int) -> str:
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


def fit_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a log with every text within its limit, but a path and a host whole."""
    fitted = dict(fields)
    for name, limit in LIMITS.items():
        text = fields.get(name)
        if isinstance(text, str):
            fitted[name] = show_surrogates(text) if name in NAMES else fit_text(text, limit)
    if isinstance(attributes := fields.get("attributes"), dict):
        fitted["attributes"] = fit_attributes(attributes)
    return fitted


def fit_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return attributes of at most MAX_ATTRIBUTES_CHARACTERS; the longest texts are cut first.

    Where that is not enough, for there are too many of them, the largest attributes are left out.
    """
    if _fits(attributes):
        return attributes
    shortest = _cut(attributes, LEAST_TEXT_CHARACTERS)
    if not _is_small(shortest):
        return _without_largest(shortest)
    limit = MAX_TEXT_CHARACTERS
    while not _is_small(fitted := _cut(attributes, limit)):
        limit //= 2
    return fitted


def _fits(attributes: dict[str, Any]) -> bool:
    """Say whether nothing is to be done, as with nearly all records; may err on the safe side."""
    text = json.dumps(attributes)
    return len(text) <= MAX_TEXT_CHARACTERS and "\\u0000" not in text and "\\ud" not in text


def _is_small(attributes: dict[str, Any]) -> bool:
    return len(json.dumps(attributes)) <= MAX_ATTRIBUTES_CHARACTERS


def _cut(attributes: dict[str, Any], limit: int) -> dict[str, Any]:
    items = islice(attributes.items(), MAX_ITEMS)
    return {fit_text(name, MAX_KEY_CHARACTERS): _cut_value(item, limit) for name, item in items}


def _cut_value(value: object, limit: int) -> object:
    if isinstance(value, str):
        return fit_text(value, limit)
    if isinstance(value, list):
        return [_cut_value(item, limit) for item in value[:MAX_ITEMS]]
    return _cut(value, limit) if isinstance(value, dict) else value


def _without_largest(attributes: dict[str, Any]) -> dict[str, Any]:
    sizes = {name: len(json.dumps({name: value})) for name, value in attributes.items()}
    kept, left = {}, MAX_ATTRIBUTES_CHARACTERS
    for name in sorted(sizes, key=sizes.__getitem__):
        left -= sizes[name]
        if left < 0:
            break
        kept[name] = attributes[name]
    return kept
