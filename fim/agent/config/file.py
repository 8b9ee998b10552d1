"""The agent's configuration: one TOML file, read once and checked whole.

A file with bad keys is refused with all of them named, each by line and key; what does no harm is
kept as a warning.
"""

import difflib
import os
import re
import socket
import stat
import tomllib
from collections.abc import Iterable
from dataclasses import Field, fields, is_dataclass, replace
from typing import Any, TypeVar

from fim.agent.config import values as values
from fim.agent.config.sections import Config, NodeSettings, WatchSettings
from fim.agent.config.toml_lines import Lines, Where
from fim.agent.config.values import STARTER_RULES

__all__ = ["Config", "ConfigError", "load"]

MAX_FILE_BYTES = 1024 * 1024
OTHERS = 0o077
SYNTAX_PLACE = re.compile(r" ?\(at (?:line (\d+), column \d+|end of document)\)$")
Section = TypeVar("Section")


class ConfigError(ValueError):
    """A configuration that cannot be used; the text has a line for each thing that is wrong."""


def load(path: str) -> Config:
    """Read and check a configuration file. Raises ConfigError that names every bad key."""
    text = _text_of(path)
    name = os.path.basename(path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(_syntax_text(name, str(exc))) from exc
    except RecursionError as exc:
        raise ConfigError(f"{name}: not valid TOML: too many brackets in one another.") from exc
    reading = _ConfigReader(path, Lines(text))
    config = reading.config(document)
    if reading.problems:
        raise ConfigError("\n".join(reading.problems))
    return config


class _ConfigReader:
    """Reads one document into a Config and collects what is wrong in it."""

    def __init__(self, path: str, lines: Lines) -> None:
        self._path = path
        self._name = os.path.basename(path)
        self._lines = lines
        self._problems: list[tuple[int, str]] = []
        self._warnings: list[str] = []

    @property
    def problems(self) -> list[str]:
        return [problem for _, problem in sorted(self._problems)]

    def config(self, document: dict[str, Any]) -> Config:
        found = self._values(Config, document, ())
        found["watch"] = self._watched(document.get("watch"))
        config = Config(**found)
        self._check_rules(config.yara.rules)
        return replace(
            config,
            host=config.host or socket.gethostname(),
            node=self._with_key(config.node),
            warnings=tuple(self._warnings),
        )

    def _values(self, kind: Any, table: Any, where: Where) -> dict[str, Any]:
        """Read one table. What is bad in it becomes a problem and is left at its default."""
        if not isinstance(table, dict):
            self._refuse(where, f"takes a table, written [{where[-1]}], not a single value")
            return {}
        known = {each.name: each for each in fields(kind) if not each.metadata.get("is_internal")}
        for name in table.keys() - known.keys():
            self._refuse((*where, name), _unknown_text(name, known))
        found: dict[str, Any] = {}
        for name in known.keys() & table.keys():
            self._value(known[name], table[name], (*where, name), found)
        return found

    def _value(self, key: Field[Any], value: Any, where: Where, found: dict[str, Any]) -> None:
        if is_dataclass(key.default):
            kind: Any = type(key.default)
            found[key.name] = kind(**self._values(kind, value, where))
        elif read := key.metadata.get("read"):
            try:
                found[key.name] = read(value)
            except values.Refused as exc:
                for place, reason in exc.reasons:
                    self._refuse(where if place is None else (*where, place), reason)

    def _watched(self, tables: Any) -> tuple[WatchSettings, ...]:
        if not isinstance(tables, list) or not tables:
            self._refuse(("watch",), 'names no directory; write [[watch]] and path = "/etc"')
            return ()
        found = [
            self._values(WatchSettings, table, ("watch", place))
            for place, table in enumerate(tables)
        ]
        for place, keys in enumerate(found):
            if "path" in keys and not os.path.isdir(keys["path"]):
                self._warn(("watch", place, "path"), f"{keys['path']!r} is no directory now")
            elif isinstance(tables[place], dict) and "path" not in tables[place]:
                self._refuse(("watch", place), 'has no path; write path = "/etc"')
        return tuple(WatchSettings(**keys) for keys in found if "path" in keys)

    def _with_key(self, node: NodeSettings) -> NodeSettings:
        where = ("node", "key_file")
        if not node.key_file:
            if node.key and stat.S_IMODE(os.stat(self._path).st_mode) & OTHERS:
                advice = f"others may read {self._path!r}; run chmod 600 on it"
                self._warn(("node", "key"), advice)
            return node
        if node.key:
            self._refuse(where, "stands beside node.key; give one of them")
            return node
        try:
            with open(node.key_file, encoding="ascii") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & OTHERS:
                    advice = f"others may read {node.key_file!r}; run chmod 600 on it"
                    self._warn(where, advice)
                return replace(node, key=values.machine_key(file.read(values.MAX_KEY_BYTES)))
        except (OSError, ValueError) as exc:
            self._refuse(where, f"{node.key_file!r} cannot be read: {_reason(exc)}")
            return node

    def _check_rules(self, rules: Iterable[str]) -> None:
        for place, path in enumerate(rules):
            if path != STARTER_RULES and not os.access(path, os.R_OK):
                self._refuse(("yara", "rules", place), f"{path!r} is missing or cannot be read")

    def _refuse(self, where: Where, reason: str) -> None:
        line = self._lines.of(where) or 1
        self._problems.append((line, self._message(where, reason)))

    def _warn(self, where: Where, reason: str) -> None:
        self._warnings.append(self._message(where, reason))

    def _message(self, where: Where, reason: str) -> str:
        key = ".".join(part for part in where if isinstance(part, str))
        end = "" if reason.endswith("?") else "."
        return f"{self._name} line {self._lines.of(where) or 1}, {key}: {reason}{end}"


def _text_of(path: str) -> str:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        text = content.decode()
    except (OSError, ValueError) as exc:
        raise ConfigError(f"{path} cannot be read: {_reason(exc)}.") from exc
    if len(content) > MAX_FILE_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_FILE_BYTES} bytes.")
    return text


def _reason(exc: Exception) -> str:
    if isinstance(exc, UnicodeError):
        return f"it is not {exc.encoding.upper()} text" if hasattr(exc, "encoding") else "no text"
    return exc.strerror or str(exc) if isinstance(exc, OSError) else str(exc)


def _syntax_text(name: str, reason: str) -> str:
    place = SYNTAX_PLACE.search(reason)
    line = f" line {place[1]}" if place and place[1] else ""
    reason = SYNTAX_PLACE.sub("", reason)
    hint = "; the key or table is given twice" if "overwrite" in reason else ""
    return f"{name}{line}: not valid TOML: {reason}{hint}."


def _unknown_text(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"is unknown; did you mean {near[0]}?" if near else f"is unknown; {_listed(known)}"


def _listed(names: Iterable[str]) -> str:
    return f"known are {', '.join(sorted(names))}"
