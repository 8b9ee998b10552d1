"""`manage.py watch` as an operator starts and stops it."""

import os
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from fim.management.commands.watch import Command
from tests.fim.agent.nodes import FakeNode

MANAGE = Path(__file__).resolve().parents[3] / "manage.py"


@pytest.fixture
def node():
    with FakeNode() as node:
        yield node


@pytest.fixture
def watch(tmp_path):
    """Start the command on tmp_path/tree and return once it is ready."""
    (tmp_path / "tree").mkdir()
    environment = {**os.environ, "VAR_DIR": str(tmp_path / "var"), "PICKET_KEY": "secret"}
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

    summary, errors = process.communicate(timeout=20)
    assert (summary, process.returncode) == ("Sent 1, refused 0, unsent 0 logs.\n", 0), errors
    assert [(log["host"], log["category"]) for log in node.logs] == [("web-1", "malware")]
    assert node.requests[0][1]["Authorization"] == "Api-Key secret"


def test_ends_with_advice_when_the_node_refuses_it(watch, node, tmp_path):
    node.answers.append((403, {"code": "permission_denied", "detail": "No.", "fields": {}}, {}))
    process = watch("--node", node.url, "--settle-seconds", "0.05")

    (tmp_path / "tree" / "a.txt").touch()

    summary, errors = process.communicate(timeout=20)
    assert (summary, process.returncode) == ("Sent 0, refused 0, unsent 1 logs.\n", 1)
    assert "The node refuses this agent (403, No.)." in errors


def test_ends_when_nothing_is_left_to_watch(watch, node, tmp_path):
    process = watch("--node", node.url)

    (tmp_path / "tree").rmdir()

    summary, errors = process.communicate(timeout=20)
    assert (summary, process.returncode) == ("Sent 1, refused 0, unsent 0 logs.\n", 1)
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
        str(tmp_path), f"--settle-seconds={seconds}"
    )


def test_refuses_an_empty_host_and_an_impossible_key(tmp_path):
    assert "--host is ''" in refuse(str(tmp_path), "--host", " ")
    assert "The key holds characters" in refuse(str(tmp_path), "--key", "a\nb")
