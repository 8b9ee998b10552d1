"""Work that comes back: a thread of a worker process that makes a round every few seconds."""

import logging
import threading
from collections.abc import Callable

from django.db import connection

logger = logging.getLogger(__name__)


class Rounds:
    """Makes rounds in a daemon thread, the first at once, until it is stopped.

    Whatever goes wrong in one, the next may do; it is said once, not every few seconds.
    """

    def __init__(self, name: str, make_round: Callable[[], None], *, every_seconds: float) -> None:
        self.name, self.make_round, self.every_seconds = name, make_round, every_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; a repeat does nothing."""
        if self._thread is None or not self._thread.is_alive():
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread, its round included."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        is_failing = False
        while True:
            try:
                self.make_round()
                is_failing = False
            except Exception:
                if not is_failing:
                    logger.exception("%s failed", self.name)
                is_failing = True
            finally:
                connection.close_if_unusable_or_obsolete()
            if self._stopping.wait(self.every_seconds):
                return
