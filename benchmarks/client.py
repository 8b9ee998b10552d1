"""A load client: many kept connections in one thread, requests built beforehand.

It knows just enough of HTTP/1.1 to find the end of an answer that has a Content-Length. The hot
loop makes no JSON and allocates little, so that the client takes as little as it can of a machine
that it shares with the server.
"""

import contextlib
import os
import re
import select
import socket
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import psutil

Address = tuple[str, int]

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
# A server that says nothing for so long is broken.
SILENCE_SECONDS = 60
CHUNK_BYTES = 65_536
BROKEN = 0


@dataclass(slots=True)
class Load:
    """What came of a load. `statuses` counts answers by status, BROKEN those that never came."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    # Of all processes that the benchmark started, and of the client; set by who asks for it.
    server_cpu_seconds: float = 0.0
    client_cpu_seconds: float = 0.0
    # The part of the time that a core of the machine had nothing to do, 0 to 1.
    idle_share: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: int) -> float:
        """Return the latency in seconds that so many percent of the answers kept."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]

    @property
    def p50(self) -> float:
        return statistics.median(self.latencies)

    @property
    def p99(self) -> float:
        return self.percentile(99)


class _Connection:
    """One connection, on which one request at a time is under way."""

    __slots__ = ("address", "socket", "sent_at", "received", "whole")

    def __init__(self, address: Address) -> None:
        self.address = address
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(self.address, timeout=SILENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def send(self, request: bytes) -> None:
        self.received, self.whole = b"", 0
        self.sent_at = time.perf_counter()
        # A server that refuses a body hangs up in its middle; that shows when the answer is read.
        with contextlib.suppress(OSError):
            self.socket.sendall(request)

    def receive(self) -> bool | None:
        """Take what came; return whether the answer is whole, None if the server hung up."""
        try:
            data = self.socket.recv(CHUNK_BYTES)
        except OSError:
            return None
        if not data:
            return None
        self.received += data
        if not self.whole:
            head = self.received.find(b"\r\n\r\n")
            if head < 0:
                return False
            length = LENGTH.search(self.received, 0, head)
            assert length is not None, self.received[:head]
            self.whole = head + 4 + int(length[1])
        return len(self.received) >= self.whole

    @property
    def status(self) -> int:
        return int(self.received[9:12])

    @property
    def is_last(self) -> bool:
        return CLOSES.search(self.received, 0, self.received.find(b"\r\n\r\n") + 2) is not None


def post_request(path: str, body: bytes, *headers: str, content_type: str) -> bytes:
    """Return the bytes of a POST on a connection that is kept."""
    head = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


def get_request(path: str, *headers: str) -> bytes:
    head = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    return "\r\n".join([*head, "", ""]).encode()


def run_load(
    address: Address, requests: Iterable[bytes], *, connections: int, seconds: float
) -> Load:
    """Send requests on so many connections, for so long or until they are used up.

    Each connection has one request under way. What is under way at the end is waited for and
    counted: `statuses` speaks of every request that was sent.
    """
    pool = [_Connection(address) for _ in range(connections)]
    started_at, idle_before = time.perf_counter(), _idle_seconds()
    try:
        with select.epoll() as poll:
            exchange = _Exchange(poll, iter(requests), started_at + seconds)
            exchange.run(pool)
    finally:
        for connection in pool:
            connection.socket.close()
    load = exchange.load
    load.seconds = time.perf_counter() - started_at
    load.idle_share = (_idle_seconds() - idle_before) / (load.seconds * (os.cpu_count() or 1))
    return load


def _idle_seconds() -> float:
    """Return how long the cores have been idle, all together, waits for the disk included."""
    times = psutil.cpu_times()
    return float(times.idle + times.iowait)


class _Exchange:
    """Sends the next request on each connection that has its answer."""

    def __init__(self, poll: select.epoll, requests: Iterator[bytes], deadline: float) -> None:
        self.poll, self.requests, self.deadline = poll, requests, deadline
        self.busy: dict[int, _Connection] = {}
        self.load = Load()

    def run(self, pool: list[_Connection]) -> None:
        for connection in pool:
            self._watch(connection)
            self._send_next(connection)
        while self.busy:
            ready = self.poll.poll(SILENCE_SECONDS)
            if not ready:
                self.load.statuses[BROKEN] += len(self.busy)
                return
            for number, _ in ready:
                self._receive(self.busy[number])

    def _receive(self, connection: _Connection) -> None:
        is_whole = connection.receive()
        if is_whole is False:
            return
        now = time.perf_counter()
        if is_whole:
            self.load.statuses[connection.status] += 1
            self.load.latencies.append(now - connection.sent_at)
        else:
            self.load.statuses[BROKEN] += 1
        if now >= self.deadline:
            self._forget(connection)
            return
        if not is_whole or connection.is_last:
            self._forget(connection)
            connection.open()
            self._watch(connection)
        self._send_next(connection)

    def _send_next(self, connection: _Connection) -> None:
        request = next(self.requests, None)
        if request is None:
            self._forget(connection)
        else:
            connection.send(request)

    def _watch(self, connection: _Connection) -> None:
        self.busy[connection.socket.fileno()] = connection
        self.poll.register(connection.socket, select.EPOLLIN)

    def _forget(self, connection: _Connection) -> None:
        del self.busy[connection.socket.fileno()]
        connection.socket.close()
