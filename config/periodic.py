"""A thread of a worker process that calls a function every few seconds."""

import logging
import threading
from collections.abc import Callable

from django.db import connection

logger = logging.getLogger(__name__)


class PeriodicThread:
    """Calls a function in a daemon thread, first at once, until it is stopped.

    A call that fails does not end the thread: the next may succeed. The first of several failures
    in a row is logged.
    """

    def __init__(self, name: str, function: Callable[[], None], *, every_seconds: float) -> None:
        self.name, self.function, self.every_seconds = name, function, every_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; does nothing where it runs."""
        if self._thread is None or not self._thread.is_alive():
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread, after the call that is under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        is_failing = False
        while True:
            try:
                self.function()
                is_failing = False
            except Exception:
                if not is_failing:
                    logger.exception("%s failed", self.name)
                is_failing = True
            finally:
                connection.close_if_unusable_or_obsolete()
            if self._stopping.wait(self.every_seconds):
                return
