"""Look for silent hosts while a worker process serves: Django itself has no clock."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.periodic import Rounds
from fim.hosts.services import check_hosts


def look_once() -> None:
    """Make the round that is due, if no other process of the node made it."""
    every = timedelta(seconds=settings.HOST_CHECK_SECONDS)
    try:
        check_hosts(now=timezone.now(), min_gap=every / 2, max_gap=every * 2)
    finally:
        connection.close()


_rounds = Rounds("watch of hosts", look_once, every_seconds=settings.HOST_CHECK_SECONDS)


def start_watching() -> None:
    """Begin to look for silent hosts in a thread of this process; a repeat does nothing.

    Each worker process has one, and each round is made by whoever comes first.
    """
    _rounds.start()


def stop_watching() -> None:
    _rounds.stop()
