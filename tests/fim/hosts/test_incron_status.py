"""The status file, and the process list where the file is not believed."""

import os
import shutil
import signal
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from fim.hosts import incron
from fim.hosts.incron import incron_status

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_incrond(request, monkeypatch):
    """Look for a name that no process has, so that what else runs here does not matter."""
    if "incrond" not in request.fixturenames:
        monkeypatch.setattr(incron, "PROCESS_NAME", "no-such-incrond")


@pytest.fixture
def incrond(tmp_path):
    """A real process of that name."""
    shutil.copy("/bin/sleep", tmp_path / "incrond")
    process = subprocess.Popen([tmp_path / "incrond", "60"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def make_file(tmp_path):
    def make_file(content, *, age_seconds=0):
        path = tmp_path / "status"
        path.write_bytes(content)
        written_at = NOW.timestamp() - age_seconds
        os.utime(path, (written_at, written_at))
        return path

    return make_file


def status_of(path):
    return incron_status(status_path=path, max_age_seconds=120, now=NOW)


@pytest.mark.parametrize("content", [b"running", b"  Running\n", b"RUNNING\r\n"])
def test_believes_a_fresh_file_that_says_running(make_file, content):
    status = status_of(make_file(content, age_seconds=30))

    assert (status.is_running, status.source) == (True, "status_file")
    assert status.detail == "The status file said running 30 seconds ago."
    assert status.status_age_seconds == 30


def test_believes_a_fresh_file_that_says_stopped(make_file):
    status = status_of(make_file(b"stopped\n"))

    assert (status.is_running, status.source) == (False, "status_file")


@pytest.mark.parametrize("age_seconds", [120, -120])
def test_believes_a_file_at_the_limits_of_its_age(make_file, age_seconds):
    assert status_of(make_file(b"running", age_seconds=age_seconds)).source == "status_file"


@pytest.mark.parametrize(
    ("age_seconds", "reason"),
    [
        (121, "the status file is 121 seconds old and at most 120 are believed."),
        (-121, "the status file is dated 121 seconds in the future."),
    ],
)
def test_does_not_believe_an_old_file_nor_one_from_the_future(make_file, age_seconds, reason):
    status = status_of(make_file(b"running", age_seconds=age_seconds))

    assert (status.is_running, status.source) == (False, "process_list")
    assert status.detail == f"The process list shows no no-such-incrond; {reason}"
    assert status.status_age_seconds == age_seconds


@pytest.mark.parametrize(
    "content", [b"", b"yes", b"running fast", b"\xff\x00running", b"running" + b" " * 5_000]
)
def test_does_not_believe_unknown_content(make_file, content):
    status = status_of(make_file(content))

    assert (status.is_running, status.source) == (False, "process_list")
    assert status.detail.endswith("; the status file says neither running nor stopped.")


def test_tells_that_the_file_does_not_exist(tmp_path):
    status = status_of(tmp_path / "none")

    assert status.detail.endswith("; the status file does not exist.")
    assert status.status_age_seconds is None


def test_tells_that_the_file_cannot_be_read(tmp_path, make_file):
    assert status_of(make_file(b"running") / "below").detail.endswith("cannot be read.")
    assert status_of("a\0b").detail.endswith("cannot be read.")


def test_does_not_wait_for_a_fifo(tmp_path):
    os.mkfifo(tmp_path / "fifo")

    assert status_of(tmp_path / "fifo").detail.endswith("the status file is not a regular file.")


def test_does_not_read_a_directory_or_a_device(tmp_path):
    assert status_of(tmp_path).detail.endswith("is not a regular file.")
    assert status_of("/dev/zero").detail.endswith("is not a regular file.")


def test_finds_a_running_incrond_in_the_process_list(tmp_path, incrond):
    status = status_of(tmp_path / "none")

    assert (status.is_running, status.source) == (True, "process_list")
    assert status.detail.startswith("The process list shows incrond as process ")


def test_a_fresh_file_outweighs_the_process_list(make_file, incrond):
    assert status_of(make_file(b"stopped")).is_running is False


def test_does_not_count_a_zombie(tmp_path, monkeypatch):
    monkeypatch.setattr(incron, "PROCESS_NAME", "incrond-zombie")
    shutil.copy("/bin/sleep", tmp_path / "incrond-zombie")
    process = subprocess.Popen([tmp_path / "incrond-zombie", "60"])
    assert status_of(tmp_path / "none").is_running

    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert status_of(tmp_path / "none").is_running is False
    process.wait()


def test_a_process_list_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    def refuse(attrs):
        raise PermissionError

    monkeypatch.setattr(incron.psutil, "process_iter", refuse)

    assert status_of(tmp_path).detail.startswith("The process list cannot be read; ")


def test_asks_the_clock_where_no_time_is_given(tmp_path):
    (tmp_path / "status").write_text("running")

    status = incron_status(status_path=tmp_path / "status", max_age_seconds=120)

    assert timedelta(seconds=status.status_age_seconds) < timedelta(minutes=1)
