"""A bound on how long a client may keep a thread of a worker waiting."""

import errno
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class ClientSocket(socket.socket):
    """A client's connection that counts as reset once the client is too slow.

    gunicorn treats a reset as the client's doing: it closes the connection and logs nothing. No
    answer is sent, since a 4xx would make an agent on a bad line drop its logs.
    """

    # gunicorn.conf.py sets them from the environment.
    silence_seconds: float = 10
    request_seconds: float = 60

    _deadline: float | None = None
    _is_too_slow = False

    def start_request(self) -> None:
        """Start the time limit of the next request, from its first byte on."""
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
        with self._reset_if_too_slow():
            if self._deadline is None:
                self._deadline = time.monotonic() + self.request_seconds
            # A timeout for each read alone would let a byte every few seconds hold the thread.
            if time.monotonic() > self._deadline:
                raise TimeoutError
            return super().recv(size, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all while the client takes some; Python's own bounds the whole by the timeout."""
        rest = memoryview(data)
        with self._reset_if_too_slow():
            while rest:
                rest = rest[super().send(rest, flags) :]

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        with self._reset_if_too_slow():
            return super().sendfile(file, offset, count)

    @contextmanager
    def _reset_if_too_slow(self) -> Iterator[None]:
        """Fail all later calls, too, after the first wait that was too long."""
        try:
            if self._is_too_slow:
                raise TimeoutError
            yield
        except TimeoutError as exc:
            self._is_too_slow = True
            raise ConnectionResetError(errno.ECONNRESET, "the client is too slow") from exc
