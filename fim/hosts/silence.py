"""Look for silent hosts in a thread of each worker process: Django runs nothing by itself."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.periodic import PeriodicThread
from fim.hosts.services import check_hosts


def check_if_due() -> None:
    """Check the hosts, unless another process of the node just did."""
    every = timedelta(seconds=settings.HOST_CHECK_SECONDS)
    try:
        check_hosts(now=timezone.now(), min_gap=every / 2, max_gap=every * 2)
    finally:
        connection.close()


_thread = PeriodicThread("watch of hosts", check_if_due, every_seconds=settings.HOST_CHECK_SECONDS)


def start_watching() -> None:
    """Begin to look for silent hosts in a thread of this process; a repeat does nothing.

    Each worker process has one; whichever comes first checks.
    """
    _thread.start()


def stop_watching() -> None:
    _thread.stop()
