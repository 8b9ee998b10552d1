"""From a real file to a real HTTP server."""

import hashlib
import os
import subprocess
import sys

import pytest

from tests.agent.agents import at_one_moment, changes, running_agent
from tests.patience import PATIENCE_SECONDS


@pytest.fixture
def agent(tree, node):
    with running_agent(tree, node.url) as agent:
        yield agent


def test_posts_a_new_file_with_its_final_hash(agent, tree, node):
    (tree / "a.txt").write_text("final")

    assert changes(node, 1) == [("created", "a.txt")]
    assert node.logs[0]["sha256"] == hashlib.sha256(b"final").hexdigest()
    assert node.logs[0]["host"] == "web-1"


def test_says_nothing_of_what_was_there_before(tree, node):
    (tree / "old.txt").write_text("old")

    with running_agent(tree, node.url):
        (tree / "new.txt").touch()

        assert changes(node, 1) == [("created", "new.txt")]


def test_tells_what_a_write_a_mode_and_a_deletion_changed(tree, node):
    (tree / "a.txt").write_text("old")
    (tree / "b.txt").write_text("b")
    (tree / "c.txt").write_text("c")
    with running_agent(tree, node.url):
        (tree / "a.txt").write_text("newer")
        (tree / "b.txt").chmod(0o4755)
        (tree / "c.txt").unlink()

        wanted = [("attributes", "b.txt"), ("deleted", "c.txt"), ("modified", "a.txt")]
        assert sorted(changes(node, 3)) == wanted

    modified, attributes, deleted = sorted(node.logs, key=lambda log: log["path"])
    assert modified["sha256_before"] == hashlib.sha256(b"old").hexdigest()
    assert modified["attributes"]["before"] == {"size_bytes": 3}
    assert attributes["attributes"]["changed"] == ["mode"]
    assert (attributes["attributes"]["before"], attributes["mode"]) == ({"mode": "0644"}, "4755")
    assert deleted["sha256_before"] == hashlib.sha256(b"c").hexdigest()


def test_reports_an_extended_attribute_and_a_time(tree, node):
    (tree / "a.txt").touch()
    (tree / "b.txt").touch()
    with running_agent(tree, node.url):
        os.setxattr(tree / "a.txt", "user.note", b"x")
        os.utime(tree / "b.txt", (0, 0))

        assert sorted(changes(node, 2)) == [("attributes", "a.txt"), ("attributes", "b.txt")]
    assert {tuple(log["attributes"]["changed"]) for log in node.logs} == {
        ("xattrs",),
        ("mtime_ns",),
    }


def test_reports_a_move_once_with_both_paths(tree, node):
    (tree / "a.txt").write_text("a")
    with running_agent(tree, node.url):
        (tree / "a.txt").rename(tree / "b.txt")

        assert changes(node, 1) == [("moved", "b.txt")]
    assert node.logs[0]["path_from"] == str(tree / "a.txt")
    assert node.logs[0]["sha256"] == hashlib.sha256(b"a").hexdigest()


def test_a_move_over_another_file_tells_what_it_replaced(tree, node):
    (tree / "a.txt").write_text("a")
    (tree / "b.txt").write_text("b")
    with running_agent(tree, node.url):
        (tree / "a.txt").rename(tree / "b.txt")

        assert changes(node, 1) == [("moved", "b.txt")]
    assert node.logs[0]["attributes"]["replaced"]["sha256"] == hashlib.sha256(b"b").hexdigest()


def test_moves_into_and_out_of_the_tree_are_creation_and_deletion(tree, node, tmp_path):
    (tree / "a.txt").touch()
    (tmp_path / "b.txt").touch()
    with running_agent(tree, node.url):
        (tree / "a.txt").rename(tmp_path / "a.txt")
        (tmp_path / "b.txt").rename(tree / "b.txt")

        assert sorted(changes(node, 2)) == [("created", "b.txt"), ("deleted", "a.txt")]


def test_a_rotated_file_is_a_move_and_a_creation(tree, node):
    (tree / "a.log").write_text("old")
    with running_agent(tree, node.url) as agent:
        with at_one_moment(agent):
            (tree / "a.log").rename(tree / "a.log.1")
            (tree / "a.log").write_text("new")

        assert sorted(changes(node, 2)) == [("created", "a.log"), ("moved", "a.log.1")]


def test_a_place_is_left_before_it_is_taken(tree, node):
    for name in ("a", "b", "c"):
        (tree / name).write_text(name)
    with running_agent(tree, node.url) as agent:
        with at_one_moment(agent):
            (tree / "c").rename(tree / "d")
            (tree / "b").rename(tree / "c")
            (tree / "a").rename(tree / "b")
            (tree / "a").write_text("new")

        wanted = [("moved", "d"), ("moved", "c"), ("moved", "b"), ("created", "a")]
        assert changes(node, 4) == wanted


def test_of_two_files_that_change_places_one_is_moved(tree, node):
    (tree / "a").write_text("a")
    (tree / "b").write_text("b")
    with running_agent(tree, node.url) as agent:
        with at_one_moment(agent):
            (tree / "a").rename(tree / "c")
            (tree / "b").rename(tree / "a")
            (tree / "c").rename(tree / "b")

        assert [action for action, _ in changes(node, 2)] == ["moved", "created"]


def test_a_file_written_over_and_over_is_one_log_with_a_count(agent, tree, node):
    with at_one_moment(agent):
        for number in range(20):
            (tree / "a.txt").write_text(str(number))

    assert changes(node, 1) == [("created", "a.txt")]
    assert node.logs[0]["attributes"]["count"] > 2


