"""Many agents at once, a node that is killed: what was acknowledged is what is stored."""

import os
import signal

import psutil
import pytest

from tests.e2e.agents import PatientAgents, post_in_parallel
from tests.patience import PATIENCE_SECONDS, wait_until

LIST = "/api/logs/?page_size=1"


def test_twenty_parallel_clients_get_only_201_and_every_one_is_stored(node):
    before = node.as_admin("GET", LIST)[1]["count"]

    statuses = post_in_parallel(node.url, clients=20, seconds=10)

    assert set(statuses) == {201}
    assert node.as_admin("GET", LIST)[1]["count"] - before == statuses[201]
    assert "no count had drifted" in node.manage("recount")


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_a_killed_node_lost_nothing_that_it_acknowledged(node, kills):
    before = stored_event_ids(node)

    with PatientAgents(node.url, clients=8) as agents:
        for _ in range(kills):
            wait_for_acknowledgements(agents)
            kill_at_once(node)
            node.start()
        wait_for_acknowledgements(agents)

    stored = stored_event_ids(node) - before
    acknowledged = set(agents.acknowledged)
    assert acknowledged <= stored
    # What an agent was still repeating at the end may be stored, its answer cut off by the kill.
    assert len(stored - acknowledged) <= 8
    assert "no count had drifted" in node.manage("recount")


def wait_for_acknowledgements(agents):
    before = len(agents.acknowledged)
    wait_until(lambda: len(agents.acknowledged) > before + 100)


def stored_event_ids(node):
    """Every stored event id, page by page; a log that is stored twice would stand here twice."""
    ids, path = [], "/api/logs/?page_size=1000"
    while path:
        _, page = node.as_admin("GET", path)
        ids += [log["event_id"] for log in page["results"]]
        path = page["next"] and page["next"].removeprefix(node.url)
    assert len(ids) == len(set(ids))
    return set(ids)


def kill_at_once(node):
    master = psutil.Process(node.process.pid)
    for process in (master, *master.children()):
        os.kill(process.pid, signal.SIGKILL)
    node.process.wait(timeout=PATIENCE_SECONDS)
