"""Receives reports while the agent runs: by a Unix socket, and from disk what was left there."""

import logging
import os
import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

from fim.agent.service import reports
from fim.agent.service.reports import Report

logger = logging.getLogger(__name__)

CREDENTIALS = struct.Struct("=iII")
# How long a silent caller is waited for: others wait behind it.
CALLER_SECONDS = 0.5
# How often the disk is looked at: a report that found the socket too slow is left there.
DISK_POLL_MILLISECONDS = 30_000
MAX_WAITING = 128
# sun_path of a sockaddr_un, with its NUL.
MAX_PATH_BYTES = 107


class ReportSocket:
    """Hands reports to `on_reports`, which must have them on disk when it returns.

    Only root and the agent's own user may connect.
    """

    def __init__(self, state_dir: str, on_reports: Callable[[list[Report]], None]) -> None:
        self._state_dir = state_dir
        self._path = os.path.join(state_dir, reports.SOCKET_NAME)
        self._on_reports = on_reports
        self._wake_reader, self._wake = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="report-socket", daemon=True)
        self._listener: socket.socket | None = None

    def start(self) -> None:
        """Listen and take what waits on disk. Without a socket, reports come by disk alone."""
        try:
            self._listener = _listen(self._path)
        except OSError as exc:
            logger.warning("Reports are taken from disk alone: %a: %s.", self._path, exc)
        self._thread.start()

    def stop(self) -> None:
        os.write(self._wake, b".")
        self._thread.join()
        if self._listener:
            self._listener.close()
            with suppress(FileNotFoundError):
                os.unlink(self._path)
        os.close(self._wake)
        os.close(self._wake_reader)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._wake_reader, select.POLLIN)
        if self._listener:
            poll.register(self._listener, select.POLLIN)
        self._read_saved()
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(DISK_POLL_MILLISECONDS)}
            if self._wake_reader in ready:
                return
            if ready and self._listener:
                self._answer_one(self._listener)
            else:
                self._read_saved()

    def _read_saved(self) -> None:
        try:
            with reports.saved(self._state_dir) as waiting:
                if waiting:
                    self._on_reports(waiting)
        except OSError as exc:
            logger.error("Reports that were left on disk cannot be read: %s.", exc)

    def _answer_one(self, listener: socket.socket) -> None:
        try:
            caller, _ = listener.accept()
        except OSError:
            return
        with caller:
            caller.settimeout(CALLER_SECONDS)
            try:
                if _may_report(caller):
                    self._on_reports(reports.unpacked(_message(caller)))
                    caller.sendall(reports.TAKEN)
            except (OSError, ValueError) as exc:
                logger.warning("A report was not taken: %s.", exc)


def _listen(path: str) -> socket.socket:
    """Listen at the path. A socket there is a killed agent's: this one holds the state's lock."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if len(os.fsencode(path)) > MAX_PATH_BYTES:
            raise OSError("the path is too long for a socket")
        # Until its mode is set, the state's directory, 0700, keeps others off.
        listener.bind(path)
        os.chmod(path, 0o600)
        listener.listen(MAX_WAITING)
    except OSError:
        listener.close()
        raise
    return listener


def _may_report(caller: socket.socket) -> bool:
    credentials = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    pid, uid, _ = CREDENTIALS.unpack(credentials)
    if uid in (0, os.geteuid()):
        return True
    logger.warning("Process %d of user %d may not report.", pid, uid)
    return False


def _message(caller: socket.socket) -> bytes:
    parts: list[bytes] = []
    length = 0
    while part := caller.recv(reports.MAX_MESSAGE_BYTES):
        parts.append(part)
        length += len(part)
        if length > reports.MAX_MESSAGE_BYTES:
            raise ValueError(f"it has more than {reports.MAX_MESSAGE_BYTES} bytes")
    return b"".join(parts)
