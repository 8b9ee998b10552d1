"""What was measured: rows against their bars, shown on the terminal and kept for RESULTS.md."""

import json
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
BENCH_DIR = ROOT / ".venv" / "bench"
COLUMNS = ("measured", "figure", "against its floor", "bar", "")
PACKAGES = ("Django", "djangorestframework", "gunicorn", "psycopg")


class Wrong(Exception):
    """A broken promise: rows are not what was acknowledged, counts drifted, a status is wrong."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `is_reached` is None where there is no bar; `ratio` and `bar` are texts."""

    what: str
    figure: str
    ratio: str = ""
    bar: str = ""
    is_reached: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = {None: "", True: "reached", False: "NOT REACHED"}[self.is_reached]
        return (self.what, self.figure, self.ratio, self.bar, verdict)


def at_least(what: str, figure: str, ratio: float, of: str, bar: float) -> Row:
    """Return a row whose ratio to a floor must not be smaller than its bar."""
    return Row(what, figure, f"{ratio:.2f} of {of}", f"at least {bar:g}", ratio >= bar)


def at_most(what: str, figure: str, ratio: float, of: str, bar: float) -> Row:
    return Row(what, figure, f"{ratio:.2f} of {of}", f"at most {bar:g}", ratio <= bar)


def under(what: str, figure: float, unit: str, bar: float) -> Row:
    """Return a row whose figure itself has a bar."""
    return Row(what, f"{figure:,.4g} {unit}", "", f"under {bar:g} {unit}", figure < bar)


@dataclass(slots=True)
class Section:
    """The rows of one benchmark on one database."""

    title: str
    command: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    taken_at: str = ""
    commit: str = ""
    machine: str = ""

    def add(self, *rows: Row) -> None:
        self.rows += rows


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def show(section: Section) -> None:
    say(f"\n{section.title}\n")
    table = [COLUMNS, *(row.cells for row in section.rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        say("  ".join(padded).rstrip())
    for note in section.notes:
        say(f"* {note}")


def keep(section: Section, name: str) -> None:
    """Keep a section, in place of an older one of that name, and write RESULTS.md anew."""
    section.taken_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    section.commit, section.machine = commit(), machine()
    kept = BENCH_DIR / "results"
    kept.mkdir(parents=True, exist_ok=True)
    (kept / f"{name}.json").write_text(json.dumps(asdict(section)))
    RESULTS.write_text(as_markdown(map(_read, sorted(kept.glob("*.json")))))


def _read(path: Path) -> Section:
    found = json.loads(path.read_text())
    return Section(**found | {"rows": [Row(**row) for row in found["rows"]]})


def as_markdown(sections: Iterable[Section]) -> str:
    parts = ["# Results", "", "Written by `python -m benchmarks`; README.md says what is measured."]
    for section in sections:
        parts += ["", f"## {section.title}", "", _origin(section), ""]
        parts += [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
        parts += [_line(row.cells) for row in section.rows]
        parts += ["", *(f"- {note}" for note in section.notes)] if section.notes else []
    return "\n".join(parts) + "\n"


def _origin(section: Section) -> str:
    return (
        f"`{section.command}` on {section.taken_at} at commit {section.commit}.\n{section.machine}"
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def commit() -> str:
    """Return the commit that was measured; marked where files differ from it."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=, changed", "--exclude=*"]
    done = subprocess.run(git, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip() or "unknown"


def machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB, {platform.platform()};"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}."
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
