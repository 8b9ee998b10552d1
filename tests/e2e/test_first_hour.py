"""A newcomer's first hour, with nothing mocked: `make run`, `manage.py watch`, real files."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.node import ROOT, Node, free_port, fresh_database, sign_in
from tests.patience import PATIENCE_SECONDS, wait_until

HOST = "web-1"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """The node as `make run` serves it, with the password that it shows once."""
    directory = tmp_path_factory.mktemp("newcomer")
    port = free_port()
    with fresh_database(directory) as database_url:
        env = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PYTHON": sys.executable,
            "VAR_DIR": str(directory / "var"),
            "DATABASE_URL": database_url,
            "PORT": str(port),
            "ENV_FILE": os.devnull,
        }
        log = directory / "make-run.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["make", "run"], cwd=ROOT, env=env, stdout=output, stderr=output
            )
        node = Node(url=f"http://127.0.0.1:{port}", env=env, log=log, process=process)
        try:
            node.wait_until_ready()
            password = re.search(r"shown once:\n\n +(\S+)\n", log.read_text())[1]
            node.token = sign_in(node, "admin", password)
            yield node
        finally:
            node.stop()


@contextmanager
def watching(node, directory):
    command = [sys.executable, "manage.py", "watch", directory, "--node", node.url, "--host", HOST]
    watch = subprocess.Popen(command, cwd=ROOT, env=node.env, stdout=subprocess.PIPE, text=True)
    assert watch.stdout.readline().startswith("Watching 1 directory")
    try:
        yield
    finally:
        watch.terminate()
        watch.communicate(timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def logs(node, tmp_path_factory):
    """What the node has after files were created, changed, moved and deleted."""
    tree = tmp_path_factory.mktemp("www")
    (tree / "old.html").write_text("old")
    with watching(node, tree):
        (tree / "index.html").write_text("<h1>Hello</h1>")
        (tree / "c99.php").write_text("<?php system($_GET['c']);")
        (tree / "old.html").write_text("new")
        wait_for_logs(node, 3)  # a move at once would be joined to the writes
        (tree / "index.html").rename(tree / "start.html")
        (tree / "old.html").unlink()
        wait_for_logs(node, 5)
    return node.as_admin("GET", "/api/logs/?page_size=100")[1]["results"]


def wait_for_logs(node, count):
    wait_until(
        lambda: node.as_admin("GET", "/api/logs/")[1]["count"] >= count, explain=node.log.read_text
    )


def test_every_change_is_a_log(logs):
    found = {(log["action"], log["file_name"]) for log in logs}

    assert found == {
        ("created", "index.html"),
        ("created", "c99.php"),
        ("modified", "old.html"),
        ("moved", "start.html"),
        ("deleted", "old.html"),
    }


def test_a_log_says_what_the_file_is(logs):
    log = next(log for log in logs if log["file_name"] == "index.html")

    assert log["sha256"] == "e2c6c0ea7c7900c31f953e48d30d5e839801ab90630d751e7c8426ed5859da47"
    assert (log["size_bytes"], log["host"], log["source"]) == (14, HOST, "picket-agent")


def test_the_web_shell_is_an_open_critical_alert(node, logs):
    _, alerts = node.as_admin("GET", "/api/alerts/?status=OPEN&event__severity=CRITICAL")

    event = alerts["results"][0]["event"]
    assert alerts["count"] == 1
    assert (event["source_name"], event["event_type"]) == (HOST, "fim.malware")


def test_the_dashboard_counts_them(node, logs):
    _, today = node.as_admin("GET", "/api/logs/analytics/")
    _, week = node.as_admin("GET", "/api/logs/analytics/historical/?days=7")

    assert (today["total"], today["malware"], today["normal"]) == (5, 1, 4)
    assert (len(week), week[-1]) == (7, today)


def test_the_dhimp_dashboard_reads_the_same(node, logs):
    _, answer = node.as_admin("GET", "/dhimp/api/logs/?status=malware")

    assert [log["nama_file"] for log in answer["results"]] == ["c99.php"]


def test_the_browser_is_led_to_the_console(node):
    status, _, headers = node.request("GET", "/")

    assert (status, headers["location"]) == (302, "/admin/")


def test_running_again_just_serves(node):
    assert "Accounts exist; no admin was created." in node.manage("create_first_admin")
