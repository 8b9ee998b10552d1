"""Agent and node killed at random moments while files change: nothing is lost, nothing twice."""

import random
import threading
import time

import pytest

from tests.e2e.real_agent import (
    assert_all_arrived_once,
    kill_node,
    real_agent,
    stored_logs,
    wait_until,
)


class Writer:
    """Creates, changes, moves and deletes files in a fixed order until it is told to stop."""

    def __init__(self, tree):
        self._tree = tree
        self._random = random.Random(7)
        self.count = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        for number in range(5):
            (self._tree / f"d{number}").mkdir()
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self._stop.set()
        self._thread.join()

    def _run(self):
        while not self._stop.wait(0.003):
            self.count += 1
            self._change(self.count)

    def _change(self, number):
        path = self._path(number)
        deed = self._random.choice(("write", "write", "save", "move", "delete", "mode"))
        if deed == "write" or not path.exists():
            path.write_text(f"{number}")
        elif deed == "save":
            path.with_suffix(".tmp").write_text(f"saved {number}")
            path.with_suffix(".tmp").rename(path)
        elif deed == "move":
            path.rename(self._path(number + 1))
        elif deed == "mode":
            path.chmod(0o600 + number % 0o100)
        else:
            path.unlink()

    def _path(self, number):
        directory = self._tree / f"d{self._random.randrange(5)}"
        return directory / f"f{self._random.randrange(40)}"


def test_three_kills_of_agent_and_node_lose_and_repeat_nothing(own_node, tmp_path):
    kill_in_turns(own_node, tmp_path, rounds=3)


@pytest.mark.slow
def test_fifty_kills_of_agent_and_node_lose_and_repeat_nothing(own_node, tmp_path):
    kill_in_turns(own_node, tmp_path, rounds=50)


def kill_in_turns(node, directory, *, rounds):
    moments = random.Random(11)
    with real_agent(directory, node) as agent:
        agent.start()
        with Writer(agent.tree) as writer:
            for number in range(rounds):
                time.sleep(moments.uniform(0.1, 2.0))
                agent.kill()
                if number % 2:
                    kill_node(node)
                agent.launch()
                if number % 2:
                    time.sleep(moments.uniform(0.0, 1.0))
                    node.start()
            wait_until(lambda: writer.count > 100 * rounds, agent)

        logs = assert_all_arrived_once(agent)

        assert len({log["event_id"] for log in logs}) == len(logs) > 10 * rounds


def test_a_node_that_was_away_gets_every_log_once_and_in_order(own_node, tmp_path):
    with real_agent(tmp_path, own_node) as agent:
        agent.start()
        own_node.stop()
        with Writer(agent.tree) as writer:
            wait_until(lambda: "takes no logs now" in agent.log.read_text(), agent)
            wait_until(lambda: writer.count > 200, agent)
        own_node.start()

        logs = assert_all_arrived_once(agent)

        assert [log["id"] for log in logs] == sorted(log["id"] for log in logs)
        assert "The node answers again." in agent.log.read_text()


def test_a_killed_agent_remembers_a_file_that_only_the_kernel_saw(own_node, tmp_path):
    with real_agent(tmp_path, own_node, window_seconds=3) as agent:
        agent.start()
        (agent.tree / "brief").write_text("here and gone")
        (agent.tree / "brief").unlink()
        wait_until(lambda: agent.pending_count >= 3, agent)

        agent.kill()
        agent.start()

        wait_until(lambda: stored_logs(own_node), agent)
        (log,) = stored_logs(own_node)
        assert (log["action"], log["seq"], agent.pending_count) == ("deleted", 1, 0)
