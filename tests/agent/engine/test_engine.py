"""What the engine does where time or the disk is against it."""

import os
import subprocess

import pytest

from fim.agent.changes.facts import read_facts
from fim.agent.config.file import Config
from fim.agent.engine import engine as engine_module
from fim.agent.node import sender as sender_module
from fim.agent.service.agent import Agent
from fim.agent.state import baseline
from fim.agent.state.database import State
from tests.agent.agents import changes, running_agent, wait_until
from tests.patience import PATIENCE_SECONDS


@pytest.fixture
def unlearned(tree, node, tmp_path):
    """An agent whose watches stand and whose baseline is still to be made."""
    for name in ("a.txt", "b.txt", "c.txt"):
        (tree / name).write_text("old")
    config = Config.for_directories(
        [tree], state_dir=os.fspath(tmp_path / "state"), node_url=node.url, window_seconds=0.1
    )
    agent = Agent(config)
    agent.reader.start()
    return agent


def test_what_changes_before_it_is_learned_is_told_by_the_kernels_word(unlearned, tree, node):
    (tree / "a.txt").write_text("new")
    (tree / "b.txt").chmod(0o600)
    (tree / "c.txt").unlink()
    (tree / "d.txt").touch()

    unlearned.scans.start()
    unlearned.engine.start()
    unlearned.sender.start()

    wanted = [("attributes", "b.txt"), ("created", "d.txt")]
    wanted += [("deleted", "c.txt"), ("modified", "a.txt")]
    assert sorted(changes(node, 4)) == wanted
    unlearned.finish(within_seconds=PATIENCE_SECONDS)


def test_the_kernels_word_counts_where_it_is_read_after_the_baseline_is_made(
    unlearned, tree, node, monkeypatch
):
    is_learned, read = lambda: unlearned.scans.last_seconds, unlearned.reader._read
    monkeypatch.setattr(unlearned.reader, "_read", lambda: (wait_until(is_learned), read()))
    (tree / "c.txt").unlink()

    unlearned.scans.start()
    unlearned.engine.start()
    unlearned.sender.start()

    assert changes(node, 1) == [("deleted", "c.txt")]
    unlearned.finish(within_seconds=PATIENCE_SECONDS)


def test_what_changed_since_a_first_scan_was_killed_is_told(tree, node, tmp_path):
    (tree / "a.txt").write_text("old")
    state = State(os.fspath(tmp_path / "state"))
    with state.writing() as connection:
        baseline.put(connection, f"{tree}/a.txt", read_facts(f"{tree}/a.txt"))
    state.close()
    (tree / "a.txt").write_text("changed while no agent ran")

    with running_agent(tree, node.url):
        assert changes(node, 1) == [("modified", "a.txt")]


@pytest.fixture
def small_disk(tmp_path):
    """A filesystem of 4 MB for the agent's state; give what fills it and what frees it."""
    (tmp_path / "state").mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", tmp_path / "state"]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a filesystem takes root")
    yield tmp_path / "state"
    subprocess.run(["umount", "-l", tmp_path / "state"], check=True)


def fill(directory):
    with open(directory / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return


def test_a_full_disk_is_waited_for(small_disk, tree, node, monkeypatch, caplog):
    monkeypatch.setattr(engine_module, "RETRY_SECONDS", 0.1)
    monkeypatch.setattr(sender_module, "MAX_DELAY_SECONDS", 0.1)
    with running_agent(tree, node.url):
        fill(small_disk)
        for number in range(200):
            (tree / f"{number}.txt").write_text("x" * 100)
        wait_until(lambda: "cannot be written" in caplog.text)
        assert len(node.logs) < 200

        (small_disk / "filler").unlink()

        assert wait_until(lambda: len({log["path"] for log in node.logs}) == 200)
    assert len({log["event_id"] for log in node.logs}) == 200
