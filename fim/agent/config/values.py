"""What a value of the configuration file may be: each reader returns it or raises Refused."""

import os
from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from fim.agent.config.node_url import parse_node_url
from fim.agent.config.patterns import check_pattern
from fim.agent.config.working_hours import Shift, read_shift

STARTER_RULES = "starter"
MAX_KEY_BYTES = 1024
Reader = Callable[[Any], Any]
KIND_NAMES = {
    bool: "true or false",
    str: "a text",
    list: "an array",
    dict: "a table",
    int: "a whole number",
    float: "a number",
}


class Refused(ValueError):
    """What is wrong with a value: sentences, each with the index of the bad item, if an array's."""

    def __init__(self, reasons: Iterable[tuple[int | None, str]]) -> None:
        self.reasons = list(reasons)
        super().__init__("; ".join(reason for _, reason in self.reasons))


def refuse(reason: str) -> Refused:
    return Refused([(None, reason)])


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong_kind(value, str)
    if not value.strip() or not value.isprintable():
        raise refuse(f"{value!a} must hold visible characters and no line break")
    return value.strip()


def one_of(*choices: str) -> Reader:
    def read(value: Any) -> str:
        if value not in choices:
            raise refuse(f"{value!r} is none of {', '.join(choices)}")
        return value

    return read


def number(*, at_least: float, at_most: float, unit: str) -> Reader:
    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_kind(value, float)
        if not at_least <= value <= at_most:
            raise refuse(f"{value} is out of range; {at_least:g} to {at_most:g} {unit} are taken")
        return float(value)

    return read


def whole(*, at_least: int, at_most: int, unit: str, zero_is: str = "") -> Reader:
    """Read a whole number. `zero_is` says what 0 means, which is then valid besides the range."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong_kind(value, int)
        if not (at_least <= value <= at_most or (value == 0 and zero_is)):
            also = f", or 0 for {zero_is}" if zero_is else ""
            raise refuse(f"{value} is out of range; {at_least} to {at_most} {unit} are taken{also}")
        return value

    return read


def path(value: Any) -> str:
    name = text(value)
    if not os.path.isabs(name):
        raise refuse(f"{name!r} must be an absolute path")
    # POSIX lets two slashes at the beginning mean something else; Linux does not.
    return "/" + os.path.normpath(name).lstrip("/")


def url(value: Any) -> str:
    """Read the base URL of a node."""
    name = text(value)
    try:
        parse_node_url(name)
    except ValueError as exc:
        raise refuse(f"{name!a} is no URL of a node: {exc}") from exc
    return name


def machine_key(value: Any) -> str:
    """Read a key. No message contains it."""
    if not isinstance(value, str):
        raise _wrong_kind(value, str)
    key = value.strip()
    if not key.isascii() or not key.isprintable() or not key or len(key) >= MAX_KEY_BYTES:
        raise refuse("holds no key of a node; keys are one line of ASCII characters")
    return key


def rules_path(value: Any) -> str:
    return STARTER_RULES if value == STARTER_RULES else path(value)


def many(read_item: Reader) -> Reader:
    """Read an array item by item; every bad item is named, not just the first."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _wrong_kind(value, list)
        items, reasons = [], []
        for place, item in enumerate(value):
            try:
                items.append(read_item(item))
            except Refused as exc:
                reasons.append((place, str(exc)))
        if reasons:
            raise Refused(reasons)
        return tuple(items)

    return read


def pattern(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong_kind(value, str)
    try:
        check_pattern(value)
    except ValueError as exc:
        raise refuse(str(exc)) from exc
    return value


def extension(value: Any) -> str:
    name = text(value).lower().removeprefix("*").removeprefix(".")
    if not name or set(name) & set("*?[]/"):
        raise refuse(f'{value!r} is no extension; write "php" or "tar.gz"')
    return name


def shift(value: Any) -> Shift:
    try:
        return read_shift(text(value))
    except ValueError as exc:
        raise refuse(str(exc)) from exc


def timezone(value: Any) -> str:
    name = text(value)
    if name == "local":
        return name
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError) as exc:
        raise refuse(f'{name!r} is no time zone; write "Asia/Jakarta" or "local"') from exc
    return name


def _wrong_kind(value: Any, wanted: type) -> Refused:
    found = KIND_NAMES.get(type(value), "a date or time")
    return refuse(f"takes {KIND_NAMES[wanted]}, not {found}")
