import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fim.agent.service import reports
from fim.agent.service.report_socket import ReportSocket
from fim.agent.service.reports import Report, packed
from tests.agent.agents import wait_until
from tests.patience import PATIENCE_SECONDS

REPORT = Report(1.0, "IN_CREATE", "/srv/a")


@pytest.fixture
def taken():
    return []


@pytest.fixture
def state_dir(tmp_path):
    # A socket's address holds 107 bytes; pytest's own directories may be longer.
    short = Path(f"/tmp/picket-report_socket-{os.getpid()}")
    short.symlink_to(tmp_path)
    yield str(short)
    short.unlink()


@pytest.fixture
def report_socket(state_dir, taken):
    report_socket = ReportSocket(state_dir, taken.extend)
    report_socket.start()
    yield report_socket
    report_socket.stop()


def call(state_dir, content, *, is_finished=True):
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(PATIENCE_SECONDS)
        caller.connect(f"{state_dir}/{reports.SOCKET_NAME}")
        caller.sendall(content)
        if is_finished:
            caller.shutdown(socket.SHUT_WR)
        try:
            return caller.recv(100)
        except ConnectionResetError:
            return b""


def test_answers_when_the_report_is_taken(report_socket, state_dir, taken):
    assert call(state_dir, packed(REPORT)) == reports.TAKEN
    assert taken == [REPORT]


def test_answers_nothing_when_the_report_could_not_be_kept(state_dir):
    def take(found):
        raise OSError("the disk is full")

    report_socket = ReportSocket(state_dir, take)
    report_socket.start()

    assert call(state_dir, packed(REPORT)) == b""
    report_socket.stop()


def test_outlives_callers_who_say_nothing_or_too_much(report_socket, state_dir, taken):
    assert call(state_dir, b"", is_finished=False) == b""
    assert call(state_dir, b"x" * (reports.MAX_MESSAGE_BYTES + 1)) == b""

    assert call(state_dir, packed(REPORT)) == reports.TAKEN


def test_only_its_own_user_may_open_the_socket(report_socket, state_dir):
    mode = os.stat(f"{state_dir}/{reports.SOCKET_NAME}").st_mode

    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_another_user_may_not_report(report_socket, state_dir, taken):
    os.chmod(f"{state_dir}/{reports.SOCKET_NAME}", 0o666)
    for directory in (Path(state_dir).resolve(), *Path(state_dir).resolve().parents[:3]):
        if directory != Path("/tmp"):
            directory.chmod(0o755)
    program = (
        "import os, socket, sys; os.setuid(65534); caller = socket.socket(socket.AF_UNIX);"
        "caller.connect(sys.argv[1]); caller.sendall(bytes.fromhex(sys.argv[2]));"
        "caller.shutdown(socket.SHUT_WR); print(caller.recv(100))"
    )
    address = f"{state_dir}/{reports.SOCKET_NAME}"

    done = subprocess.run(
        [sys.executable, "-c", program, address, packed(REPORT).hex()],
        capture_output=True,
        text=True,
    )

    assert "taken" not in done.stdout
    assert taken == []


def test_takes_what_was_left_while_no_agent_ran(state_dir, taken):
    reports.save(state_dir, REPORT)

    report_socket = ReportSocket(state_dir, taken.extend)
    report_socket.start()

    assert wait_until(lambda: taken == [REPORT])
    report_socket.stop()


def test_the_socket_of_a_killed_agent_is_replaced(state_dir, taken):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"{state_dir}/{reports.SOCKET_NAME}")

    report_socket = ReportSocket(state_dir, taken.extend)
    report_socket.start()

    assert call(state_dir, packed(REPORT)) == reports.TAKEN
    report_socket.stop()


def test_without_a_socket_reports_come_by_disk(tmp_path, taken, caplog):
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    reports.save(str(deep), REPORT)

    report_socket = ReportSocket(str(deep), taken.extend)
    report_socket.start()

    assert wait_until(lambda: taken == [REPORT])
    assert "the path is too long for a socket" in caplog.text
    report_socket.stop()
