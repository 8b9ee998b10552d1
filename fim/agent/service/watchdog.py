"""Messages to systemd, sd_notify(3): the agent is ready, and it is not stuck."""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

# systemd sets NOTIFY_SOCKET and WATCHDOG_USEC, no person does.
MICROSECONDS = 1_000_000


def notify(message: str) -> None:
    """Tell systemd; nothing where it did not start the agent or does not listen."""
    address = os.getenv("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, suppress(OSError):
        sender.sendto(message.encode(), address)


class Watchdog:
    """Calls `check` at half of systemd's interval and notifies systemd once it returned.

    Where `check` hangs, systemd starts the agent again.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._every_seconds = int(os.getenv("WATCHDOG_USEC", "0")) / MICROSECONDS / 2
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        notify("READY=1")
        if self._every_seconds:
            self._thread.start()

    def stop(self) -> None:
        notify("STOPPING=1")
        self._ending.set()

    def _run(self) -> None:
        while not self._ending.wait(self._every_seconds):
            self._check()
            notify("WATCHDOG=1")
