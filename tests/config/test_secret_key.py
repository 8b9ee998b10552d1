"""The node's own secret key: made once, readable by its owner alone."""

import os
import subprocess
import sys

from config.secret_key import read_or_make_secret_key
from tests.node import ROOT


def test_makes_a_long_random_key(tmp_path):
    one = read_or_make_secret_key(tmp_path / "one" / "secret_key")
    other = read_or_make_secret_key(tmp_path / "other" / "secret_key")

    assert len(one) >= 64
    assert one != other


def test_only_the_owner_reads_the_file(tmp_path):
    path = tmp_path / "var" / "secret_key"
    before = os.umask(0)
    try:
        read_or_make_secret_key(path)
    finally:
        os.umask(before)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_keeps_the_key(tmp_path):
    path = tmp_path / "secret_key"

    assert read_or_make_secret_key(path) == read_or_make_secret_key(path)


def test_leaves_no_drafts(tmp_path):
    read_or_make_secret_key(tmp_path / "secret_key")

    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_the_key_that_another_process_made_meanwhile_stays(tmp_path, monkeypatch):
    path = tmp_path / "secret_key"

    def make_late(size):
        path.write_text("made by another process")
        return "made too late"

    monkeypatch.setattr("config.secret_key.secrets.token_urlsafe", make_late)

    assert read_or_make_secret_key(path) == "made by another process"
    assert path.read_text() == "made by another process"


def test_processes_that_start_at_once_end_up_with_one_key(tmp_path):
    script = (
        "import sys, pathlib; from config.secret_key import read_or_make_secret_key\n"
        "sys.stdin.read()\n"
        "print(read_or_make_secret_key(pathlib.Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "secret_key")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(8)]
    for process in running:
        process.stdin.close()

    keys = {process.stdout.read() for process in running}
    for process in running:
        process.wait()
        process.stdout.close()

    assert len(keys) == 1
