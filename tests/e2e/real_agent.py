"""The agent as operators run it: a process of its own, with a configuration file."""

import hashlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import psutil

from tests import patience

ROOT = Path(__file__).resolve().parents[2]
FROM_CHECKOUT = (sys.executable, "-m", "fim.agent")
QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")
CONFIG = """
host = "web-1"
state_dir = "{directory}/state"
window_seconds = {window_seconds}
{more}
[[watch]]
path = "{directory}/tree"
[node]
url = "{node.url}"
[who]
method = "{who}"
[canary]
every_seconds = 0
"""


class RealAgent:
    """Watches `directory`/tree and reports to `node`; `program` is how it is called."""

    def __init__(
        self, directory, node, *, window_seconds=0.3, who="none", more="", program=FROM_CHECKOUT
    ):
        self.program = program
        self.tree = directory / "tree"
        self.tree.mkdir(exist_ok=True)
        self.node = node
        self.log = directory / "agent.log"
        self._state = directory / "state" / "agent.sqlite3"
        self.config = directory / "agent.toml"
        self.config.write_text(
            CONFIG.format(
                directory=directory, node=node, window_seconds=window_seconds, who=who, more=more
            )
        )
        self.process = None
        self.learned = None

    def start(self):
        """Return once the watches stand and the baseline is there."""
        if self.learned is None:
            self.learned = real_state(self.tree)
        self.launch()
        wait_until(lambda: "Watching" in self.log.read_text(), self)
        wait_until(lambda: self._meta("baseline_at:%") is not None, self)

    def launch(self):
        with self.log.open("w") as log:
            command = [*self.program, "run", "--config", self.config]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=patience.PATIENCE_SECONDS)

    @property
    def seq(self):
        return self._meta("seq") or 0

    @property
    def settled_seq(self):
        """The last number once nothing waits to be told, all read at one moment; else -1."""
        query = "SELECT value FROM meta WHERE name = 'seq' AND NOT EXISTS (SELECT 1 FROM pending)"
        found = self._ask(query)
        return found[0] if found else -1

    @property
    def pending_count(self):
        return self._ask("SELECT count(*) FROM pending")[0]

    @property
    def peak_megabytes(self):
        """The most memory that was ever resident, by the kernel's count."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def _meta(self, name):
        found = self._ask("SELECT value FROM meta WHERE name LIKE ?", name)
        return found[0] if found else None

    def _ask(self, query, *values):
        with closing(sqlite3.connect(self._state, timeout=30)) as state:
            return state.execute(query, values).fetchone()


@contextmanager
def real_agent(directory, node, **options):
    agent = RealAgent(directory, node, **options)
    try:
        yield agent
    finally:
        if agent.process:
            agent.stop()


def wait_until(is_so, agent, **options):
    """Wait as long as the agent lives."""
    options.setdefault("explain", agent.log.read_text)

    def is_so_and_it_lives():
        assert agent.process.poll() is None, agent.log.read_text()
        return is_so()

    return patience.wait_until(is_so_and_it_lives, **options)


def stored_logs(node):
    """Return all logs of the node in the order of their `seq`."""
    status, content = node.as_admin("GET", "/api/logs/export/")
    assert status == 200
    return sorted(map(json.loads, content.splitlines()), key=lambda log: log["seq"])


def told_state(logs, learned):
    """Return the files that the logs, one after the other, make of those in the baseline."""
    state = dict(learned)
    for log in logs:
        state.pop(log["path_from"], None)
        state[log["path"]] = log["sha256"]
        if log["action"] == "deleted":
            del state[log["path"]]
    return state


def real_state(tree):
    state = {}
    for directory, directories, files in os.walk(tree):
        state |= {os.path.join(directory, name): "" for name in directories}
        for name in files:
            path = os.path.join(directory, name)
            state[path] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return state


def assert_all_arrived_once(agent, **options):
    """Wait until the node knows what is there, each number having come exactly once."""
    wanted = real_state(agent.tree)
    logs = []

    def is_told():
        logs[:] = stored_logs(agent.node)
        is_whole = [log["seq"] for log in logs] == list(range(1, agent.settled_seq + 1))
        return is_whole and told_state(logs, agent.learned) == wanted

    wait_until(is_told, agent, explain=lambda: explain(agent, logs, wanted), **options)
    return logs


def explain(agent, logs, wanted):
    """Return what is missing, and what was told of the first path that is told wrongly."""
    told = told_state(logs, agent.learned)
    wrong = [path for path in told | wanted if told.get(path) != wanted.get(path)]
    lines = [f"{len(logs)} logs are stored, {agent.seq} were made; {len(wrong)} paths differ."]
    for path in wrong[:1]:
        lines += [f"{path}: told {told.get(path)}, is {wanted.get(path)}"]
        lines += [json.dumps(log) for log in logs if path in (log["path"], log["path_from"])]
    return "\n".join([*lines, agent.log.read_text()])


def kill_node(node):
    """End the node and its workers at once, as a power cut would."""
    processes = [node.process.pid, *(c.pid for c in psutil.Process(node.process.pid).children())]
    for pid in processes:
        os.kill(pid, signal.SIGKILL)
    node.process.wait()
    for pid in processes[1:]:
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)


@contextmanager
def small_queue():
    """Let an agent that starts now have a queue of 1,024 events, where that may be set.

    Gives the length of the queue that it will have.
    """
    usual = QUEUE.read_text()
    try:
        QUEUE.write_text("1024")
    except PermissionError:
        yield int(usual)
        return
    try:
        yield 1024
    finally:
        QUEUE.write_text(usual)
