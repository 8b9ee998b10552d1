"""A file that takes long to read holds up nobody else's log."""

import hashlib
import os
import threading
import time

import pytest

from fim.agent.changes.facts import read_facts
from fim.agent.engine import large_files as module
from tests.agent.agents import changes, running_agent, wait_until
from tests.patience import PATIENCE_SECONDS


class SlowReading:
    """Reads of large files that begin when they are told to."""

    def __init__(self):
        self.asked = []
        self.may_go_on = threading.Event()

    def __call__(self, path):
        self.asked.append(os.path.basename(path))
        self.may_go_on.wait(PATIENCE_SECONDS)
        return read_facts(path)


@pytest.fixture
def reading(monkeypatch):
    reading = SlowReading()
    monkeypatch.setattr(module, "LARGE_BYTES", 1_000)
    monkeypatch.setattr(module, "read_facts", reading)
    yield reading
    reading.may_go_on.set()


def large(path, letter="x"):
    path.write_text(letter * 2_000)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_another_files_log_arrives_while_a_large_file_is_read(tree, node, reading):
    with running_agent(tree, node.url):
        sha256 = large(tree / "large.iso")
        wait_until(lambda: reading.asked)
        (tree / "shell.php").write_text("x")

        assert changes(node, 1) == [("created", "shell.php")]

        reading.may_go_on.set()

        assert changes(node, 2) == [("created", "shell.php"), ("created", "large.iso")]
    assert node.logs[1]["sha256"] == sha256
    assert reading.asked == ["large.iso"]


def test_half_a_gigabyte_does_not_hold_up_a_web_shell(tree, node):
    with running_agent(tree, node.url) as agent:
        with open(tree / "large.img", "wb") as file:
            file.truncate(512 * 1024 * 1024)
        wait_until(lambda: agent.coalescer._aside)
        (tree / "shell.php").write_text("x")

        assert changes(node, 2)[0] == ("created", "shell.php")


def test_what_is_written_while_it_is_read_is_one_log_of_what_is_there(tree, node, reading):
    with running_agent(tree, node.url):
        large(tree / "large.iso")
        wait_until(lambda: reading.asked)
        sha256 = large(tree / "large.iso", "y")
        time.sleep(0.3)
        reading.may_go_on.set()

        assert changes(node, 1) == [("created", "large.iso")]
    assert node.logs[0]["sha256"] == sha256


def test_one_that_is_renamed_while_it_is_read_is_told_where_it_is(tree, node, reading):
    with running_agent(tree, node.url):
        sha256 = large(tree / "a.iso")
        wait_until(lambda: reading.asked)
        (tree / "a.iso").rename(tree / "b.iso")
        time.sleep(0.3)
        reading.may_go_on.set()

        assert changes(node, 1) == [("created", "b.iso")]
    assert node.logs[0]["sha256"] == sha256


def test_one_whose_directory_is_renamed_while_it_is_read_is_told_there(tree, node, reading):
    (tree / "old").mkdir()
    with running_agent(tree, node.url):
        sha256 = large(tree / "old" / "a.iso")
        wait_until(lambda: reading.asked)
        (tree / "old").rename(tree / "new")
        wait_until(lambda: node.logs)
        reading.may_go_on.set()

        assert changes(node, 2) == [("moved", "new"), ("created", "a.iso")]
    assert (node.logs[1]["path"], node.logs[1]["sha256"]) == (f"{tree}/new/a.iso", sha256)


def test_one_that_is_deleted_while_it_is_read_is_told_as_that(tree, node, reading):
    with running_agent(tree, node.url):
        large(tree / "a.iso")
        wait_until(lambda: reading.asked)
        (tree / "a.iso").unlink()
        reading.may_go_on.set()

        assert changes(node, 1) == [("deleted", "a.iso")]


def test_a_killed_agent_reads_it_again(tree, node, reading):
    with running_agent(tree, node.url) as agent:
        sha256 = large(tree / "a.iso")
        wait_until(lambda: agent.coalescer._aside)
        agent.engine._run_once = lambda: False
        agent.finish(within_seconds=1)
        agent.is_finished = True
    reading.may_go_on.set()

    with running_agent(tree, node.url):
        assert changes(node, 1) == [("created", "a.iso")]
    assert node.logs[0]["sha256"] == sha256


def test_an_agent_that_ends_reads_it_first(tree, node, reading):
    with running_agent(tree, node.url) as agent:
        large(tree / "a.iso")
        wait_until(lambda: agent.coalescer._aside)

    assert changes(node, 1) == [("created", "a.iso")]


def test_what_a_scan_finds_is_read_there_too(tree, node, reading):
    with running_agent(tree, node.url):
        pass
    sha256 = large(tree / "a.iso")
    with running_agent(tree, node.url) as agent:
        wait_until(lambda: reading.asked)
        (tree / "shell.php").write_text("x")
        assert changes(node, 1) == [("created", "shell.php")]
        assert agent.coalescer.has_scanned_aside
        reading.may_go_on.set()

        assert changes(node, 2)[1] == ("created", "a.iso")
    assert node.logs[1]["sha256"] == sha256


def test_one_that_changes_each_time_that_it_is_read_says_so(tree, node, monkeypatch):
    def read_and_write(path):
        facts = read_facts(path)
        os.utime(path)
        return facts

    monkeypatch.setattr(module, "LARGE_BYTES", 1_000)
    monkeypatch.setattr(module, "read_facts", read_and_write)
    with running_agent(tree, node.url):
        large(tree / "a.log")

        # What was written last may be a change of its own.
        assert changes(node, 1)[0] == ("created", "a.log")
    assert node.logs[0]["attributes"]["unread"] == "changing"
