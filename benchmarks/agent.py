"""The agent: how fast it learns and compares a tree, what it takes, how soon a change is stored.

Bars: 100,000 files of 4 KiB learned in 25 s and at 0.8 of what `sha256sum` reads over two
processes; under 60 MB resident afterwards; a change stored within 2 s of its file's closing, at the
default window; 0.15 s for a report of incron. AIDE does the same scans where it is installed.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import psutil

from benchmarks.report import ROOT, Row, Section, Wrong, at_least, under
from benchmarks.servers import picket, scratch, starting_a_server
from tests.e2e.real_agent import RealAgent, real_agent, stored_logs

FULL_FILES, QUICK_FILES = 100_000, 2_000
FILES_IN_A_DIRECTORY = 1_000
FULL_ROUNDS, QUICK_ROUNDS = 3, 1
FULL_CHANGES, QUICK_CHANGES = 20, 2
SCAN_BAR_SECONDS, SHARE_BAR, RSS_BAR_MB, STORED_BAR_SECONDS = 25, 0.8, 60, 2.0
REPORT_BAR_SECONDS = 0.15
MEGABYTE = 2**20
POLL_SECONDS = 0.01
SHA256SUM, XARGS = "sha256sum by xargs -P2", "xargs -0 -P2 sha256sum"
LEARN, COMPARE = "first scan", "scan --report"
AIDE_INIT, AIDE_CHECK = "aide --init", "aide --check"
NOTE = "aide --check reads every file again; scan --report those whose stat is not the baseline's."
NO_AIDE = "AIDE is not installed here (Debian package aide)."
# The same facts of each file as the agent's baseline holds.
AIDE_CONFIG = """database_in=file:{directory}/aide.db
database_out=file:{directory}/aide.db.new
gzip_dbout=no
num_workers=2
{tree} p+u+g+s+m+c+i+ftype+l+xattrs+acl+sha256
"""


def measure(*, is_quick: bool, command: str) -> Section:
    section = Section("The agent", command)
    files = QUICK_FILES if is_quick else FULL_FILES
    with ExitStack() as stack:
        directory = stack.enter_context(scratch())
        node = stack.enter_context(picket(directory))
        stack.enter_context(starting_a_server())
        agent = stack.enter_context(real_agent(directory, node, window_seconds=1.5))
        make_files(agent.tree, files)
        tree = Tree(agent, directory)
        medians = tree.medians(QUICK_ROUNDS if is_quick else FULL_ROUNDS)
        section.add(*_scan_rows(medians, files))
        section.notes.append(NOTE if AIDE_INIT in medians else NO_AIDE)
        agent.start()
        section.add(_memory(agent, files))
        section.add(*_detection(agent, QUICK_CHANGES if is_quick else FULL_CHANGES))
        section.add(tree.report(FULL_CHANGES))
    return section


def make_files(tree: Path, count: int) -> None:
    for number in range(count):
        directory = tree / f"d{number // FILES_IN_A_DIRECTORY:03d}"
        if number % FILES_IN_A_DIRECTORY == 0:
            directory.mkdir()
        (directory / f"f{number:06d}").write_bytes(os.urandom(4096))


class Tree:
    """The files, and who reads them."""

    def __init__(self, agent: RealAgent, directory: Path) -> None:
        self._agent = agent
        self._directory = directory
        self._aide = directory / "aide.conf"
        # AIDE reads nothing behind a link, and says nothing of it.
        tree = agent.tree.resolve()
        self._aide.write_text(AIDE_CONFIG.format(directory=directory, tree=tree))

    def medians(self, rounds: int) -> dict[str, float]:
        """Return the seconds of each; all take turns in each round, for the machine's moods."""
        runs = {SHA256SUM: self._sha256sum, LEARN: self._learn, COMPARE: self._compare}
        if shutil.which("aide"):
            runs |= {AIDE_INIT: self._aide_init, AIDE_CHECK: self._aide_check}
        self._sha256sum()  # all of it is in the page cache from here on
        taken: dict[str, list[float]] = {what: [] for what in runs}
        for _ in range(rounds):
            for what, run_one in runs.items():
                started = time.perf_counter()
                run_one()
                taken[what].append(time.perf_counter() - started)
        return {what: statistics.median(seconds) for what, seconds in taken.items()}

    def report(self, count: int) -> Row:
        """From the start of the process that incron starts for each change to its end."""
        taken = []
        for _ in range(count):
            started = time.perf_counter()
            self._command("report", str(self._agent.tree), "IN_ATTRIB")
            taken.append(time.perf_counter() - started)
        return under("report, median", statistics.median(taken), "s", REPORT_BAR_SECONDS)

    def _sha256sum(self) -> None:
        sums = self._directory / "sums"
        _run("sh", "-c", f"find {self._agent.tree} -type f -print0 | {XARGS} > {sums}")

    def _learn(self) -> None:
        shutil.rmtree(self._directory / "state", ignore_errors=True)
        self._command("scan")

    def _compare(self) -> None:
        self._command("scan", "--report")

    def _command(self, *arguments: str) -> None:
        config = str(self._directory / "agent.toml")
        _run(sys.executable, "-m", "fim.agent", *arguments, "--config", config)

    def _aide_init(self) -> None:
        _run("aide", f"--config={self._aide}", "--init")
        (self._directory / "aide.db.new").replace(self._directory / "aide.db")

    def _aide_check(self) -> None:
        _run("aide", f"--config={self._aide}", "--check")


def _run(*command: str) -> None:
    """Each of these says with 0 that it found nothing wrong."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise Wrong(f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")


def _scan_rows(medians: dict[str, float], files: int) -> list[Row]:
    share = medians[SHA256SUM] / medians[LEARN]
    rows = [
        Row(f"{SHA256SUM}, {files:,} files", f"{medians[SHA256SUM]:.2f} s"),
        under(f"{LEARN}, {files:,} files", medians[LEARN], "s", SCAN_BAR_SECONDS),
        at_least(LEARN, f"{files / medians[LEARN]:,.0f} files/s", share, SHA256SUM, SHARE_BAR),
        Row(f"{COMPARE}, {files:,} files", f"{medians[COMPARE]:.2f} s"),
    ]
    for aide, own in ((AIDE_INIT, LEARN), (AIDE_CHECK, COMPARE)):
        if aide in medians:
            ratio = f"{own} takes {medians[own] / medians[aide]:.2f} of it"
            rows.append(Row(f"{aide}, {files:,} files", f"{medians[aide]:.2f} s", ratio))
    return rows


def _memory(agent: RealAgent, files: int) -> Row:
    resident = psutil.Process(agent.process.pid).memory_info().rss / MEGABYTE
    return under(f"agent with {files:,} files in its baseline", resident, "MB", RSS_BAR_MB)


def _detection(agent: RealAgent, count: int) -> list[Row]:
    """From a file's closing to the moment at which the node has its log."""
    taken = []
    for number in range(count):
        (agent.tree / f"new-{number}").write_bytes(b"new")
        started = time.perf_counter()
        before = number + 1
        while len(stored_logs(agent.node)) < before:
            time.sleep(POLL_SECONDS)
        taken.append(time.perf_counter() - started)
    middle, worst = statistics.median(taken), max(taken)
    what = "closed to stored, window 1.5 s"
    return [
        Row(f"{what}, median", f"{middle:.3f} s"),
        under(f"{what}, slowest of {count}", worst, "s", STORED_BAR_SECONDS),
    ]
