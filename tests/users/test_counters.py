"""Counters that hold across threads and processes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.node import ROOT
from users.counters import KEEP_SECONDS, SLACK_SECONDS, _leases, _open, add_one

DAY = 86_400


def test_counts_up_and_tells_when_the_window_began(tmp_path):
    path = tmp_path / "throttle.sqlite3"
    add_one(path, "a", period_seconds=60, now=1000)

    assert add_one(path, "a", period_seconds=60, now=1059) == (2, 1000)


def test_a_window_ends_after_its_period(tmp_path):
    path = tmp_path / "throttle.sqlite3"
    add_one(path, "a", period_seconds=60, now=1000)

    assert add_one(path, "a", period_seconds=60, now=1060) == (1, 1060)


def test_keys_are_counted_apart(tmp_path):
    path = tmp_path / "throttle.sqlite3"
    add_one(path, "a", period_seconds=60, now=1000)

    assert add_one(path, "b", period_seconds=60, now=1000)[0] == 1


def test_requests_out_of_order_stay_in_their_window(tmp_path):
    path = tmp_path / "throttle.sqlite3"
    add_one(path, "a", period_seconds=60, now=1000.5)

    assert add_one(path, "a", period_seconds=60, now=1000.2) == (2, 1000.5)


@pytest.fixture(params=["one at a time", "a share at once", "by another process"])
def counted_ahead(request, tmp_path):
    """Count two with a clock that is ahead; return a function that counts one more, at a moment.

    Alone, out of the share that this process took, or after it forgot its share.
    """
    path = tmp_path / "throttle.sqlite3"
    limit = 0 if request.param == "one at a time" else 5000

    def add(now):
        return add_one(path, "a", period_seconds=DAY, now=now, limit=limit)

    add(1000 + SLACK_SECONDS)
    add(1000 + SLACK_SECONDS)
    if request.param == "by another process":
        _leases.clear()
    return add


def test_a_clock_that_was_set_back_begins_a_new_window(counted_ahead):
    assert counted_ahead(999.5) == (1, 999.5)


def test_a_window_of_a_clock_that_was_set_back_counts_on(counted_ahead):
    counted_ahead(999.5)

    assert counted_ahead(1000) == (2, 999.5)


def test_a_clock_that_is_behind_by_less_than_the_slack_counts_on(counted_ahead):
    count, started_at = counted_ahead(1000)

    assert (count > 2, started_at) == (True, 1000 + SLACK_SECONDS)


def test_forgets_what_no_window_needs(tmp_path):
    path = tmp_path / "throttle.sqlite3"
    add_one(path, "old", period_seconds=DAY, now=1000)

    add_one(path, "new", period_seconds=DAY, now=1000 + KEEP_SECONDS + 1)

    assert [row[0] for row in _open(path).execute("SELECT key FROM counter")] == ["new"]


def test_threads_get_each_number_once(tmp_path):
    path = tmp_path / "throttle.sqlite3"

    with ThreadPoolExecutor(8) as pool:
        counts = pool.map(lambda _: add_one(path, "a", period_seconds=DAY, now=1000)[0], range(400))

    assert sorted(counts) == list(range(1, 401))


def test_processes_get_each_number_once(tmp_path):
    script = (
        "import sys, pathlib; from users.counters import add_one\n"
        "for _ in range(200):\n"
        "    print(add_one(pathlib.Path(sys.argv[1]), 'a', period_seconds=86400, now=1000)[0])"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "throttle.sqlite3")]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]

    counts = [int(line) for process in running for line in process.communicate()[0].split()]

    assert sorted(counts) == list(range(1, 801))


def test_of_a_large_limit_a_share_is_taken_at_once(tmp_path):
    path = tmp_path / "throttle.sqlite3"

    counts = [add_one(path, "a", period_seconds=60, now=1000, limit=5000)[0] for _ in range(7)]

    assert counts == [1, 2, 3, 4, 5, 6, 7]
    assert _open(path).execute("SELECT count FROM counter").fetchone() == (12,)


def test_a_share_ends_with_its_window(tmp_path):
    path = tmp_path / "throttle.sqlite3"
    add_one(path, "a", period_seconds=60, now=1000, limit=5000)

    assert add_one(path, "a", period_seconds=60, now=1060, limit=5000) == (1, 1060)
