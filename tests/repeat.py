"""`python -m tests.repeat ROUNDS`: the tests that a slow machine could make fail, again and again.

So many rounds alone, and as many beside busy loops. Ends with figures; 1 where a round failed.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["tests/agent", "tests/e2e", "tests/browser"]
BUSY_LOOPS = 2
# It ends with whoever started it, whatever ended that.
LOOP = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): pass"
FAILURES = ("FAILED ", "ERROR ")


@contextmanager
def busy_loops(count):
    command = [sys.executable, "-c", LOOP, str(os.getpid())]
    loops = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def run_round(log):
    """Run the folders once; return the tests that failed, or how the run itself ended."""
    options = ["-q", "-n", "2", "--dist", "loadfile", "-m", "not slow"]
    command = [sys.executable, "-m", "pytest", *options, *FOLDERS]
    with log.open("w") as output:
        code = subprocess.run(command, cwd=ROOT, stdout=output, stderr=output).returncode
    lines = log.read_text(errors="replace").splitlines()
    failed = [line.split(" - ")[0] for line in lines if line.startswith(FAILURES)]
    return failed or ([f"pytest ended with {code}"] if code else [])


def repeat(rounds, loops, logs):
    """Return how many rounds failed, and say so."""
    what = f"beside {loops} busy loops" if loops else "alone"
    failures, started, failed_rounds = Counter(), time.monotonic(), 0
    with busy_loops(loops):
        for number in range(1, rounds + 1):
            failed = run_round(logs / f"{loops}-{number:03}.log")
            failures.update(failed)
            failed_rounds += bool(failed)
            say(f"round {number} of {rounds} {what}: {', '.join(failed) or 'passed'}")
    seconds = time.monotonic() - started
    say(f"{what}: {rounds} rounds, {failed_rounds} failed, {seconds:.0f} s")
    for test, count in failures.most_common():
        say(f"  {count} times {test}")
    return failed_rounds


def say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(rounds):
    logs = Path(tempfile.mkdtemp(prefix="picket-repeat-"))
    say(f"What pytest said is in {logs}.")
    failed = sum(repeat(rounds, loops, logs) for loops in (0, BUSY_LOOPS))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
