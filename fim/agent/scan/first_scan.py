"""The first scan: every file below the roots, read by all cores, into the baseline."""

import collections
import fcntl
import marshal
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from fim.agent.changes.facts import read_facts
from fim.agent.scan.hashing import LENGTH, Task, read_directory, send
from fim.agent.state import baseline
from fim.agent.state.database import State, put_meta
from fim.agent.watch.scope import Scope

# A process is given its next directory while it still reads one.
MAX_TASKS = 2
MAX_OWN_FILES = 500
MAX_OWN_BYTES = 8 * 1024 * 1024
# A directory of large files takes long; other changes are reported meanwhile.
SELECT_SECONDS = 0.1
TASKS_BYTES = 1024 * 1024
DONE = "baseline_at:"
PACKAGE_ROOT = str(Path(__file__).resolve().parents[3])


class FirstScan:
    """Iterate it: each step stores some rows. Its counts are there to show progress by.

    Rows that exist already stay: they were written meanwhile, for a change that was reported.
    """

    def __init__(
        self, state: State, scope: Scope, roots: Sequence[str], *, workers: int = 0
    ) -> None:
        self._state = state
        self._scope = scope
        self._roots = roots
        self._workers = workers or len(os.sched_getaffinity(0))
        self.known_count = 0
        self.done_count = 0
        self.bytes_read = 0

    def __iter__(self) -> Iterator[None]:
        tasks: collections.deque[Task] = collections.deque()
        for root in self._roots:
            self._put_root(root)
            tasks.append((os.fsencode(root), None))
        yield from self._read_here(tasks)
        processes = [_Process(self._scope) for _ in range(self._workers if tasks else 0)]
        try:
            yield from self._divide(tasks, processes)
        finally:
            for process in processes:
                process.end()

    def finish(self, at: float) -> None:
        """Remember that the baseline of the roots is whole."""
        with self._state.writing() as connection:
            for root in self._roots:
                put_meta(connection, DONE + root, at)

    def _put_root(self, root: str) -> None:
        facts = read_facts(root)
        if facts.is_there:
            with self._state.writing() as connection:
                baseline.put(connection, root, facts)

    def _read_here(self, tasks: "collections.deque[Task]") -> Iterator[None]:
        """Read the first files in this process: it is done with a small tree before one starts."""
        while tasks and self.done_count < MAX_OWN_FILES and self.bytes_read < MAX_OWN_BYTES:
            rows, more, size = read_directory(*tasks.popleft(), self._scope)
            tasks.extend(more)
            self._keep(rows, more, size)
            yield None

    def _divide(
        self, tasks: "collections.deque[Task]", processes: "list[_Process]"
    ) -> Iterator[None]:
        selector = selectors.DefaultSelector()
        for process in processes:
            selector.register(process.answers, selectors.EVENT_READ, process)
        while tasks or any(process.open_count for process in processes):
            for process in processes * MAX_TASKS:
                if tasks and process.open_count < MAX_TASKS:
                    process.assign(tasks.popleft())
            for key, _ in selector.select(SELECT_SECONDS):
                rows, more, size = key.data.receive()
                tasks.extend(more)
                self._keep(rows, more, size)
            yield None
        selector.close()

    def _keep(self, rows: list[tuple], more: list[Task], size: int) -> None:
        self.done_count += len(rows)
        self.bytes_read += size
        self.known_count = max(self.known_count, self.done_count)
        self.known_count += sum(len(names) for _, names in more if names)
        with self._state.writing() as connection:
            baseline.learn_rows(connection, rows)


class _Process:
    def __init__(self, scope: Scope) -> None:
        self.open_count = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fim.agent.scan.hashing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=PACKAGE_ROOT,
        )
        assert self._process.stdin and self._process.stdout
        self._tasks, self.answers = self._process.stdin, self._process.stdout
        # Room for all tasks that it may have: neither side ever waits for the other to read.
        fcntl.fcntl(self._tasks, fcntl.F_SETPIPE_SZ, TASKS_BYTES)
        send(self._tasks, marshal.dumps(scope.ignoring))

    def assign(self, task: Task) -> None:
        send(self._tasks, marshal.dumps(task))
        self.open_count += 1

    def receive(self) -> tuple[list[tuple], list[Task], int]:
        """Return the rows of one task. Raises OSError where the process is gone."""
        head = self.answers.read(LENGTH.size)
        if len(head) < LENGTH.size:
            raise OSError("A process that hashes files has ended.")
        self.open_count -= 1
        return marshal.loads(self.answers.read(*LENGTH.unpack(head)))  # noqa: S302

    def end(self) -> None:
        if self.open_count:
            self._process.kill()
        self._tasks.close()
        self.answers.close()
        self._process.wait()


def is_learned(state: State, root: str) -> bool:
    return state.get(DONE + root) is not None
