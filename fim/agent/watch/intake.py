"""The way of steps into the joiner: what does not fit there waits in the journal, in its order."""

import threading
import time
from collections.abc import Sequence

from fim.agent.changes.events import Step
from fim.agent.state.journal import Journal
from fim.agent.watch.coalescer import Joiner

PAGE_STEPS = 1_000


class Intake:
    """Filled by whoever is told of changes; the engine lets in what waits on disk.

    Moves of directories wait for nothing: whoever looks at the steps before them, wherever these
    wait, must already know where the directory is.
    """

    def __init__(self, journal: Journal, joiner: Joiner) -> None:
        self._journal = journal
        self._joiner = joiner
        # Held from the numbering of steps until they are in the joiner, so that none overtakes.
        self._lock = threading.Lock()
        self._left_from: int | None = None

    @property
    def is_behind(self) -> bool:
        """Say whether steps wait on disk that the joiner does not know."""
        return self._left_from is not None

    def put(self, steps: Sequence[Step]) -> None:
        """Raises sqlite3.OperationalError where the journal cannot be written."""
        with self._lock:
            numbers = self._journal.write(steps)
            for number, step in zip(numbers, steps, strict=True):
                if step.is_directory_move or not self._is_left(number):
                    self._add(step, number)

    def put_unwritten(self, steps: Sequence[Step]) -> bool:
        """Take steps that no journal holds, as far as there is room; say whether there was."""
        with self._lock:
            has_room = not self.is_behind and not self._joiner.is_full
            for step in steps:
                if has_room or step.is_directory_move:
                    self._add(step, 0)
        return has_room

    def replay(self) -> None:
        """Begin with what the last run of the agent kept and did not report."""
        with self._lock:
            for number, step in self._journal.directory_moves():
                self._add(step, number)
            self._left_from = 0

    def let_in(self) -> None:
        """Fill the joiner from the journal, for the engine.

        Steps before a directory's move are let in once the engine has dealt with that: on disk
        they speak of where the directory is now.
        """
        while self._let_in_page():
            pass

    def _let_in_page(self) -> bool:
        with self._lock:
            if not self.is_behind or self._joiner.has_moves or self._joiner.is_full:
                return False
            page = self._journal.read(self._left_from or 0, most=PAGE_STEPS)
            for number, step in page:
                self._add(step, number)
            self._left_from = page[-1][0] + 1 if len(page) == PAGE_STEPS else None
        return True

    def _is_left(self, number: int) -> bool:
        if self._left_from is None and self._joiner.is_full:
            self._left_from = number
        return self.is_behind

    def _add(self, step: Step, number: int) -> None:
        self._joiner.add(step, number, now=time.monotonic())
