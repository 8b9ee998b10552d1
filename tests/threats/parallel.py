"""Several callers at once, each on a thread and a database connection of its own."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection, connections, transaction

from tests.patience import PATIENCE_SECONDS

WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def at_once(*calls):
    """Start the calls together; return what each returned or raised, in their order."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(timeout=PATIENCE_SECONDS)
            return call()
        except Exception as exc:
            return exc
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def held_up(hold, *calls, is_undone=True):
    """Start the calls while a transaction has done `hold`; end it once all of them wait.

    PostgreSQL alone. Returns nothing; raises what a call raised.
    """

    def run(call):
        try:
            call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        with transaction.atomic():
            hold()
            started = [pool.submit(run, call) for call in calls]
            wait_until_waiting(len(calls))
            transaction.set_rollback(is_undone)
        for one in started:
            one.result(timeout=30)


def wait_until_waiting(count):
    """Wait until so many statements wait for a lock. PostgreSQL alone."""
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        while cursor.execute(WAITING).fetchone()[0] < count:
            assert time.monotonic() < deadline
            # A transaction sees the list as it was when it first looked.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
