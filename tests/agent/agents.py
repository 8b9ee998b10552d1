"""The agent under test, on real directories."""

import os
import threading
import time
from contextlib import contextmanager

from fim.agent.config.file import Config
from fim.agent.service.agent import Agent
from tests.patience import PATIENCE_SECONDS, wait_until

WINDOW_SECONDS = 0.1


@contextmanager
def running_agent(tree, node_url, **settings):
    """Watch `tree` with a state beside it; learned, and finished at the end."""
    is_patient = settings.pop("is_patient", True)
    settings.setdefault("window_seconds", WINDOW_SECONDS)
    config = Config.for_directories(
        [tree],
        state_dir=os.path.join(os.path.dirname(tree), "state"),
        node_url=node_url,
        host="web-1",
        **settings,
    )
    agent = Agent(config, is_patient=is_patient)
    agent.start()
    wait_until(lambda: agent.scans.last_at)
    agent.is_finished = False
    try:
        yield agent
    finally:
        if not agent.is_finished:
            agent.finish(within_seconds=PATIENCE_SECONDS)


@contextmanager
def at_one_moment(agent):
    """Let no time pass for the agent while its files are changed, however long that takes."""
    is_held, pop_due = threading.Lock(), agent.coalescer.pop_due

    def pop_due_when_free(**options):
        with is_held:
            return pop_due(**options)

    agent.coalescer.pop_due = pop_due_when_free
    with is_held:
        yield
        is_read = threading.Event()
        agent.reader.when_caught_up(is_read.set)
        assert is_read.wait(PATIENCE_SECONDS)
    agent.coalescer.pop_due = pop_due


def changes(node, count):
    """Return action and file name of the logs once there are so many, in the order of their seq."""
    wait_until(lambda: len(node.logs) >= count, explain=lambda: node.logs)
    time.sleep(3 * WINDOW_SECONDS)
    logs = sorted(node.logs, key=lambda log: log["seq"])
    return [(log["action"], os.path.basename(log["path"])) for log in logs]
