"""Which changes become one, which stay apart, and where a file is read."""

import pytest
from watchdog import events

from fim.agent.changes import Change, ChangeJoiner, change_of


def joined(*changes):
    """Join (action, path) or ("moved", path, path_from) that come within the settle window."""
    joiner = ChangeJoiner(settle_seconds=0.5)
    for action, path, *path_from in changes:
        joiner.add(Change(action, path, 0.0, *path_from), now=0.0)
    return joiner.take_all()


def pairs(changes):
    return [(change.action, change.path) for change in changes]


def test_joins_writes_of_a_new_file_into_one_created_log():
    changes = joined(("created", "/a"), ("modified", "/a"), ("attributes", "/a"), ("closed", "/a"))

    assert pairs(changes) == [("created", "/a")]


def test_joins_repeated_writes_into_one_modified_log():
    changes = joined(("modified", "/a"), ("closed", "/a"), ("modified", "/a"), ("closed", "/a"))

    assert pairs(changes) == [("modified", "/a")]


def test_keeps_new_attributes_of_an_old_file_beside_its_writes():
    changes = joined(("modified", "/a"), ("attributes", "/a"), ("attributes", "/a"))

    assert pairs(changes) == [("modified", "/a"), ("attributes", "/a")]


def test_keeps_both_logs_of_a_file_that_was_created_and_deleted():
    changes = joined(("created", "/a"), ("modified", "/a"), ("deleted", "/a"))

    assert pairs(changes) == [("created", "/a"), ("deleted", "/a")]
    assert [change.place for change in changes] == [None, None]


def test_does_not_join_a_file_with_its_successor():
    changes = joined(("created", "/a"), ("deleted", "/a"), ("created", "/a"), ("modified", "/a"))

    assert [change.action for change in changes] == ["created", "deleted", "created"]
    assert [change.place for change in changes] == [None, None, "/a"]


def test_a_close_alone_is_no_change():
    assert joined(("closed", "/a")) == []


def test_reads_a_file_that_was_moved_while_it_waited_at_its_new_path():
    changes = joined(("created", "/a.tmp"), ("modified", "/a.tmp"), ("moved", "/a", "/a.tmp"))

    assert pairs(changes) == [("created", "/a.tmp"), ("moved", "/a")]
    assert [change.place for change in changes] == ["/a", "/a"]


def test_does_not_read_the_file_that_replaced_a_changed_one():
    changes = joined(("modified", "/a"), ("moved", "/a", "/b"))

    assert [change.place for change in changes] == [None, "/a"]


def test_does_not_join_writes_after_a_move_with_those_before():
    changes = joined(("modified", "/a"), ("moved", "/b", "/a"), ("modified", "/b"))

    assert pairs(changes) == [("modified", "/a"), ("moved", "/b"), ("modified", "/b")]


def test_keeps_the_order_of_different_paths():
    changes = joined(("created", "/b"), ("deleted", "/a"), ("modified", "/b"), ("created", "/c"))

    assert pairs(changes) == [("created", "/b"), ("deleted", "/a"), ("created", "/c")]


def test_waits_until_a_path_is_quiet():
    joiner = ChangeJoiner(settle_seconds=0.5)
    joiner.add(Change("created", "/a", 0.0), now=10.0)
    joiner.add(Change("modified", "/a", 0.0), now=10.4)

    assert joiner.take_settled(now=10.8) == []
    assert pairs(joiner.take_settled(now=10.9)) == [("created", "/a")]
    assert joiner.take_settled(now=20.0) == []


def test_a_close_keeps_a_written_file_waiting():
    joiner = ChangeJoiner(settle_seconds=0.5)
    joiner.add(Change("modified", "/a", 0.0), now=10.0)
    joiner.add(Change("closed", "/a", 0.0), now=10.4)

    assert joiner.take_settled(now=10.8) == []


def test_reports_a_file_that_is_written_without_a_pause():
    joiner = ChangeJoiner(settle_seconds=0.5)
    for tenth in range(50):
        joiner.add(Change("modified", "/a", 0.0), now=tenth / 10)

    assert joiner.take_settled(now=4.95) == []
    assert pairs(joiner.take_settled(now=5.0)) == [("modified", "/a")]


@pytest.mark.parametrize(
    "event",
    [
        events.FileOpenedEvent("/a"),
        events.FileClosedNoWriteEvent("/a"),
        events.DirModifiedEvent("/a"),
    ],
)
def test_ignores_events_that_change_nothing(event):
    assert change_of(event, 0.0) is None


def test_takes_both_paths_of_a_move():
    change = change_of(events.DirMovedEvent("/from", "/to"), 7.0)

    assert change == Change("moved", "/to", 7.0, path_from="/from", is_directory=True)
