"""How many connections each of gunicorn's workers holds, so that they share them evenly.

All workers wait on one socket, and the one that wakes first takes what it can: of sixteen agents
that connect at once and keep their connections, one worker got fourteen or all. It then worked
alone, on one core, for as long as they stayed.
"""

import mmap
import time

# An idle worker wakes in a tenth of it.
HEAD_START_SECONDS = 0.0005
LONGEST_HEAD_START_SECONDS = 0.005
BYTES = 4
FREE, ASIDE = 0, -1


class Places:
    """A place for each worker, in memory that all of them see."""

    def __init__(self, count: int) -> None:
        self._held = memoryview(mmap.mmap(-1, count * BYTES)).cast("i")

    def take(self) -> "Place":
        """Return a place that no worker has. For the master, before it forks."""
        number = list(self._held).index(FREE)
        place = Place(self._held, number)
        place.step_aside()
        return place


class Place:
    """One worker's place: it holds one more than its connections, so that 0 is nobody's."""

    def __init__(self, held: memoryview, number: int) -> None:
        self._held = held
        self._number = number

    def note(self, connections: int) -> None:
        self._held[self._number] = connections + 1

    def step_aside(self) -> None:
        """Have the others count without this worker: it takes no connection now."""
        self._held[self._number] = ASIDE

    def leave(self) -> None:
        """Give the place up. For the master, once the worker has ended."""
        self._held[self._number] = FREE

    def give_way(self) -> None:
        """Wait a moment for a worker that holds fewer connections: it will take the next one.

        Longer where it holds far fewer: it may be busy, or the machine.
        """
        own = self._held[self._number]
        fewest = min(held for held in self._held if held > FREE)
        if fewest < own:
            time.sleep(min(HEAD_START_SECONDS * (own - fewest), LONGEST_HEAD_START_SECONDS))
