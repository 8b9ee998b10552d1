"""A thread of a worker process that calls a function every few seconds."""

import threading

import pytest
from django.db import OperationalError

from config.periodic import PeriodicThread
from tests.patience import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start():
    started = []

    def start(function, *, every_seconds=0.01):
        started.append(PeriodicThread("thread under test", function, every_seconds=every_seconds))
        started[-1].start()
        return started[-1]

    yield start
    for thread in started:
        thread.stop()


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "thread under test"]


def said(caplog):
    return [record.message for record in caplog.records if record.name == "config.periodic"]


def test_calls_at_once(start):
    made = threading.Event()

    start(made.set, every_seconds=3_600)

    assert made.wait(timeout=PATIENCE_SECONDS)


def test_starting_twice_leaves_one_thread_that_ends_with_its_process(start):
    thread = start(lambda: None)
    thread.start()

    assert [thread.daemon for thread in threads()] == [True]


def test_can_be_stopped_and_started_again(start):
    made = []
    thread = start(lambda: made.append(1))
    thread.stop()
    assert threads() == []
    made.clear()

    thread.start()

    wait_until(lambda: made)


def test_says_once_what_goes_wrong_and_goes_on(start, caplog):
    made = []

    def fail_five_times():
        made.append(1)
        if len(made) <= 5:
            raise OperationalError("database is locked")

    start(fail_five_times)

    wait_until(lambda: len(made) > 7)
    assert said(caplog) == ["thread under test failed"]


def test_says_it_again_when_it_goes_wrong_again(start, caplog):
    made = []

    def fail_every_other_time():
        made.append(1)
        if len(made) % 2:
            raise OperationalError("database is locked")

    start(fail_every_other_time)

    wait_until(lambda: len(made) > 4)
    assert len(said(caplog)) >= 2