def test_a_file_that_came_and_went_is_one_deletion_with_its_events(agent, tree, node):
    with at_one_moment(agent):
        (tree / "a.sh").write_text("rm")
        (tree / "a.sh").unlink()

    assert changes(node, 1) == [("deleted", "a.sh")]
    events = node.logs[0]["attributes"]["steps"]
    assert [event.split()[0] for event in events] == ["created", "written", "deleted"]


def test_reports_files_that_are_made_at_once_in_new_directories(agent, tree, node):
    (tree / "new" / "deep").mkdir(parents=True)
    (tree / "new" / "deep" / "a.txt").write_text("a")

    assert sorted(changes(node, 3)) == [("created", name) for name in ["a.txt", "deep", "new"]]


def test_reports_all_of_a_directory_that_comes_and_all_of_one_that_leaves(tree, node, tmp_path):
    for top in (tmp_path / "in", tree / "out"):
        (top / "deep").mkdir(parents=True)
        (top / "deep" / "a.txt").touch()
    with running_agent(tree, node.url):
        (tmp_path / "in").rename(tree / "in")
        (tree / "out").rename(tmp_path / "out")

        names = ["a.txt", "deep", "in"]
        wanted = [("created", name) for name in names]
        wanted += [("deleted", name) for name in ["a.txt", "deep", "out"]]
        assert sorted(changes(node, 6)) == wanted


def test_follows_a_directory_that_is_renamed(tree, node):
    (tree / "old" / "deep").mkdir(parents=True)
    (tree / "old" / "deep" / "a.txt").write_text("a")
    with running_agent(tree, node.url) as agent:
        with at_one_moment(agent):
            (tree / "old").rename(tree / "new")
            (tree / "new" / "deep" / "a.txt").write_text("changed")

        assert changes(node, 2) == [("moved", "new"), ("modified", "a.txt")]
    moved, modified = node.logs
    assert (moved["path_from"], moved["attributes"]["entries"]) == (str(tree / "old"), 2)
    assert modified["path"] == str(tree / "new" / "deep" / "a.txt")
    assert modified["sha256_before"] == hashlib.sha256(b"a").hexdigest()


def test_numbers_its_logs_in_order_across_restarts(tree, node):
    for run in range(2):
        with running_agent(tree, node.url):
            for number in range(10):
                (tree / f"{run}-{number}.txt").touch()
            changes(node, 10 * run + 10)

    assert [log["seq"] for log in node.logs] == list(range(1, 21))
    assert len({log["event_id"] for log in node.logs}) == 20


def test_a_restart_reports_what_changed_meanwhile(tree, node):
    for name in ("a.txt", "b.txt", "c.txt"):
        (tree / name).write_text(name)
    with running_agent(tree, node.url):
        pass
    (tree / "a.txt").write_text("other")
    (tree / "b.txt").unlink()
    (tree / "c.txt").rename(tree / "d.txt")
    (tree / "e.txt").touch()

    with running_agent(tree, node.url):
        wanted = [("created", "e.txt"), ("deleted", "b.txt"), ("modified", "a.txt")]
        assert sorted(changes(node, 4)) == [*wanted, ("moved", "d.txt")]
    assert {log["attributes"]["found_by"] for log in node.logs} == {"scan: start"}


def test_sends_what_it_held_when_it_was_stopped(tree, node):
    with running_agent(tree, node.url, window_seconds=60):
        (tree / "a.txt").touch()

    assert [log["action"] for log in node.logs] == ["created"]


def test_says_nothing_of_what_it_is_told_to_ignore(tree, node):
    (tree / "cache").mkdir()
    with running_agent(tree, node.url, ignore=("cache/", "*.tmp")) as agent:
        (tree / "cache" / "x").touch()
        with at_one_moment(agent):
            (tree / "a.tmp").touch()
            (tree / "a.tmp").rename(tree / "a.txt")

        assert changes(node, 1) == [("created", "a.txt")]
        assert agent.status().ignored["*.tmp"] >= 2
        assert str(tree / "cache") not in agent.reader.watches


def test_says_once_that_a_watched_directory_is_gone_and_what_was_in_it(tree, node, caplog):
    (tree / "a.txt").touch()
    with running_agent(tree, node.url, is_patient=False) as agent:
        with at_one_moment(agent):
            (tree / "a.txt").unlink()
            tree.rmdir()

        assert sorted(changes(node, 2)) == [("deleted", "a.txt"), ("deleted", "tree")]
        assert agent.ended.wait(PATIENCE_SECONDS)
        assert agent.status().gone == [str(tree)]
    assert caplog.text.count("it is no longer watched") == 1


def test_watches_again_a_directory_that_comes_back(agent, tree, node):
    tree.rmdir()
    changes(node, 1)
    (tree / "deep").mkdir(parents=True)
    changes(node, 3)

    (tree / "deep" / "a.txt").touch()

    wanted = [("deleted", "tree"), ("created", "tree"), ("created", "deep"), ("created", "a.txt")]
    assert changes(node, 4) == wanted
    assert agent.status().gone == []


def test_notices_the_end_of_a_directory_that_someone_holds_open(agent, tree, node):
    handle = os.open(tree, os.O_RDONLY)
    tree.rmdir()

    assert changes(node, 1) == [("deleted", "tree")]
    os.close(handle)


def test_the_agent_imports_no_django():
    code = (
        "import sys, pkgutil, importlib, fim.agent as package\n"
        "for module in pkgutil.walk_packages(package.__path__, 'fim.agent.'):\n"
        "    if not module.name.endswith('__main__'): importlib.import_module(module.name)\n"
        "sys.exit(any(name.partition('.')[0] == 'django' for name in sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
