"""Logs sent to a real HTTP server that takes, refuses, fails and goes away."""

import socket
import time
from contextlib import closing

import pytest

from fim.agent import sender as sender_module
from fim.agent.node import Node
from fim.agent.sender import Sender
from tests.fim.agent.nodes import FakeNode


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch):
    monkeypatch.setattr(sender_module, "FIRST_DELAY_SECONDS", 0.01)


@pytest.fixture
def node():
    with FakeNode() as node:
        yield node


def send(node, count=1, *, key="", within_seconds=5.0):
    """Send so many logs as one batch where they fit in one."""
    sender = Sender(Node(node.url, key=key))
    for number in range(count):
        sender.put(make_log(number))
    sender.start()
    sender.finish(within_seconds=within_seconds)
    return sender


def make_log(number):
    return {
        "event_id": f"id-{number}",
        "action": "created",
        "path": f"/srv/{number}",
        "seq": number,
    }


def counts(sender):
    return sender.sent_count, sender.refused_count, sender.unsent_count


def sequences(node):
    return [[log["seq"] for log in batch] for batch in node.batches]


def taken(count, errors=()):
    document = {"accepted": count, "duplicates": 0, "rejected": len(errors), "errors": list(errors)}
    return 201, document, {}


def refusal(status, *, detail="No.", headers=None):
    return status, {"code": "refused", "detail": detail, "fields": {}}, headers or {}


def test_posts_one_log_a_line_with_the_key(node):
    sender = send(node, 3, key="secret")

    assert counts(sender) == (3, 0, 0)
    assert sequences(node) == [[0, 1, 2]]
    ((path, headers),) = node.requests
    assert path == "/api/ingest/fim/"
    assert headers["Content-Type"] == "application/x-ndjson"
    assert headers["Authorization"] == "Api-Key secret"


def test_sends_many_logs_in_order_over_one_connection(node):
    sender = send(node, 1_100)

    assert [len(batch) for batch in node.batches] == [500, 500, 100]
    assert [log["seq"] for log in node.logs] == list(range(1_100))
    assert (counts(sender), node.connection_count) == ((1_100, 0, 0), 1)


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_sends_again_under_the_same_event_id_when_the_node_fails(node, status):
    node.answers.append(refusal(status))

    sender = send(node)

    assert counts(sender) == (1, 0, 0)
    assert [batch[0]["event_id"] for batch in node.batches] == ["id-0", "id-0"]


def test_sends_again_when_the_connection_breaks(node):
    node.answers.extend([None, None, None])

    assert counts(send(node)) == (1, 0, 0)
    assert len(node.batches) == 4


def test_opens_a_connection_again_that_the_node_closed_while_it_was_idle(node, caplog):
    with closing(Node(node.url)) as client:
        client.post(b"{}\n")
        node.answers.append(None)

        assert client.post(b"{}\n").is_acknowledged
    assert node.connection_count == 2


def test_keeps_logs_until_the_node_is_there():
    with socket.create_server(("127.0.0.1", 0)) as placeholder:
        port = placeholder.getsockname()[1]
    sender = Sender(Node(f"http://127.0.0.1:{port}"))
    sender.put(make_log(1))
    sender.start()

    sender.finish(within_seconds=0.1)

    assert counts(sender) == (0, 0, 1)
    assert sender.failure == "The node did not take the last logs in time."


def test_waits_as_long_as_the_node_asks(node):
    node.answers.append(refusal(429, headers={"Retry-After": "1"}))
    sender = Sender(Node(node.url))
    sender.put(make_log(1))
    started_at = time.monotonic()
    sender.start()

    while not sender.sent_count and time.monotonic() < started_at + 5:
        sender._thread.join(0.02)

    assert time.monotonic() - started_at >= 1
    sender.finish(within_seconds=1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2.0),
        ("86400", 300.0),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 300.0),
        ("soon", None),
        ("-1", None),
    ],
)
def test_reads_how_long_to_wait(node, header, seconds):
    node.answers.append(refusal(503, headers={"Retry-After": header}))

    with closing(Node(node.url)) as client:
        assert client.post(b"{}\n").retry_after_seconds == seconds


def test_names_each_log_that_the_node_refused(node, caplog):
    error = {"index": 1, "code": "invalid", "detail": "Path is empty.", "fields": {"path": ["x"]}}
    node.answers.append(taken(2, [error]))

    sender = send(node, 3)

    assert counts(sender) == (2, 1, 0)
    assert "id-1 (created '/srv/1'): 'invalid' 'Path is empty.' {'path': ['x']}" in caplog.text


def test_drops_a_batch_of_which_nothing_could_be_stored(node, caplog):
    node.answers.append(refusal(400, detail="Not JSON."))

    sender = send(node, 2)

    assert (counts(sender), len(node.batches)) == ((0, 2, 0), 1)
    assert caplog.text.count("Not JSON.") == 2


def test_halves_a_batch_that_is_too_large(node):
    node.answers.append(refusal(413))

    sender = send(node, 3)

    assert counts(sender) == (3, 0, 0)
    assert sequences(node) == [[0, 1, 2], [0], [1, 2]]


@pytest.mark.parametrize("status", [401, 403])
def test_stops_when_the_node_refuses_the_agent(node, status):
    node.answers.append(refusal(status, detail="Unknown key."))

    sender = send(node, 600)

    assert (counts(sender), len(node.batches)) == ((0, 0, 600), 1)
    assert f"({status}, Unknown key.)" in sender.failure
    assert "PICKET_KEY" in sender.failure


def test_stops_when_the_node_redirects(node):
    node.answers.append(refusal(301, headers={"Location": "https://node.example/"}))

    assert "redirects (301)" in send(node).failure


def test_takes_no_foreign_page_for_an_acknowledgement(node):
    node.answers.append((200, {"welcome": "to the hotel"}, {}))

    assert counts(send(node)) == (1, 0, 0)
    assert len(node.batches) == 2


def test_drops_new_logs_rather_than_fill_the_memory(node, monkeypatch, caplog):
    monkeypatch.setattr(sender_module, "MOST_LOGS_WAITING", 2)

    sender = send(node, 4)

    assert counts(sender) == (2, 0, 2)
    assert caplog.text.count("new ones are lost") == 1


def test_says_once_that_the_node_is_away_and_once_that_it_is_back(node, caplog):
    node.answers.extend([refusal(500), refusal(500)])

    send(node)

    assert caplog.text.count("takes no logs now") == caplog.text.count("answers again") == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "node",
        "ftp://node",
        "http://",
        "http://a:x",
        "http://a:0",
        "http://a b",
        "http://u@a",
        "http://a?b",
    ],
)
def test_refuses_a_url_that_cannot_be_a_node(url):
    with pytest.raises(ValueError, match="."):
        Node(url)
