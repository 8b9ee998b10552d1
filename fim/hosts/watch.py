"""Look for silent hosts while a worker process serves: Django itself has no clock."""

import logging
import threading
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from fim.hosts.services import check_hosts

logger = logging.getLogger(__name__)

_watch: threading.Thread | None = None
_stopping = threading.Event()


def start_watching() -> None:
    """Begin to look for silent hosts in a thread of this process; a repeat does nothing.

    Each worker process has one, and each round is made by whoever comes first.
    """
    global _watch
    if _watch is None or not _watch.is_alive():
        _stopping.clear()
        _watch = threading.Thread(target=_run, name="watch of hosts", daemon=True)
        _watch.start()


def stop_watching() -> None:
    """End the thread, its round included."""
    _stopping.set()
    if _watch is not None:
        _watch.join()


def _run() -> None:
    is_failing = False
    while True:
        try:
            look_once()
            is_failing = False
        # Whatever it was, the next round may do; said once, not every few seconds.
        except Exception:
            if not is_failing:
                logger.exception("hosts not checked")
            is_failing = True
        finally:
            connection.close()
        if _stopping.wait(settings.HOST_CHECK_SECONDS):
            return


def look_once() -> None:
    """Make the round that is due, if no other process of the node made it."""
    every = timedelta(seconds=settings.HOST_CHECK_SECONDS)
    check_hosts(now=timezone.now(), min_gap=every / 2, max_gap=every * 2)
