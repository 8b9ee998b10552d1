"""gunicorn's threaded worker, with time limits for clients, slots, and threads that keep a client.

No other module touches gunicorn's internals. CHECKED_GUNICORN is the version they were read in;
tests/config/serving/test_gunicorn_internals.py fails where another changes them.
"""

import socket
from collections import deque
from typing import Any

from gunicorn import util
from gunicorn.workers import gthread

from config.serving.client_socket import ClientSocket
from config.serving.worker_slots import WorkerSlot

CHECKED_GUNICORN = "27.0.1"

# How long a thread that nobody else needs waits for its client's next request.
STAY_MILLISECONDS = 5


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
        """Answer a request, and those that follow it at once while no other client waits.

        Passing a connection to the main thread and back costs as much as reading a request: it took
        a fifth of a busy worker's time.
        """
        self._queued.popleft()
        is_kept = self._handle_one(conn)
        while is_kept is True and self._may_stay(conn) and conn.sock.has_more(STAY_MILLISECONDS):
            is_kept = self._handle_one(conn)
        return is_kept

    def _may_stay(self, conn: Any) -> bool:
        is_read = bool(conn.parser.unreader.buf.getvalue())
        return self.alive and not self._queued and not is_read

    def _handle_one(self, conn: Any) -> Any:
        if not conn.initialized and not conn.wait_for_data(0):
            # gunicorn would wait here for 5 seconds; the poller waits without a thread.
            return gthread._DEFER
        conn.sock.start_request()
        is_kept = super().handle(conn)
        if not is_kept:
            # Here, not in the main thread, which each client could make linger for 2 seconds.
            util.close_graceful(conn.sock)
        return is_kept
