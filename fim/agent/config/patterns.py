"""Paths chosen by patterns in gitignore's syntax, counted from the root of the file system."""

import re
from collections.abc import Iterable

# Each further star multiplies the time that a hostile file name can cost: within these limits the
# worst path of 4,096 bytes costs 0.2 s.
MAX_STARS = 4
MAX_STARS_IN_A_NAME = 3
MAX_DOUBLE_STARS = 2
# Stands for "\n", which a regular expression would take for the end of the line.
LINE_BREAK = "\ufffe"


class Patterns:
    """Match absolute paths against patterns: `*.log` anywhere, `/var/cache/` with all below it.

    The last pattern that matches decides; one that begins with `!` excludes the path again.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        # Only processes that match paths pay for the import.
        from pathspec import GitIgnoreSpec

        self._lines = tuple(lines)
        self._spec = GitIgnoreSpec.from_lines(self._lines)

    def __bool__(self) -> bool:
        return bool(self._lines)

    def match(self, path: str, *, is_directory: bool = False) -> str:
        """Return the pattern that matches the path; empty when none does."""
        if not self._lines:
            return ""
        name = path.lstrip("/").replace("\n", LINE_BREAK)
        result = self._spec.check_file(name + "/" if is_directory else name)
        if not result.include or result.index is None:
            return ""
        return self._lines[result.index]


def check_pattern(line: str) -> None:
    """Raise ValueError for a pattern that could not do what its writer means."""
    from pathspec import GitIgnoreSpec

    if not line.strip() or line.startswith("#"):
        raise ValueError("an empty pattern or a comment chooses nothing; leave it out")
    if not line.isprintable():
        raise ValueError(f"{line!a} holds a line break or a control character")
    _check_stars(line)
    try:
        spec = GitIgnoreSpec.from_lines([line])
    except ValueError as exc:
        raise ValueError(f"{line!r} is no pattern of gitignore's syntax: {exc}") from exc
    if spec.patterns[0].include is None:
        raise ValueError(f"{line!r} chooses nothing")


def _check_stars(line: str) -> None:
    names = re.sub(r"\\.", "", line).split("/")
    double_count = names.count("**")
    counts = [name.count("*") for name in names if name != "**"]
    if max(counts, default=0) > MAX_STARS_IN_A_NAME:
        raise ValueError(f"{line!r} has more than {MAX_STARS_IN_A_NAME} stars in one name")
    if double_count > MAX_DOUBLE_STARS:
        raise ValueError(f"{line!r} has more than {MAX_DOUBLE_STARS} times **")
    if double_count + sum(counts) > MAX_STARS:
        raise ValueError(f"{line!r} has more than {MAX_STARS} stars")
