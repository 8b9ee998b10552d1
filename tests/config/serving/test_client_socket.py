"""A client that takes nothing of its answer counts as gone; one that takes it slowly does not."""

import socket
import tempfile
import threading
import time

import pytest

from config.serving.client_socket import ClientSocket

ANSWER = b"x" * 4_000_000


@pytest.fixture
def ends(monkeypatch):
    monkeypatch.setattr(ClientSocket, "silence_seconds", 0.3)
    node, client = socket.socketpair()
    with ClientSocket(fileno=node.detach()) as node, client:
        node.setblocking(True)
        yield node, client


@pytest.fixture
def answer_file():
    with tempfile.TemporaryFile() as file:
        file.write(ANSWER)
        file.seek(0)
        yield file


def test_gives_up_a_client_that_takes_nothing(ends):
    node, _ = ends

    with pytest.raises(ConnectionResetError):
        node.sendall(ANSWER)


def test_gives_up_a_client_that_takes_nothing_of_a_file(ends, answer_file):
    node, _ = ends

    with pytest.raises(ConnectionResetError):
        node.sendfile(answer_file)


def test_sends_all_to_a_slow_client(ends):
    node, client = ends
    sender = threading.Thread(target=node.sendall, args=(ANSWER,))
    sender.start()

    taken = 0
    while taken < len(ANSWER):
        taken += len(client.recv(400_000))
        time.sleep(0.03)

    sender.join()
    assert taken == len(ANSWER)


def test_sends_no_answer_to_a_client_that_was_given_up(ends):
    node, _ = ends
    with pytest.raises(ConnectionResetError):
        node.recv(1)

    with pytest.raises(ConnectionResetError):
        node.sendall(b"HTTP/1.1 400 Bad Request")


def test_sees_what_comes_next(ends):
    node, client = ends
    client.send(b"P")

    assert node.has_more(0)


def test_sees_a_client_hang_up(ends):
    node, client = ends
    client.close()

    assert node.has_more(0)


def test_waits_no_longer_than_it_is_told_to(ends):
    node, _ = ends

    assert not node.has_more(1)
