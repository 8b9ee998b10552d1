"""Clients that send half of a request hold no thread for long."""

import contextlib
import http.client
import itertools
import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.node import running_node
from tests.patience import PATIENCE_SECONDS, wait_until

POST = b"POST /api/ingest/fim/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
# So long a node would wait that did not bound it: a kept connection may be idle for 75 s.
UNBOUNDED_SECONDS = 60
CLOSE = b"Connection: close\r\n"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    limits = {"CLIENT_TIMEOUT_SECONDS": "1", "REQUEST_TIMEOUT_SECONDS": "3"}
    with running_node(tmp_path_factory.mktemp("node"), WEB_WORKERS="1", **limits) as node:
        yield node


def connect(node):
    parts = urlsplit(node.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_SECONDS)


@contextlib.contextmanager
def strangers(node, sent, count=48):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(connect(node)) for _ in range(count)]
        for each in sockets:
            each.sendall(sent)
        yield sockets


def seconds_until_healthy(node):
    started = time.monotonic()
    assert node.request("GET", "/healthz")[0] == 200
    return time.monotonic() - started


@pytest.mark.parametrize(
    "sent",
    [
        POST + b"Content-Length: 100\r\n\r\n{",
        POST + b"Transfer-Encoding: chunked\r\n\r\n64\r\n{",
        POST + b"Content-Le",
        b"",
        b"GET /healthz HTTP/1.0\r\n\r\n",
    ],
    ids=["body", "chunked body", "headers", "nothing", "no close"],
)
def test_silent_clients_do_not_stop_the_node(node, sent):
    with strangers(node, sent):
        assert seconds_until_healthy(node) < UNBOUNDED_SECONDS


def test_a_silent_client_gets_no_answer_and_leaves_no_trace(node):
    before = node.log.stat().st_size

    with strangers(node, POST + b"Content-Length: 100\r\n\r\n{", count=1) as (silent,):
        assert silent.recv(100) == b""

    told = node.log.read_text()[before:]
    assert "Traceback" not in told and "ERROR" not in told


def test_a_dripping_client_is_cut_off(node):
    with strangers(node, POST + b"Content-Length: 1000\r\n\r\n{", count=1) as (dripping,):
        dripping.settimeout(0.3)
        deadline = time.monotonic() + PATIENCE_SECONDS
        with pytest.raises((ConnectionError, StopIteration)):
            drip(dripping, deadline)

    assert time.monotonic() < deadline


def drip(dripping, deadline):
    while time.monotonic() < deadline:
        dripping.sendall(b" ")
        with contextlib.suppress(TimeoutError):
            if not dripping.recv(1):
                raise StopIteration


def test_takes_a_slow_but_steady_post(node):
    # On a busy machine a client may pause for longer than it meant to: then it was not steady.
    _, answer = wait_until(lambda: (found := post_slowly(node))[0] < 0.9 and found)

    assert answer.startswith(b"HTTP/1.1 201")


def post_slowly(node):
    """Return the longest pause between two parts of a post, and what was answered."""
    body = json.dumps({"path": "/etc/passwd", "action": "modified"}).encode()
    with connect(node) as slow:
        moments, answer = [time.monotonic()], b""
        slow.sendall(POST + CLOSE + b"Content-Length: %d\r\n\r\n" % len(body))
        with contextlib.suppress(ConnectionError):
            for part in (body[:10], body[10:20], body[20:]):
                time.sleep(0.5)
                slow.sendall(part)
                moments.append(time.monotonic())
            answer = slow.recv(100)
    return max(after - before for before, after in itertools.pairwise(moments)), answer


def test_each_request_of_a_kept_connection_has_its_own_time(node):
    parts = urlsplit(node.url)
    kept = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_SECONDS)
    kept.connect()
    opened = kept.sock
    for _ in range(5):
        kept.request("GET", "/healthz")
        assert json.loads(kept.getresponse().read())["status"] == "ok"
        time.sleep(0.9)
    assert kept.sock is opened
    kept.close()
