"""How many connections each of gunicorn's workers holds, so that they share them evenly.

All workers wait on one socket, and the one that wakes first accepts what it can: of sixteen agents
that connect at once and keep their connections, one worker got fourteen or all. It then worked
alone, on one core, for as long as they stayed.

gunicorn's `reuse_port` (SO_REUSEPORT) does not do the same: the kernel deals connections out by
chance, and to a worker that cannot take them. Measured with two workers on two busy cores:

                                                    one socket   reuse_port   these slots
    of 16 kept connections, the worker with fewer
      held on average (least of 40 tries)           4.4 (0)      6.5 (4)      7.7 (1)
    of 2 kept connections, one worker held both     -            8 of 20      0 of 20
    one worker hangs: answered of 80 new clients    -            42           80
    it is then killed: connections reset            -            38           0
"""

import mmap
import time

# An idle worker wakes in a tenth of it.
HEAD_START_SECONDS = 0.0005
MAX_HEAD_START_SECONDS = 0.005
BYTES = 4
FREE, NOT_ACCEPTING = 0, -1


class WorkerSlots:
    """A slot for each worker, in memory that all of them see."""

    def __init__(self, count: int) -> None:
        self._slots = memoryview(mmap.mmap(-1, count * BYTES)).cast("i")

    def take(self) -> "WorkerSlot":
        """Return a slot that no worker has. For the master, before it forks."""
        number = list(self._slots).index(FREE)
        slot = WorkerSlot(self._slots, number)
        slot.stop_accepting()
        return slot


class WorkerSlot:
    """One worker's slot: one more than its connections, since 0 is a slot that nobody has."""

    def __init__(self, slots: memoryview, number: int) -> None:
        self._slots = slots
        self._number = number

    def set_count(self, connections: int) -> None:
        self._slots[self._number] = connections + 1

    def stop_accepting(self) -> None:
        """Exclude this worker from the others' comparison: it accepts no connection now."""
        self._slots[self._number] = NOT_ACCEPTING

    def release(self) -> None:
        """Free the slot. For the master, once the worker has ended."""
        self._slots[self._number] = FREE

    def yield_to_others(self) -> None:
        """Wait a moment for a worker that holds fewer connections: it will take the next one.

        Longer where it holds far fewer: it may be busy, or the machine.
        """
        own = self._slots[self._number]
        fewest = min(slot for slot in self._slots if slot > FREE)
        if fewest < own:
            time.sleep(min(HEAD_START_SECONDS * (own - fewest), MAX_HEAD_START_SECONDS))
