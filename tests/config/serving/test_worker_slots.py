"""gunicorn's workers share the connections that clients keep."""

import os
import signal
import socket
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from config.serving.worker_slots import HEAD_START_SECONDS, WorkerSlots
from tests.node import running_node
from tests.patience import wait_until

CONNECTIONS = 16
LISTEN = "0A"


@pytest.fixture
def slots():
    return WorkerSlots(3)


@pytest.fixture
def slept(monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def test_a_worker_yields_to_one_with_fewer(slots, slept):
    one, other = slots.take(), slots.take()
    one.set_count(5)
    other.set_count(4)

    one.yield_to_others()

    assert slept == [HEAD_START_SECONDS]


def test_a_worker_with_as_few_as_any_waits_for_none(slots, slept):
    one, other = slots.take(), slots.take()
    one.set_count(4)
    other.set_count(4)

    one.yield_to_others()

    assert slept == []


def test_a_worker_that_accepts_none_is_not_waited_for(slots, slept):
    one, other = slots.take(), slots.take()
    one.set_count(4)
    other.set_count(3)
    other.stop_accepting()

    one.yield_to_others()

    assert slept == []


def test_a_slot_that_was_released_is_taken_anew(slots):
    for _ in range(10):
        slots.take().release()

    assert len([slots.take() for _ in range(3)]) == 3


@pytest.fixture
def node(tmp_path):
    with running_node(tmp_path) as node:
        yield node


def workers(node):
    children = Path(f"/proc/{node.process.pid}/task/{node.process.pid}/children").read_text()
    return sorted(int(pid) for pid in children.split())


def inodes(port):
    """Return those of the node's sockets for clients, as proc_net_tcp(5) gives them."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[3] != LISTEN and int(row[1].split(":")[1], 16) == port}


def held(node):
    """Return how many clients each worker holds."""
    found = inodes(urlsplit(node.url).port)
    counts = []
    for pid in workers(node):
        links = set()
        with suppress(FileNotFoundError):
            for each in Path(f"/proc/{pid}/fd").iterdir():
                links.add(os.readlink(each))
        counts.append(sum(f"socket:[{inode}]" in links for inode in found))
    return counts


@contextmanager
def kept_connections(node):
    parts = urlsplit(node.url)
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            stack.enter_context(socket.create_connection((parts.hostname, parts.port)))
        yield


def shares(node):
    """Return how many of the connections that are made at once each worker takes."""
    wait_until(lambda: not sum(held(node)))
    with kept_connections(node):
        wait_until(lambda: sum(held(node)) == CONNECTIONS)
        return held(node)


def wait_for_two_workers(node):
    """Both take connections, not just one that other workers leave to it."""
    wait_until(lambda: len(workers(node)) == 2 and min(shares(node)))


def smallest_share(node):
    """Return the median of what the worker got that got least."""
    return sorted(min(shares(node)) for _ in range(5))[2]


def test_connections_that_come_at_once_are_shared_evenly(node):
    wait_for_two_workers(node)

    assert smallest_share(node) >= CONNECTIONS // 2 - 2


def test_the_successor_of_a_killed_worker_gets_its_share(node):
    wait_for_two_workers(node)
    os.kill(workers(node)[0], signal.SIGKILL)
    wait_for_two_workers(node)

    assert smallest_share(node) >= CONNECTIONS // 2 - 2
