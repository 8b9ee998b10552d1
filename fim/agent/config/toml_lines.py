"""The line of each key of a TOML document, which tomllib does not keep."""

import re
from collections.abc import Iterator

# A key's path from the top: names, and indexes in arrays from 0.
Where = tuple[str | int, ...]
TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}=,.\n]"
    r"|[^\[\]{}=,.\s\#\"']+",
    re.DOTALL,
)
OPENING, CLOSING = {"[", "{"}, {"]", "}"}


class Lines:
    """Number the lines of a document that tomllib has taken. Keys of inline tables have none."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Where, int] = {}
        self._table: Where = ()
        self._table_counts: dict[Where, int] = {}
        for statement in _statements(text):
            self._note(statement)

    def of(self, where: Where) -> int | None:
        """Return the line of a key, else of the table or array that holds it; None without one."""
        while where:
            if where in self._lines:
                return self._lines[where]
            where = where[:-1]
        return None

    def _note(self, statement: list[tuple[str, int]]) -> None:
        line = statement[0][1]
        parts = [part for part, _ in statement]
        if parts[0] == "[":
            self._open_table(parts, line)
            return
        end = parts.index("=")
        where = (*self._table, *_names(parts[:end]))
        self._lines[where] = line
        for place, item_line in enumerate(_item_lines(statement[end + 1 :])):
            self._lines[(*where, place)] = item_line

    def _open_table(self, parts: list[str], line: int) -> None:
        table: Where = tuple(_names(parts))
        if parts[:2] == ["[", "["]:
            self._table_counts[table] = self._table_counts.get(table, 0) + 1
            table = (*table, self._table_counts[table] - 1)
        self._table = table
        self._lines[table] = line


def _statements(text: str) -> Iterator[list[tuple[str, int]]]:
    """Yield the parts of each header and each `key = value`, with their lines."""
    statement: list[tuple[str, int]] = []
    depth, line = 0, 1
    for match in TOKEN.finditer(text):
        part = match[0]
        depth += (part in OPENING) - (part in CLOSING)
        if part == "\n":
            if depth == 0 and statement:
                yield statement
                statement = []
        elif not part.startswith("#"):
            statement.append((part, line))
        line += part.count("\n")
    if statement:
        yield statement


def _item_lines(value: list[tuple[str, int]]) -> Iterator[int]:
    if value[0][0] != "[":
        return
    depth, is_item_awaited = 1, True
    for part, line in value[1:]:
        if is_item_awaited and part not in CLOSING:
            yield line
        depth += (part in OPENING) - (part in CLOSING)
        is_item_awaited = part == "," and depth == 1


def _names(parts: list[str]) -> list[str]:
    return [part.strip("\"'") for part in parts if part not in {"[", "]", "."}]
