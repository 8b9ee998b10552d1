"""A thread of a worker process that makes a round every few seconds."""

import threading
import time

import pytest
from django.db import OperationalError

from config.periodic import Rounds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start():
    started = []

    def start(make_round, *, every_seconds=0.01):
        started.append(Rounds("rounds under test", make_round, every_seconds=every_seconds))
        started[-1].start()
        return started[-1]

    yield start
    for rounds in started:
        rounds.stop()


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "rounds under test"]


def wait_until(holds):
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def said(caplog):
    return [record.message for record in caplog.records if record.name == "config.periodic"]


def test_makes_the_first_round_at_once(start):
    made = threading.Event()

    start(made.set, every_seconds=3_600)

    assert made.wait(timeout=10)


def test_starting_twice_leaves_one_thread_that_ends_with_its_process(start):
    rounds = start(lambda: None)
    rounds.start()

    assert [thread.daemon for thread in threads()] == [True]


def test_can_be_stopped_and_started_again(start):
    made = []
    rounds = start(lambda: made.append(1))
    rounds.stop()
    assert threads() == []
    made.clear()

    rounds.start()

    wait_until(lambda: made)


def test_says_once_what_goes_wrong_and_goes_on(start, caplog):
    made = []

    def fail_five_times():
        made.append(1)
        if len(made) <= 5:
            raise OperationalError("database is locked")

    start(fail_five_times)

    wait_until(lambda: len(made) > 7)
    assert said(caplog) == ["rounds under test failed"]


def test_says_it_again_when_it_goes_wrong_again(start, caplog):
    made = []

    def fail_every_other_time():
        made.append(1)
        if len(made) % 2:
            raise OperationalError("database is locked")

    start(fail_every_other_time)

    wait_until(lambda: len(made) > 4)
    assert len(said(caplog)) >= 2
