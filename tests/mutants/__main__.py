"""Break one thing at a time in a copy of the project, and say whether its tests notice.

`python -m tests.mutants [WORD...]` takes the mutants of table.py whose path or promise holds one of
the words, or all. Fails where one survives, where a text to replace is not found exactly once, and
where the tests fail without a fault.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.mutants.table import MUTANTS, Mutant
from tests.node import ROOT
from tests.postgres import postgres_server

# A fault may let two wait for each other; no list of tests here takes half as long.
MAX_SECONDS = 300
# Pytest's own codes; others say that the tests did not run, which proves nothing.
PASSED, FAILED = 0, 1


def main(words: Sequence[str]) -> int:
    chosen = [each for each in MUTANTS if not words or any(word in str(each) for word in words)]
    if misplaced := [str(each) for each in chosen if not each.is_placed(ROOT)]:
        print("The text to replace is not there exactly once:", *misplaced, sep="\n  ")
        return 2
    with ExitStack() as stack:
        copy, server = (
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mutants-")))
            for _ in range(2)
        )
        _copy_project(copy)
        urls = {"sqlite": ""}
        if any(each.database == "postgres" for each in chosen):
            urls["postgres"] = stack.enter_context(postgres_server(server))
        if not _passes_unbroken(copy, chosen, urls):
            return 2
        outcomes = Counter(_try(copy, each, urls[each.database]) for each in chosen)
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))
    return 0 if outcomes.keys() == {"killed"} else 1


def _copy_project(copy: Path) -> None:
    """Copy what git knows or would add, as it is now."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\0"):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)


def _passes_unbroken(copy: Path, mutants: Sequence[Mutant], urls: dict[str, str]) -> bool:
    for database, url in urls.items():
        tests = {name for each in mutants if each.database == database for name in each.tests}
        if tests and (code := _run_tests(copy, sorted(tests), url, MAX_SECONDS * 4)) != PASSED:
            print(f"The tests fail without a fault, on {database} (pytest says {code}).")
            return False
    return True


def _try(copy: Path, mutant: Mutant, url: str) -> str:
    started = time.monotonic()
    with mutant.placed(copy):
        code = _run_tests(copy, mutant.tests, url, MAX_SECONDS)
    outcome = {PASSED: "survived", FAILED: "killed", None: "killed"}.get(code, "not run")
    print(f"{outcome:8} {time.monotonic() - started:4.0f} s  {mutant}", flush=True)
    return outcome


def _run_tests(copy: Path, tests: Sequence[str], url: str, max_seconds: float) -> int | None:
    """Return pytest's code; None where time was up."""
    (own := copy / "tmp").mkdir(exist_ok=True)
    options = ["-qx", "-p", "no:cacheprovider", f"--basetemp={own / 'pytest'}"]
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    # Bytecode is told from its source by the second and the size, which a fault may keep.
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(own)}
    if url:
        env["DATABASE_URL"] = url
    command = [sys.executable, "-m", "pytest", *options, *tests]
    with _process_group(command, cwd=copy, env=env) as process:
        try:
            return process.wait(max_seconds)
        except subprocess.TimeoutExpired:
            return None


@contextmanager
def _process_group(command: Sequence[str], **options) -> Iterator[subprocess.Popen]:
    """Run a command quietly; end all that it started when the block does."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **options,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
