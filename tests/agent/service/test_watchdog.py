import socket
import threading

import pytest

from fim.agent.service.watchdog import Watchdog
from tests.patience import PATIENCE_SECONDS


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """Listen where systemd would."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    address = "@picket-" + tmp_path.name
    listener.bind("\0" + address[1:])
    listener.settimeout(PATIENCE_SECONDS)
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    monkeypatch.setenv("WATCHDOG_USEC", "100000")
    yield listener
    listener.close()


def test_tells_that_it_is_ready_and_that_it_is_not_stuck(systemd):
    watchdog = Watchdog(lambda: None)
    watchdog.start()

    assert [systemd.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    watchdog.stop()


def test_says_nothing_while_a_check_hangs(systemd):
    gate = threading.Event()
    watchdog = Watchdog(gate.wait)
    watchdog.start()
    systemd.recv(100)

    systemd.settimeout(0.3)
    with pytest.raises(TimeoutError):
        systemd.recv(100)

    gate.set()
    watchdog.stop()
