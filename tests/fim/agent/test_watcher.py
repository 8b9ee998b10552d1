"""Real files under real inotify watches."""

import os
import time

import pytest

from fim.agent.watcher import Watcher, outermost


@pytest.fixture
def tree(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    return tree


@pytest.fixture
def watcher(tree):
    watcher = Watcher([os.fspath(tree)], settle_seconds=0.05)
    watcher.start()
    yield watcher
    watcher._observer.stop()


def seen(watcher, count, within_seconds=5.0):
    """Collect changes until there are so many; sort what belongs to different paths."""
    changes, deadline = [], time.monotonic() + within_seconds
    while len(changes) < count and time.monotonic() < deadline:
        changes += watcher.settled_changes(wait_seconds=0.05)
    changes += watcher.settled_changes(wait_seconds=0.1)
    return [(change.action, os.path.basename(change.path)) for change in changes]


def test_reports_a_new_file_once(watcher, tree):
    with open(tree / "a.txt", "w") as file:
        for _ in range(20):
            file.write("a line\n")
            file.flush()

    assert seen(watcher, 1) == [("created", "a.txt")]


def test_says_nothing_of_an_ignored_directory(tree):
    (tree / "var").mkdir()
    watcher = Watcher([os.fspath(tree)], settle_seconds=0.05, ignored=[os.fspath(tree / "var")])
    watcher.start()

    (tree / "var" / "node.sqlite3").write_text("a log")
    (tree / "various").write_text("a change")

    assert seen(watcher, 1) == [("created", "various")]
    assert watcher.stop() == []


def test_reports_writes_mode_and_deletion_of_an_old_file(tree):
    (tree / "a.txt").write_text("old")
    watcher = Watcher([os.fspath(tree)], settle_seconds=0.05)
    watcher.start()

    (tree / "a.txt").write_text("new")
    (tree / "a.txt").chmod(0o600)
    (tree / "a.txt").unlink()

    wanted = [("modified", "a.txt"), ("attributes", "a.txt"), ("deleted", "a.txt")]
    assert seen(watcher, 3) == wanted
    assert watcher.stop() == []


def test_reports_a_move_once_with_both_paths(watcher, tree):
    (tree / "a.txt").touch()
    seen(watcher, 1)

    (tree / "a.txt").rename(tree / "b.txt")

    (change,) = wait_for_one(watcher)
    assert (change.action, change.path) == ("moved", str(tree / "b.txt"))
    assert change.path_from == str(tree / "a.txt")


def wait_for_one(watcher):
    for _ in range(100):
        if changes := watcher.settled_changes(wait_seconds=0.05):
            return changes
    return []


def test_reports_the_files_of_a_directory_that_is_moved_in(watcher, tree, tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.txt").touch()
    (tmp_path / "in" / "b.txt").touch()

    (tmp_path / "in").rename(tree / "in")

    names = ["a.txt", "b.txt", "deep", "in"]
    assert sorted(seen(watcher, 4)) == [("created", name) for name in names]


def test_reports_files_that_are_made_at_once_in_new_directories(watcher, tree):
    (tree / "new" / "deep").mkdir(parents=True)
    (tree / "new" / "deep" / "a.txt").write_text("a")

    assert sorted(seen(watcher, 3)) == [("created", name) for name in ["a.txt", "deep", "new"]]


def test_follows_a_directory_that_is_moved_within_the_tree(watcher, tree):
    (tree / "old").mkdir()
    (tree / "old" / "a.txt").touch()
    seen(watcher, 2)
    (tree / "old").rename(tree / "new")
    assert seen(watcher, 2) == [("moved", "new"), ("moved", "a.txt")]

    (tree / "new" / "b.txt").touch()

    assert seen(watcher, 1) == [("created", "b.txt")]


def test_gives_what_it_still_holds_when_it_stops(tree):
    watcher = Watcher([os.fspath(tree)], settle_seconds=60)
    watcher.start()
    (tree / "a.txt").touch()

    changes = watcher.stop()

    assert [(change.action, change.path) for change in changes] == [
        ("created", str(tree / "a.txt"))
    ]


def test_says_once_that_a_watched_directory_is_gone(watcher, tree, caplog):
    tree.rmdir()

    assert seen(watcher, 1) == [("deleted", "tree")]
    assert [watcher.is_watching(), watcher.is_watching()] == [False, False]
    assert caplog.text.count("it is no longer watched") == 1


def test_watches_a_directory_within_another_one_once(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "ab").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")

    kept = outermost([tmp_path / "a" / "b", tmp_path / "link", tmp_path / "ab", tmp_path / "a"])

    assert kept == [str(tmp_path / "a"), str(tmp_path / "ab")]
