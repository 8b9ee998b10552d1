"""Batches of logs that hold the same in other orders wait for each other in one direction.

Both are held up at the middle one, and by then each has what it took first.
"""

from uuid import UUID

import pytest
from django.db import connection

from fim.models import FimLog, Subject
from fim.store.counts import recount
from fim.store.postgresql import MIN_COPY_ROWS
from fim.store.write import store_logs
from tests.factories import make_log, new_log
from tests.threats.parallel import held_up

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]


@pytest.mark.parametrize("count", [3, MIN_COPY_ROWS + 1])
def test_of_event_ids(count):
    def logs():
        return [new_log(event_id=str(UUID(int=number))) for number in range(1, count + 1)]

    make_log(event_id=str(UUID(int=count + 1)))  # they have one subject, which is there
    held_up(
        lambda: store_logs(logs()[count // 2 : count // 2 + 1]),
        lambda: store_logs(logs()),
        lambda: store_logs(logs()[::-1]),
    )

    assert FimLog.objects.count() == count + 1
    assert recount().drifted == 0


def test_of_subjects():
    def logs():
        return [new_log(path=path) for path in ("/a", "/b", "/c")]

    held_up(
        lambda: store_logs(logs()[1:2]),
        lambda: store_logs(logs()),
        lambda: store_logs(logs()[::-1]),
    )

    assert (FimLog.objects.count(), Subject.objects.count()) == (6, 3)
    assert recount().drifted == 0


def test_of_day_counts():
    def logs():
        return [new_log(host=host) for host in ("a", "m", "z")]

    make_log()
    held_up(
        lambda: store_logs(logs()[1:2]),
        lambda: store_logs(logs()),
        lambda: store_logs(logs()[::-1]),
    )

    assert FimLog.objects.count() == 7
    assert recount().drifted == 0
