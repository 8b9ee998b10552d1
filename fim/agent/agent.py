"""The agent's loop: changes from the watcher become logs for the sender."""

import threading
import time

from fim.agent.changes import Change
from fim.agent.logs import log_of
from fim.agent.sender import Sender
from fim.agent.watcher import Watcher

TICK_SECONDS = 0.1


class Agent:
    def __init__(self, *, watcher: Watcher, sender: Sender, host: str) -> None:
        self._watcher = watcher
        self._sender = sender
        self._host = host
        self._seq = 0
        self.unreported_count = 0

    def start(self) -> None:
        """Return once changes are seen. Raises OSError when a directory cannot be watched."""
        self._watcher.start()
        self._sender.start()

    def run(self, stop: threading.Event) -> None:
        """Report changes until `stop` is set, the sender gave up or nothing is watched any more."""
        while not stop.is_set() and not self._sender.failure and self._watcher.is_watching():
            for change in self._watcher.settled_changes(wait_seconds=TICK_SECONDS):
                self._report(change)

    def finish(self, *, within_seconds: float) -> None:
        """Report what is still held and send what waits, for about so long.

        A file that is being hashed is hashed to its end. What there is no time for is counted.
        """
        deadline = time.monotonic() + within_seconds
        held = self._watcher.stop()
        for change in held:
            if time.monotonic() < deadline:
                self._report(change)
            else:
                self.unreported_count += 1
        self._sender.finish(within_seconds=max(0.0, deadline - time.monotonic()))

    def _report(self, change: Change) -> None:
        self._seq += 1
        self._sender.put(log_of(change, host=self._host, seq=self._seq))
