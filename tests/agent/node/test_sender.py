"""Logs sent to a real HTTP server that takes, refuses, fails and goes away."""

import json
import os
import socket
import time
from contextlib import closing

import pytest

from fim.agent.node import sender as sender_module
from fim.agent.node.client import Node
from fim.agent.node.sender import Sender
from fim.agent.state.database import State
from fim.agent.state.spool import Spool
from tests.agent.agents import wait_until
from tests.patience import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch):
    monkeypatch.setattr(sender_module, "FIRST_DELAY_SECONDS", 0.01)


@pytest.fixture
def spool(tmp_path):
    return Spool(State(os.fspath(tmp_path / "state")), max_bytes=2**20)


@pytest.fixture
def send(node, spool):
    def send(count=1, *, key="", within_seconds=PATIENCE_SECONDS, **options):
        """Send so many logs as one batch where they fit in one."""
        put(spool, count)
        sender = Sender(Node(node.url, key=key), spool, **options)
        sender.start()
        sender.finish(within_seconds=within_seconds)
        return sender

    return send


def put(spool, count=1):
    with spool._state.writing() as connection:
        spool.append(connection, [make_log(number) for number in range(count)])


def make_log(number):
    return {
        "event_id": f"id-{number}",
        "action": "created",
        "path": f"/srv/{number}",
        "timestamp": "2026-01-01T00:00:00Z",
    }


def counts(sender):
    return sender.sent_count, sender.refused_count, len(sender._spool)


def sequences(node):
    return [[log["seq"] for log in batch] for batch in node.batches]


def taken(count, errors=()):
    document = {"accepted": count, "duplicates": 0, "rejected": len(errors), "errors": list(errors)}
    return 201, document, {}


def refusal(status, *, detail="No.", headers=None):
    return status, {"code": "refused", "detail": detail, "fields": {}}, headers or {}


def test_posts_one_log_a_line_with_the_key(node, send):
    sender = send(3, key="secret")

    assert counts(sender) == (3, 0, 0)
    assert sequences(node) == [[1, 2, 3]]
    ((path, headers),) = node.requests
    assert path == "/api/ingest/fim/"
    assert headers["Content-Type"] == "application/x-ndjson"
    assert headers["Authorization"] == "Api-Key secret"


def test_sends_many_logs_in_order_over_one_connection(node, send):
    sender = send(1_100)

    assert [len(batch) for batch in node.batches] == [500, 500, 100]
    assert [log["seq"] for log in node.logs] == list(range(1, 1_101))
    assert (counts(sender), node.connection_count) == ((1_100, 0, 0), 1)


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_sends_again_under_the_same_event_id_when_the_node_fails(node, send, status):
    node.answers.append(refusal(status))

    sender = send()

    assert counts(sender) == (1, 0, 0)
    assert [batch[0]["event_id"] for batch in node.batches] == ["id-0", "id-0"]


def test_sends_again_when_the_connection_breaks(node, send):
    node.answers.extend([None, None, None])

    assert counts(send()) == (1, 0, 0)
    assert len(node.batches) == 4


def test_opens_a_connection_again_that_the_node_closed_while_it_was_idle(node):
    with closing(Node(node.url)) as client:
        client.post(b"{}\n")
        node.answers.append(None)

        assert client.post(b"{}\n").is_acknowledged
    assert node.connection_count == 2


def test_keeps_logs_until_the_node_is_there(spool):
    with socket.create_server(("127.0.0.1", 0)) as placeholder:
        port = placeholder.getsockname()[1]
    put(spool)
    sender = Sender(Node(f"http://127.0.0.1:{port}"), spool)
    sender.start()

    sender.finish(within_seconds=0.1)

    assert counts(sender) == (0, 0, 1)
    assert sender.failure == "The node did not take the last logs in time."


def test_waits_as_long_as_the_node_asks(node, spool):
    node.answers.append(refusal(429, headers={"Retry-After": "1"}))
    put(spool)
    sender = Sender(Node(node.url), spool)
    started_at = time.monotonic()
    sender.start()

    wait_until(lambda: sender.sent_count)

    assert time.monotonic() - started_at >= 1
    sender.finish(within_seconds=PATIENCE_SECONDS)


def test_tries_at_once_where_the_node_is_known_to_answer(node, spool):
    node.answers.append(refusal(503, headers={"Retry-After": "300"}))
    put(spool)
    sender = Sender(Node(node.url), spool)
    sender.start()
    wait_until(lambda: node.batches)

    # The answer may still be on its way, and is waited for only once it is there.
    assert wait_until(lambda: sender.try_now() or sender.sent_count)
    sender.finish(within_seconds=PATIENCE_SECONDS)


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


def test_names_each_log_that_the_node_refused(node, send, caplog):
    error = {"index": 1, "code": "invalid", "detail": "Path is empty.", "fields": {"path": ["x"]}}
    node.answers.append(taken(2, [error]))

    sender = send(3)

    assert counts(sender) == (2, 1, 0)
    assert "id-1 (created '/srv/1'): 'invalid' 'Path is empty.' {'path': ['x']}" in caplog.text


def test_drops_a_batch_of_which_nothing_could_be_stored(node, send, caplog):
    node.answers.append(refusal(400, detail="Not JSON."))

    sender = send(2)

    assert (counts(sender), len(node.batches)) == ((0, 2, 0), 1)
    assert caplog.text.count("Not JSON.") == 2


def test_halves_a_batch_that_is_too_large(node, send):
    node.answers.append(refusal(413))

    sender = send(3)

    assert counts(sender) == (3, 0, 0)
    assert sequences(node) == [[1, 2, 3], [1], [2, 3]]


@pytest.mark.parametrize("status", [401, 403])
def test_stops_when_the_node_refuses_the_agent_of_a_person(node, send, status):
    node.answers.append(refusal(status, detail="Unknown key."))

    sender = send(600, is_patient=False)

    assert (counts(sender), len(node.batches)) == ((0, 0, 600), 1)
    assert f"({status}, Unknown key.)" in sender.failure
    assert "PICKET_KEY" in sender.failure


def test_keeps_the_logs_and_says_once_why_the_node_refuses_the_agent(node, send, caplog):
    node.answers.extend([refusal(403, detail="Unknown key.")] * 2)

    sender = send()

    assert (counts(sender), len(node.batches)) == ((1, 0, 0), 3)
    assert caplog.text.count("(403, Unknown key.)") == 1


def test_stops_when_the_node_redirects(node, send):
    node.answers.append(refusal(301, headers={"Location": "https://node.example/"}))

    assert "redirects (301)" in send(is_patient=False).failure


def test_tells_which_lines_the_node_has_stored(node, send):
    error = {"index": 1, "code": "invalid", "detail": "Path is empty.", "fields": {}}
    node.answers.append(taken(2, [error]))
    stored = []

    send(3, on_acknowledged=stored.extend)

    assert [json.loads(line)["event_id"] for line in stored] == ["id-0", "id-2"]


def test_takes_no_foreign_page_for_an_acknowledgement(node, send):
    node.answers.append((200, {"welcome": "to the hotel"}, {}))

    assert counts(send()) == (1, 0, 0)
    assert len(node.batches) == 2


def test_says_once_that_the_node_is_away_and_once_that_it_is_back(node, send, caplog):
    node.answers.extend([refusal(500), refusal(500)])

    send()

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
