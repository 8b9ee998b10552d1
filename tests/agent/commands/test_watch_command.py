"""`manage.py watch` as an operator starts and stops it."""

import ctypes
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from fim.management.commands.watch import Command
from tests.agent.agents import wait_until
from tests.patience import PATIENCE_SECONDS

MANAGE = Path(__file__).resolve().parents[3] / "manage.py"


@pytest.fixture
def var():
    """A short path: the agent's socket lies below it."""
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


@pytest.fixture
def watch(tmp_path, var):
    """Start the command on tmp_path/tree and return once it is ready."""
    (tmp_path / "tree").mkdir()
    environment = {
        **os.environ,
        # The settings of the tests choose a VAR_DIR of their own.
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAR_DIR": str(var),
        "PICKET_KEY": "secret",
    }
    started = []

    def watch(*arguments):
        process = subprocess.Popen(
            [sys.executable, MANAGE, "watch", tmp_path / "tree", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        process.ready_line = process.stdout.readline()
        assert process.ready_line, process.communicate()[1]
        return process

    yield watch
    for process in started:
        process.kill()
        process.communicate()


def refuse(*arguments):
    with pytest.raises(CommandError) as refusal:
        call_command(Command(), *arguments, stdout=StringIO())
    return str(refusal.value)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_reports_what_changed_until_it_is_stopped(watch, node, tmp_path, number):
    process = watch("--node", node.url, "--host", "web-1")
    assert process.ready_line == f"Watching 1 directory for {node.url}\n"

    (tmp_path / "tree" / "c99.php").write_text("<?php")
    process.send_signal(number)

    summary, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (summary, process.returncode) == ("Sent 1, refused 0, unsent 0 logs.\n", 0), errors
    assert [(log["host"], log["category"]) for log in node.logs] == [("web-1", "malware")]
    assert node.requests[0][1]["Authorization"] == "Api-Key secret"


def test_stops_when_another_thread_takes_the_signal(watch, node):
    """The main thread sleeps on, as it does when a signal comes just before it goes to sleep."""
    process = watch("--node", node.url)

    assert ctypes.CDLL(None).tgkill(process.pid, other_thread(process.pid), signal.SIGTERM) == 0

    summary, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (summary, process.returncode) == ("Sent 0, refused 0, unsent 0 logs.\n", 0), errors


def other_thread(pid):
    """Name the oldest thread of a process beside its main one: it stays to the end."""
    return min(int(name) for name in os.listdir(f"/proc/{pid}/task") if int(name) != pid)


def test_writes_no_canary_and_makes_no_host_that_could_fall_silent(watch, node, tmp_path):
    process = watch("--node", node.url, "--window-seconds", "0.1")
    (tmp_path / "tree" / "a.txt").touch()
    wait_until(lambda: node.logs)

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)

    assert [os.path.basename(log["path"]) for log in node.logs] == ["a.txt"]
    assert node.heartbeats == []


def test_ends_with_advice_when_the_node_refuses_it(watch, node, tmp_path, var):
    node.answers.append((403, {"code": "permission_denied", "detail": "No.", "fields": {}}, {}))
    process = watch("--node", node.url, "--window-seconds", "0.1")
    wait_until_learned(var)

    (tmp_path / "tree" / "a.txt").touch()

    summary, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (summary, process.returncode) == ("Sent 0, refused 0, unsent 1 logs.\n", 1)
    assert "The node refuses this agent (403, No.)." in errors


def test_reports_what_changed_since_it_last_ran(watch, node, tmp_path, var):
    first = watch("--node", node.url)
    wait_until_learned(var)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=PATIENCE_SECONDS)
    (tmp_path / "tree" / "a.txt").touch()

    second = watch("--node", node.url)

    assert wait_until(lambda: node.logs)
    second.send_signal(signal.SIGTERM)
    second.communicate(timeout=PATIENCE_SECONDS)
    assert [(log["action"], log["seq"]) for log in node.logs] == [("created", 1)]


def wait_until_learned(var):
    (path,) = (var / "agent").glob("*/agent.sqlite3")
    with closing(sqlite3.connect(path)) as state:
        query = "SELECT 1 FROM meta WHERE name LIKE 'baseline_at:%'"
        assert wait_until(lambda: state.execute(query).fetchone())


def test_ends_when_nothing_is_left_to_watch(watch, node, tmp_path):
    process = watch("--node", node.url)

    (tmp_path / "tree").rmdir()

    summary, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert summary.endswith("\nSent 1, refused 0, unsent 0 logs.\n") and process.returncode == 1
    assert "Nothing is left to watch." in errors


def test_refuses_a_path_that_is_not_a_directory(tmp_path):
    assert refuse(str(tmp_path / "none")) == f"{tmp_path / 'none'} is not a directory."


def test_refuses_a_bad_node_url(tmp_path):
    assert "--node 'node:8000' is not the URL of a node" in refuse(
        str(tmp_path), "--node", "node:8000"
    )


@pytest.mark.parametrize("seconds", ["0", "-1", "61", "nan"])
def test_refuses_a_settle_time_that_makes_no_sense(tmp_path, seconds):
    assert "takes more than 0 and at most 60" in refuse(
        str(tmp_path), f"--window-seconds={seconds}"
    )


def test_refuses_an_empty_host_and_an_impossible_key(tmp_path):
    assert "--host is ''" in refuse(str(tmp_path), "--host", " ")
    assert "The key holds characters" in refuse(str(tmp_path), "--key", "a\nb")


def test_refuses_rules_that_cannot_be_compiled(tmp_path, monkeypatch):
    rules = tmp_path / "broken.yar"
    rules.write_text("rule broken { condition: nonsense }")
    monkeypatch.setattr("fim.agent.enrich.yara.STARTER_FILE", str(rules))

    assert f"{rules} line 1: " in refuse(str(tmp_path))
