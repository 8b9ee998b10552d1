"""The agent as a process, watching real directories for a real node."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from tests.agent.rights import may_listen
from tests.node import ROOT, running_node
from tests.patience import PATIENCE_SECONDS, wait_until

CONFIG = """
host = "{host}"
state_dir = "{state}"
[[watch]]
path = "{root}"
[node]
url = "{url}"
[canary]
every_seconds = 2
limit_seconds = {limit_seconds}
[heartbeat]
every_seconds = 1
"""


@pytest.fixture
def place():
    """A directory with a short name: the agent's socket has an address of 107 bytes."""
    path = Path(tempfile.mkdtemp(prefix="picket-"))
    (path / "www").mkdir()
    yield path
    shutil.rmtree(path)


@contextmanager
def running_agent(node, place, host, *, before=(), limit_seconds=60):
    """The canaries' limit is one that no machine reaches where its agent sees."""
    config = place / "agent.toml"
    config.write_text(
        CONFIG.format(
            host=host,
            state=place / "state",
            root=place / "www",
            url=node.url,
            limit_seconds=limit_seconds,
        )
    )
    command = [*before, sys.executable, "-m", "fim.agent", "run", "--config", config]
    with (place / "agent.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        wait_until(lambda: host_of(node, host), explain=(place / "agent.log").read_text)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_SECONDS)


def host_of(node, name):
    hosts = node.as_admin("GET", f"/api/hosts/?name={name}")[1]["results"]
    return hosts[0] if hosts else None


def logs_of(node, path):
    return node.as_admin("GET", f"/api/logs/?search={path}")[1]["results"]


def report(place, path, event):
    command = [sys.executable, "-m", "fim.agent", "report", path, event]
    subprocess.run([*command, "--config", place / "agent.toml"], cwd=ROOT, check=True)


def test_a_web_shell_is_an_alert(node, place):
    shell = place / "www" / "c99shell.php"
    with running_agent(node, place, "web-shell"):
        subprocess.run(["/bin/sh", "-c", f"echo '<?php eval($_POST[0]);' > {shell}"], check=True)

        wait_until(lambda: alerts_of(node, shell.name))

    log = logs_of(node, shell)[0]
    assert (log["category"], log["action"]) == ("malware", "created")
    assert log["process"] == ("sh" if may_listen(str(place)) else "")


def alerts_of(node, name):
    found = node.as_admin("GET", "/api/alerts/?status=OPEN")[1]["results"]
    return [alert for alert in found if name in alert["event"]["description"]]


def test_the_node_hears_how_the_agent_is(node, place):
    with running_agent(node, place, "heard"):
        host = wait_until(lambda: host_of(node, "heard"))

    assert (host["state"], host["source"], host["is_blind"]) == ("alive", "picket-agent", False)
    assert host["watches"] == 1


def test_canaries_come_back_and_are_not_stored(node, place):
    with running_agent(node, place, "sees"):
        # A second one is only written once the first has come back.
        host = wait_until(lambda: (found := host_of(node, "sees"))["seq"] >= 3 and found)

    assert (place / "www" / ".picket-canary").exists()
    assert not host["is_blind"]
    assert logs_of(node, place / "www" / ".picket-canary") == []


def test_an_agent_that_the_kernel_tells_nothing_is_blind(node, place):
    """No watch is left for it: it scans, and what a scan finds is no proof of watching."""
    without_watches = 'echo 0 > /proc/sys/user/max_inotify_watches && exec "$@"'
    before = ["unshare", "--user", "--map-root-user", "sh", "-c", without_watches, "sh"]
    if subprocess.run([*before, "true"], capture_output=True).returncode:
        pytest.skip("no user namespaces here")
    started = time.time()

    with running_agent(node, place, "blind", before=before, limit_seconds=3):
        host = wait_until(lambda: (found := host_of(node, "blind"))["is_blind"] and found)

    assert host["blind_roots"] == [str(place / "www")]
    assert host["unwatched"] == [str(place / "www")]
    assert started < _moment(host["blind_since"]) < time.time() - 3
    assert [event["severity"] for event in events_of(node, "host.blind", "blind")] == ["HIGH"]


def test_an_agent_that_sees_again_says_so(node, place):
    canary = place / "www" / ".picket-canary"
    os.symlink("/nowhere", canary)

    with running_agent(node, place, "again"):
        wait_until(lambda: host_of(node, "again")["is_blind"])
        canary.unlink()
        wait_until(lambda: not host_of(node, "again")["is_blind"])

    assert len(events_of(node, "host.sees_again", "again")) == 1


def test_an_agent_was_blind_while_its_node_was_away(tmp_path, place):
    with (
        running_node(tmp_path) as node,
        running_agent(node, place, "waits", limit_seconds=8),
    ):
        wait_until(lambda: host_of(node, "waits")["seq"])
        node.stop()
        wait_until(lambda: "Blind in" in (place / "agent.log").read_text())
        node.start()

        wait_until(lambda: events_of(node, "host.was_blind", "waits"))
        wait_until(lambda: not host_of(node, "waits")["is_blind"])

        (event,) = events_of(node, "host.was_blind", "waits")
        assert (event["severity"], events_of(node, "host.blind", "waits")) == ("LOW", [])
    assert event["description"].endswith(": this node did not answer.")


def test_a_report_becomes_a_log(node, place):
    elsewhere = place / "elsewhere\n'x.php"
    with running_agent(node, place, "reported"):
        elsewhere.write_text("x")
        report(place, elsewhere, "IN_CLOSE_WRITE")

        wait_until(lambda: logs_of(node, "elsewhere"))
    assert not (place / "state" / "reports").read_bytes()


def test_a_report_waits_on_disk_for_the_agents_next_start(node, place):
    with running_agent(node, place, "later"):
        pass
    elsewhere = place / "left-for-later"
    elsewhere.write_text("x")
    report(place, elsewhere, "IN_CREATE")

    with running_agent(node, place, "later"):
        wait_until(lambda: logs_of(node, elsewhere))


def events_of(node, event_type, host):
    found = node.as_admin("GET", f"/api/events/?event_type={event_type}")[1]["results"]
    return [event for event in found if event["source_name"] == host]


def _moment(text):
    return datetime.fromisoformat(text).timestamp()
