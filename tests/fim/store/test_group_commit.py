"""Requests that wait together are committed together, and each gets its own answer."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection, connections, transaction

from fim.models import DayCount, FimLog
from fim.record.parsed import ParsedEvent
from fim.store import group_commit
from fim.store.group_commit import commit
from tests.factories import new_log
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.threats.parallel import held_up
from threats.models import Event

EVENT_ID = "0b8c1f5e-7f5c-4a0e-9d8e-3f1f6f0f2a11"


@pytest.fixture
def groups(monkeypatch):
    """Sizes of the groups that were stored, in order."""
    sizes, store = [], group_commit._store

    def counted(group):
        sizes.append(len(group))
        store(group)

    monkeypatch.setattr(group_commit, "_store", counted)
    return sizes


def commit_together(*writes):
    """Let each write wait behind another that leads, then hand over; return what each got."""

    def run(write):
        try:
            return commit(*write)
        except Exception as exc:
            return exc
        finally:
            connections.close_all()

    queue = group_commit._queue
    with ThreadPoolExecutor(len(writes)) as pool:
        assert queue.join(group_commit.PendingWrite([]))
        queue.next_group()
        waiting = [pool.submit(run, write) for write in writes]
        wait_until(lambda: len(queue.waiting) >= len(writes))
        queue.hand_over()
        return [one.result(timeout=PATIENCE_SECONDS) for one in waiting]


@pytest.mark.django_db(transaction=True)
def test_commits_in_one_transaction_what_waited(groups):
    logs = [new_log(path=f"/srv/{n}") for n in range(8)]

    fresh = commit_together(*(([log],) for log in logs))

    assert groups == [8]
    assert fresh == [{id(log)} for log in logs]
    assert FimLog.objects.count() == DayCount.objects.get().count == 8


@pytest.mark.django_db(transaction=True)
def test_one_that_fails_takes_no_other_with_it(groups):
    bad = ParsedEvent("ids-1", "login", "NO SEVERITY", "", EVENT_ID)

    first, failed, last = commit_together(([new_log()],), ([new_log()], [bad]), ([new_log()],))

    assert isinstance(failed, ValueError)
    assert (len(first), len(last), FimLog.objects.count()) == (1, 1, 2)
    assert groups == [3, 1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_a_repeat_in_the_same_group_is_a_repeat():
    same = [new_log(event_id=EVENT_ID) for _ in range(4)]

    fresh = commit_together(*(([log],) for log in same))

    assert sorted(map(len, fresh)) == [0, 0, 0, 1]
    assert FimLog.objects.count() == DayCount.objects.get().count == 1


@pytest.mark.django_db(transaction=True)
def test_is_part_of_the_callers_transaction():
    with pytest.raises(RuntimeError), transaction.atomic():
        commit([new_log()], [ParsedEvent("ids-1", "login", "HIGH", "", EVENT_ID)])
        raise RuntimeError

    assert not FimLog.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_group_is_bounded(groups, monkeypatch):
    monkeypatch.setattr(group_commit, "MAX_LOGS_PER_GROUP", 4)

    commit_together(*(([new_log(), new_log()],) for _ in range(5)))

    assert (sum(groups), max(groups)) == (5, 2)
    assert FimLog.objects.count() == 10


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.django_db(transaction=True)
def test_groups_of_two_processes_never_wait_in_a_ring():
    """In one process they never meet; inside a transaction each is committed by itself."""
    ids = [str(UUID(int=number)) for number in (1, 2, 3)]
    events = [ParsedEvent("ids-1", "login", "LOW", "", each) for each in ids]

    held_up(
        lambda: commit([], events[1:2]),
        lambda: transaction.atomic(commit)([], events),
        lambda: transaction.atomic(commit)([], events[::-1]),
    )

    assert Event.objects.count() == 3
