"""Logs that wait, and which of them go when there is no room."""

import os

import pytest

from fim.agent.state.database import State
from fim.agent.state.spool import Spool


@pytest.fixture
def state(tmp_path):
    return State(os.fspath(tmp_path / "state"))


def put(spool, state, *categories, size=1000):
    with state.writing() as connection:
        for category in categories:
            log = {"category": category, "timestamp": "2026-01-01T00:00:00Z", "x": "x" * size}
            spool.append(connection, [log])


def waiting(spool):
    return [each.seq for each in spool.oldest(max_count=1_000, max_bytes=2**30)]


def test_numbers_go_on_after_a_restart_and_after_all_was_sent(state):
    spool = Spool(state, max_bytes=2**20)
    put(spool, state, "normal", "normal")
    spool.remove(spool.oldest(max_count=10, max_bytes=2**20))

    spool = Spool(state, max_bytes=2**20)
    put(spool, state, "normal")

    assert (waiting(spool), len(spool)) == ([3], 1)


def test_a_number_is_given_again_only_where_its_log_was_not_kept(state):
    spool = Spool(state, max_bytes=2**20)
    with pytest.raises(ZeroDivisionError), state.writing() as connection:
        spool.append(connection, [{"category": "normal"}])
        raise ZeroDivisionError
    spool.recount()

    put(spool, state, "normal")

    assert waiting(spool) == [1]


def test_a_batch_is_bounded_by_count_and_bytes_but_never_empty(state):
    spool = Spool(state, max_bytes=2**20)
    put(spool, state, *["normal"] * 5)

    assert len(spool.oldest(max_count=3, max_bytes=2**20)) == 3
    assert len(spool.oldest(max_count=10, max_bytes=2_500)) == 2
    assert len(spool.oldest(max_count=10, max_bytes=1)) == 1


def test_the_oldest_normal_logs_go_first_and_are_told_as_ranges(state):
    spool = Spool(state, max_bytes=6_500)

    put(spool, state, "normal", "normal", "danger", "suspicious", "normal", "normal", "normal")

    assert waiting(spool) == [3, 4, 5, 6, 7]
    assert spool.dropped() == [(1, 2, 2)]


def test_suspicious_logs_go_next_and_danger_and_malware_never(state):
    spool = Spool(state, max_bytes=2_500)

    put(spool, state, "malware", "suspicious", "normal", "danger", "malware", "malware")

    assert waiting(spool) == [1, 4, 5, 6]
    assert spool.dropped() == [(2, 2, 1), (3, 3, 1)]


def test_what_is_being_sent_is_not_dropped(state):
    spool = Spool(state, max_bytes=3_500)
    put(spool, state, "normal", "normal")
    spool.oldest(max_count=10, max_bytes=2**20)

    put(spool, state, "normal", "normal", "normal")

    assert waiting(spool)[:2] == [1, 2]
    assert [first for first, _, _ in spool.dropped()] == [3]


def test_a_range_is_remembered_until_it_was_told_as_it_is(state):
    spool = Spool(state, max_bytes=1_500)
    put(spool, state, "normal", "normal", "normal")
    told = spool.dropped()
    put(spool, state, "normal")

    spool.forget_dropped(told)
    grown = Spool(state, max_bytes=1_500).dropped()
    spool.forget_dropped(grown)

    assert (told, grown) == ([(1, 2, 2)], [(1, 3, 3)])
    assert spool.dropped() == []


def test_the_state_is_for_its_owner_alone_and_for_one_agent(state):
    assert os.stat(state.path).st_mode & 0o777 == 0o600
    assert os.stat(state.directory).st_mode & 0o777 == 0o700
