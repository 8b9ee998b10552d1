"""What waits in memory is bounded; what waits on disk instead comes in its order."""

import os
import sqlite3
import time
from contextlib import contextmanager

import pytest

from fim.agent.changes.events import CREATED, MOVED, WRITTEN, FsEvent
from fim.agent.state import journal as journal_module
from fim.agent.state.database import State
from fim.agent.state.journal import Journal
from fim.agent.watch import coalescer as coalescer_module
from fim.agent.watch import intake as intake_module
from fim.agent.watch.coalescer import Coalescer
from fim.agent.watch.intake import Intake
from tests.agent.agents import changes, running_agent, wait_until
from tests.patience import PATIENCE_SECONDS

MAX_EVENTS = 10


@pytest.fixture(autouse=True)
def little_room(monkeypatch):
    monkeypatch.setattr(coalescer_module, "MAX_EVENTS", MAX_EVENTS)
    monkeypatch.setattr(intake_module, "PAGE_EVENTS", 4)


@pytest.fixture
def state(tmp_path):
    state = State(os.fspath(tmp_path / "intake"))
    yield state
    state.close()


@pytest.fixture
def coalescer():
    return Coalescer(window_seconds=1.0)


@pytest.fixture
def intake(state, coalescer):
    return Intake(Journal(state), coalescer)


@contextmanager
def stalled(engine):
    """Let the engine do nothing for a while."""
    engine._run_once = lambda: False
    yield
    del engine._run_once
    engine.wake()


def put(intake, *names, what=CREATED):
    intake.put([FsEvent(time.time(), what, f"/srv/{name}") for name in names])


def drained(intake, coalescer):
    """Take all as the engine does; give the numbers of the groups that came."""
    numbers = []
    while len(coalescer) or intake.has_backlog:
        intake.refill()
        assert len(coalescer) < MAX_EVENTS + 4
        _, groups = coalescer.pop_due(now=time.monotonic() + 60, max_groups=3)
        numbers += [number for group in groups for number in group.numbers]
    return numbers


def test_beyond_the_bound_events_wait_on_disk(intake, coalescer):
    put(intake, *range(100))

    assert (len(coalescer), intake.has_backlog) == (MAX_EVENTS, True)


def test_what_waits_on_disk_comes_once_and_in_its_order(intake, coalescer):
    put(intake, *range(60))
    put(intake, *range(60, 100))

    assert drained(intake, coalescer) == list(range(1, 101))
    assert not intake.has_backlog


def test_what_is_told_later_does_not_overtake_what_waits_on_disk(intake, coalescer):
    put(intake, *range(20))
    coalescer.pop_due(now=time.monotonic() + 60, max_groups=100)

    put(intake, "later")

    assert "/srv/later" not in coalescer
    assert drained(intake, coalescer) == list(range(11, 22))


def test_many_events_of_one_file_fill_it_too(intake, coalescer):
    put(intake, *["log"] * 30, what=WRITTEN)

    _, (group,) = coalescer.pop_due(now=0.0, max_groups=100)

    assert (group.count, intake.has_backlog) == (MAX_EVENTS, True)


def test_a_directorys_move_waits_for_nothing(intake, coalescer):
    put(intake, *range(20))

    intake.put([FsEvent(time.time(), MOVED, "/srv/new", "/srv/old", True)])
    (move,), _ = coalescer.pop_due(now=0.0, max_groups=0)

    assert list(move.numbers) == [21]


def test_events_on_disk_follow_the_directory_that_was_moved_after_them(state):
    journal = Journal(state)
    events = [("/srv/old/a", ""), ("/srv/older", ""), ("/srv/b", "/srv/old/b"), ("/srv/old", "")]
    journal.write([FsEvent(0.0, MOVED, *paths) for paths in [*events, ("/srv/old/late", "")]])

    with state.writing() as connection:
        journal_module.rename_directory(connection, "/srv/old", "/srv/new", before=5)

    found = [(event.path, event.path_from) for _, event in journal.read(0, limit=10)]
    wanted = [("/srv/new/a", ""), ("/srv/older", ""), ("/srv/b", "/srv/new/b"), ("/srv/new", "")]
    assert found == [*wanted, ("/srv/old/late", "")]


def test_events_get_no_number_again_after_all_were_reported(state):
    journal = Journal(state)
    first = journal.write([FsEvent(0.0, CREATED, "/srv/a")] * 2)
    with state.writing() as connection:
        journal_module.forget(connection, first)

    second = journal.write([FsEvent(0.0, CREATED, "/srv/b")])

    assert (first, second) == ([1, 2], [3])
    assert [number for number, _ in journal.read(0, limit=10)] == second


def change_and_move(tree):
    (tree / "old").mkdir()
    for number in range(30):
        (tree / "old" / f"{number}.txt").write_text("x")
    (tree / "old").rename(tree / "new")


def test_files_of_a_directory_that_was_moved_while_they_waited_on_disk(tree, node):
    with running_agent(tree, node.url) as agent:
        with stalled(agent.engine):
            change_and_move(tree)
            wait_until(lambda: agent.coalescer.has_moves)
            assert agent.intake.has_backlog

        assert len(changes(node, 31)) == 31
    wanted = {f"{tree}/new"} | {f"{tree}/new/{number}.txt" for number in range(30)}
    assert {log["path"] for log in node.logs} == wanted


def test_what_was_reported_is_on_disk_no_more(tree, node):
    with running_agent(tree, node.url) as agent:
        change_and_move(tree)
        changes(node, 31)

        journal = Journal(agent.state)
        assert wait_until(lambda: not journal.read(0, limit=1) and not journal.directory_moves())


def test_what_a_killed_agent_left_on_disk_is_told_by_the_next(tree, node, tmp_path):
    with running_agent(tree, node.url) as agent:
        agent.engine._run_once = lambda: False
        change_and_move(tree)
        wait_until(lambda: agent.coalescer.has_moves)
        agent.finish(within_seconds=PATIENCE_SECONDS)
        agent.is_finished = True

    with running_agent(tree, node.url):
        assert wait_until(lambda: len({log["path"] for log in node.logs}) == 31)
        assert len(changes(node, 31)) == 31
    assert {log["action"] for log in node.logs} == {"created"}


def test_an_agent_that_ends_leaves_on_disk_what_is_there(tree, node, tmp_path):
    with running_agent(tree, node.url) as agent:
        agent.engine._run_once = lambda: False
        for number in range(50):
            (tree / f"{number}.txt").touch()
        wait_until(lambda: agent.intake.has_backlog)

    with running_agent(tree, node.url):
        assert len(changes(node, 50)) == 50


def test_what_can_be_kept_nowhere_is_scanned_for(tree, node, monkeypatch, caplog):
    def refuse(journal, events):
        raise sqlite3.OperationalError("database or disk is full")

    with running_agent(tree, node.url) as agent:
        monkeypatch.setattr(Journal, "write", refuse)
        monkeypatch.setattr(coalescer_module, "MAX_EVENTS", 0)
        (tree / "a.txt").touch()

        assert changes(node, 1) == [("created", "a.txt")]
        assert agent.overflows
    assert "could not be kept" in caplog.text
    assert node.logs[0]["attributes"]["found_by"] == "scan: overflow"
