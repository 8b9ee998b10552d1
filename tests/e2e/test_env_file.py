"""A node that is configured by a file alone."""

import os
import subprocess
import sys

import pytest

from tests.node import ROOT, Node, free_port
from tests.patience import PATIENCE_SECONDS


def served(tmp_path, *command, lines):
    """Serve with what `.env` says, and what a process cannot be without."""
    port = free_port()
    text = "\n".join([f"PORT={port}", f"VAR_DIR={tmp_path / 'var'}", *lines])
    (tmp_path / "node.env").write_text(text + "\n")
    env = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "ENV_FILE": str(tmp_path / "node.env"),
        "PYTHON": sys.executable,
    }
    node = Node(url=f"http://127.0.0.1:{port}", env=env, log=tmp_path / "log")
    with node.log.open("wb") as log:
        node.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    return node


@pytest.fixture
def made_node(tmp_path):
    node = served(tmp_path, "make", "run", lines=["ADMIN_PASSWORD=a long password in a file"])
    yield node
    node.stop()


def test_make_run_reads_it_and_says_where_it_serves(made_node, tmp_path):
    made_node.wait_until_ready()

    assert f"Picket serves {made_node.url}; Ctrl-C ends it." in made_node.log.read_text()
    assert (tmp_path / "var" / "static" / "staticfiles.json").exists()


def test_gunicorn_takes_proxies_and_workers_from_it(tmp_path):
    command = [sys.executable, "-m", "gunicorn", "--print-config", "config.wsgi"]
    lines = ["TRUSTED_PROXIES=127.0.0.0/8, 10.0.0.1", "WEB_WORKERS=3", "HOST=127.0.0.2"]

    node = served(tmp_path, *command, lines=lines)

    assert node.process.wait(timeout=PATIENCE_SECONDS) == 0, node.log.read_text()
    config = " ".join(node.log.read_text().split())
    assert "workers = 3" in config
    assert "127.0.0.0/8" in config and "10.0.0.1" in config
    assert "'127.0.0.2:" in config
