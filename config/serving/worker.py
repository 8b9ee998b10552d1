"""gunicorn's threaded worker, with a bound on how long a client may keep one of its threads."""

import errno
import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gunicorn import util
from gunicorn.workers import gthread

from config.serving.worker_slots import WorkerSlot

# How long a thread that nobody else needs waits for its client's next request.
STAY_MILLISECONDS = 5


class ClientSocket(socket.socket):
    """A client's connection that counts as reset once the client is too slow.

    gunicorn takes a reset for the client's own doing: it closes the connection and logs nothing.
    No answer is sent, since a 4xx would tell an agent on a bad line to drop its logs.
    """

    # gunicorn.conf.py sets them from the environment.
    silence_seconds: float = 10
    request_seconds: float = 60

    _deadline: float | None = None
    _is_given_up = False

    def start_request(self) -> None:
        """Give the next request its own time, from its first byte on."""
        self._deadline = None

    def has_more(self, milliseconds: int) -> bool:
        """Wait so long for the client to send something, or to hang up."""
        poll = select.poll()
        poll.register(self, select.POLLIN)
        return bool(poll.poll(milliseconds))

    def setblocking(self, flag: bool) -> None:
        """Wait for a silent client for a bounded time where gunicorn would wait for ever."""
        if self.fileno() >= 0:
            self.settimeout(self.silence_seconds if flag else 0)

    def recv(self, size: int, flags: int = 0) -> bytes:
        with self._giving_up():
            if self._deadline is None:
                self._deadline = time.monotonic() + self.request_seconds
            # A read by read timeout alone would let a byte every few seconds hold the thread.
            if time.monotonic() > self._deadline:
                raise TimeoutError
            return super().recv(size, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all while the client takes some; Python's own bounds the whole by the timeout."""
        rest = memoryview(data)
        with self._giving_up():
            while rest:
                rest = rest[super().send(rest, flags) :]

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        with self._giving_up():
            return super().sendfile(file, offset, count)

    @contextmanager
    def _giving_up(self) -> Iterator[None]:
        """Let nothing more pass after the first wait that was too long."""
        try:
            if self._is_given_up:
                raise TimeoutError
            yield
        except TimeoutError as exc:
            self._is_given_up = True
            raise ConnectionResetError(errno.ECONNRESET, "the client is too slow") from exc


class Worker(gthread.ThreadWorker):
    # gunicorn.conf.py gives it before the worker is forked.
    slot: WorkerSlot

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The connections that wait for a thread.
        self._queued: deque[Any] = deque()

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if enabled:
            self.slot.set_count(self.nr_conns)
        else:
            self.slot.stop_accepting()

    def accept(self, listener: socket.socket) -> None:
        self.slot.set_count(self.nr_conns)
        self.slot.yield_to_others()
        super().accept(listener)
        self.slot.set_count(self.nr_conns)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        if self._accepting:
            self.slot.set_count(self.nr_conns)
        super().wait_for_and_dispatch_events(timeout)

    def enqueue_req(self, conn: Any) -> None:
        if not isinstance(conn.sock, ClientSocket):
            conn.sock = ClientSocket(fileno=conn.sock.detach())
        self._queued.append(conn)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Answer a request, and the ones that follow it at once while no other client waits.

        To hand a connection to the main thread and to take it back costs as much as to read a
        request: it took a fifth of a busy worker's time.
        """
        self._queued.popleft()
        goes_on = self._handle_one(conn)
        while goes_on is True and self._may_stay(conn) and conn.sock.has_more(STAY_MILLISECONDS):
            goes_on = self._handle_one(conn)
        return goes_on

    def _may_stay(self, conn: Any) -> bool:
        is_read = bool(conn.parser.unreader.buf.getvalue())
        return self.alive and not self._queued and not is_read

    def _handle_one(self, conn: Any) -> Any:
        if not conn.initialized and not conn.wait_for_data(0):
            # gunicorn would wait here for 5 seconds; the poller does it without a thread.
            return gthread._DEFER
        conn.sock.start_request()
        goes_on = super().handle(conn)
        if not goes_on:
            # Here, not in the main thread, which each client could make linger for 2 seconds.
            util.close_graceful(conn.sock)
        return goes_on
