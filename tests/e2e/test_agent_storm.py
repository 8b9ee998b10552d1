"""More changes than the kernel's queue holds: each final state arrives all the same."""

import signal
import subprocess
import sys
from collections import Counter

import pytest

from tests.e2e.real_agent import ROOT, assert_all_arrived_once, real_agent, small_queue
from tests.e2e.storms import make_directories, storm

MAX_MEGABYTES = 60


def test_every_final_state_arrives_after_the_queue_overflowed(own_node, tmp_path):
    with real_agent(tmp_path, own_node) as agent:
        make_directories(agent.tree)
        with small_queue() as length:
            agent.start()
        # Stopped, it reads nothing, so that the queue overflows on any machine.
        agent.process.send_signal(signal.SIGSTOP)
        storm(agent.tree, length // 2 + 200)
        agent.process.send_signal(signal.SIGCONT)

        logs = assert_all_arrived_once(agent)

        assert "The kernel's queue overflowed" in agent.log.read_text()
        assert {"scan: overflow"} <= {log["attributes"].get("found_by") for log in logs}


@pytest.mark.slow
def test_50_000_files_at_full_speed_are_told_and_none_twice(own_node, tmp_path):
    with real_agent(tmp_path, own_node, window_seconds=1.5, who="auto") as agent:
        with small_queue() as length:
            agent.start()

        subprocess.run(
            [sys.executable, "-m", "tests.e2e.storms", agent.tree, "50000"], cwd=ROOT, check=True
        )

        logs = assert_all_arrived_once(agent, within_seconds=300)
        assert length > 1024 or "queue overflowed" in agent.log.read_text()
        assert agent.peak_megabytes < MAX_MEGABYTES
        twice = Counter((log["action"], log["path"], log["sha256"]) for log in logs)
        assert max(twice.values()) == 1
