"""Unified diffs of two texts, bounded in length and in the time they take. Pure."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

MAX_LINES = 400
MAX_LINE_CHARACTERS = 400
# As JSON, in which a node counts a log's attributes; 65,536 are its limit for all of them.
MAX_CHARACTERS = 32_000
# Comparing longer changed parts line by line costs their product.
MAX_COMPARED_LINES = 1500
CONTEXT_LINES = 3
NO_END = "\\ No newline at end of file"
# As difflib has it: a tag, and the ranges of lines in both texts.
Opcode = tuple[str, int, int, int, int]
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def unified_diff(before: str, after: str) -> str:
    """Return the diff, without its two lines of file names; empty where the texts are equal.

    Control characters are shown as escapes, so that they are seen and no terminal acts on them. The
    last line says what was cut.
    """
    lines = _shown(_hunks(_lines_of(before), _lines_of(after)))
    kept: list[str] = []
    size = 0
    for line in islice(lines, MAX_LINES):
        size += len(json.dumps(line))
        if size > MAX_CHARACTERS:
            lines = iter([line, *lines])
            break
        kept.append(line)
    if left_count := sum(1 for _ in lines):
        kept.append(f"... {left_count} more lines")
    return "\n".join(kept)


def _lines_of(text: str) -> list[str]:
    lines = text.split("\n")
    if lines[-1] == "":
        return lines[:-1]
    return [*lines[:-1], f"{lines[-1]}\n{NO_END}"]


def _hunks(before: list[str], after: list[str]) -> Iterator[str]:
    """Yield the hunks; only the part between the first and the last changed line is compared."""
    head = _common(zip(before, after, strict=False))
    rest = min(len(before), len(after)) - head
    tail = min(rest, _common(zip(reversed(before), reversed(after), strict=False)))
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if not old and not new:
        return
    first = max(0, head - CONTEXT_LINES)
    lead, follow = before[first:head], before[len(before) - tail :][:CONTEXT_LINES]
    if max(len(old), len(new)) > MAX_COMPARED_LINES:
        yield _header(first, len(lead + old + follow), len(lead + new + follow))
        yield from _marked(" ", lead)
        yield from _marked("-", old)
        yield from _marked("+", new)
        yield from _marked(" ", follow)
        return
    left, right = lead + old + follow, lead + new + follow
    for group in difflib.SequenceMatcher(None, left, right).get_grouped_opcodes(CONTEXT_LINES):
        yield from _hunk(group, left, right, first)


def _hunk(
    group: list[Opcode], before: Sequence[str], after: Sequence[str], first: int
) -> Iterator[str]:
    (_, old, _, new, _), (_, _, old_end, _, new_end) = group[0], group[-1]
    yield _header(first + old, old_end - old, new_end - new, first + new)
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            yield from _marked(" ", before[i1:i2])
            continue
        yield from _marked("-", before[i1:i2])
        yield from _marked("+", after[j1:j2])


def _header(old: int, old_count: int, new_count: int, new: int | None = None) -> str:
    new = old if new is None else new
    return f"@@ -{_range(old, old_count)} +{_range(new, new_count)} @@"


def _range(first: int, count: int) -> str:
    """Write a range as diff does: from 1, and one line before where it is empty."""
    return f"{first + 1}" if count == 1 else f"{first + (count > 0)},{count}"


def _common(pairs: Iterable[tuple[str, str]]) -> int:
    count = 0
    for old, new in pairs:
        if old != new:
            break
        count += 1
    return count


def _marked(mark: str, lines: Iterable[str]) -> Iterator[str]:
    return (mark + line for line in lines)


def _shown(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        line, _, end = line.partition("\n")
        line = CONTROLS.sub(_escape, line)
        if len(line) > MAX_LINE_CHARACTERS:
            line = f"{line[:MAX_LINE_CHARACTERS]}... {len(line)} characters"
        yield line
        if end:
            yield end


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
