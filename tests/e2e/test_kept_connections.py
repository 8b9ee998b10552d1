"""Threads that stay with a client for its next request leave none of the others waiting."""

import http.client
import threading
from urllib.parse import urlsplit

import pytest

from tests.node import running_node
from tests.patience import PATIENCE_SECONDS

REQUESTS = 200


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """One thread for all."""
    with running_node(
        tmp_path_factory.mktemp("node"),
        WEB_WORKERS="1",
        WEB_THREADS="1",
        THROTTLE_READ="10000/minute",
    ) as node:
        yield node


@pytest.fixture
def connect(node):
    opened = []

    def connect():
        parts = urlsplit(node.url)
        opened.append(
            http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_SECONDS)
        )
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


def ask(connection):
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_a_client_is_answered_beside_one_that_never_pauses(connect):
    busy, other = connect(), connect()
    is_over = threading.Event()
    statuses = []

    def never_pause():
        while not is_over.is_set():
            statuses.append(ask(busy))

    thread = threading.Thread(target=never_pause)
    thread.start()
    try:
        assert [ask(other) for _ in range(REQUESTS)] == [200] * REQUESTS
    finally:
        is_over.set()
        thread.join()
    assert set(statuses) == {200}
    assert len(statuses) > REQUESTS / 4


def test_a_client_that_pauses_is_answered_on_the_same_connection(connect):
    one, other = connect(), connect()

    assert [ask(each) for _ in range(5) for each in (one, other, other, one)] == [200] * 20
