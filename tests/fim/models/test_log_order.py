"""What comes before and behind a log in a list that is newest first."""

from datetime import timedelta

import pytest

from fim.models import FimLog
from fim.store.write import store_logs
from tests.factories import NOON, new_log

pytestmark = pytest.mark.django_db


@pytest.fixture
def newest_first():
    """Four logs of one moment between two others, and their ids against their moments."""
    seconds = (60, 0, 0, 0, 0, -60)
    store_logs(
        [new_log(timestamp=(NOON + timedelta(seconds=each)).isoformat()) for each in seconds]
    )
    return list(FimLog.objects.newest())


def test_each_log_parts_the_list_in_two(newest_first):
    for place, log in enumerate(newest_first):
        older = FimLog.objects.older_than(log.timestamp, log.pk).newest()
        newer = FimLog.objects.newer_than(log.timestamp, log.pk).newest()

        assert list(newer) == newest_first[:place]
        assert list(older) == newest_first[place + 1 :]


def test_a_log_that_was_deleted_leaves_its_place(newest_first):
    gone = newest_first[2]
    timestamp, pk = gone.timestamp, gone.pk
    gone.delete()

    assert list(FimLog.objects.older_than(timestamp, pk).newest()) == newest_first[3:]
