"""From a real file to a real HTTP server."""

import hashlib
import os
import subprocess
import sys
import threading
import time

import pytest

from fim.agent.agent import Agent
from fim.agent.node import Node
from fim.agent.sender import Sender
from fim.agent.watcher import Watcher
from tests.fim.agent.nodes import FakeNode


@pytest.fixture
def node():
    with FakeNode() as node:
        yield node


@pytest.fixture
def start(node, tmp_path):
    """Start an agent on tmp_path; give what stops it and returns its sender."""
    stop = threading.Event()

    def start(settle_seconds=0.05):
        sender = Sender(Node(node.url))
        watcher = Watcher([os.fspath(tmp_path)], settle_seconds=settle_seconds)
        agent = Agent(watcher=watcher, sender=sender, host="web-1")
        agent.start()
        thread = threading.Thread(target=agent.run, args=(stop,))
        thread.start()

        def finish():
            stop.set()
            thread.join()
            agent.finish(within_seconds=5)
            return sender

        return finish

    yield start
    stop.set()


def wait_for_logs(node, count):
    deadline = time.monotonic() + 10
    while len(node.logs) < count and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return [(log["action"], os.path.basename(log["path"])) for log in node.logs]


def test_posts_a_new_file_with_its_final_hash(start, node, tmp_path):
    finish = start()

    (tmp_path / "a.txt").write_text("final")

    assert wait_for_logs(node, 1) == [("created", "a.txt")]
    assert node.logs[0]["sha256"] == hashlib.sha256(b"final").hexdigest()
    assert finish().sent_count == 1


def test_posts_an_atomic_save_with_the_hash_of_both_names(start, node, tmp_path):
    finish = start()

    (tmp_path / "a.tmp").write_text("saved")
    (tmp_path / "a.tmp").rename(tmp_path / "a.txt")

    assert wait_for_logs(node, 2) == [("created", "a.tmp"), ("moved", "a.txt")]
    assert {log["sha256"] for log in node.logs} == {hashlib.sha256(b"saved").hexdigest()}
    finish()


def test_numbers_its_logs_in_order(start, node, tmp_path):
    finish = start()

    for number in range(50):
        (tmp_path / f"{number}.txt").touch()

    wait_for_logs(node, 50)
    assert [log["seq"] for log in node.logs] == list(range(1, 51))
    finish()


def test_sends_what_it_held_when_it_was_stopped(start, node, tmp_path):
    finish = start(settle_seconds=60)
    (tmp_path / "a.txt").touch()

    sender = finish()

    assert wait_for_logs(node, 1) == [("created", "a.txt")]
    assert (sender.sent_count, sender.unsent_count) == (1, 0)


def test_a_burst_of_real_changes_is_posted_whole(start, node, tmp_path):
    finish = start()

    for number in range(1_000):
        path = tmp_path / f"{number}.txt"
        path.write_text("x")
        path.unlink()

    wait_for_logs(node, 2_000)
    assert len({log["event_id"] for log in node.logs}) == len(node.logs) == 2_000
    sender = finish()
    assert (sender.sent_count, sender.unsent_count) == (2_000, 0)


def test_the_agent_imports_no_django():
    code = "import sys, fim.agent.agent; sys.exit('django' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
