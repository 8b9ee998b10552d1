"""`make demo`, as a newcomer types it."""

import os
import re
import subprocess
import sys

import jwt
import pytest

from tests.node import ROOT, Node, free_port, sign_in


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """What `make demo` serves, though the environment speaks of a real node."""
    directory = tmp_path_factory.mktemp("demo")
    port = free_port()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "PYTHON": sys.executable,
        "PORT": str(port),
        "DEMO_DIR": str(directory / "demo"),
        "VAR_DIR": str(directory / "real"),
        "DATABASE_URL": f"sqlite:///{directory / 'real.sqlite3'}",
        "JWT_SIGNING_KEY": "the fleet's own key, which no demo may sign with",
    }
    log = directory / "make-demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "demo"], cwd=ROOT, env=env, stdout=output, stderr=output
        )
    node = Node(url=f"http://127.0.0.1:{port}", env=env, log=log, process=process)
    try:
        node.wait_until_ready()
        yield node
    finally:
        node.stop()


@pytest.fixture
def password(node):
    return re.search(r"shown once:\n\n +(\S+)\n", node.log.read_text())[1]


@pytest.mark.parametrize("username", ["admin", "analyst"])
def test_its_people_sign_in_with_the_password_that_it_shows(node, password, username):
    node.token = sign_in(node, username, password)

    status, logs = node.as_admin("GET", "/api/logs/")
    assert (status, logs["count"] > 20_000) == (200, True)


def test_every_page_says_that_it_is_a_demo(node):
    _, page, _ = node.request("GET", "/admin/login/")

    assert b"Demo data" in page


def test_the_real_node_is_left_alone(node):
    assert not [path for path in node.log.parent.iterdir() if path.name.startswith("real")]


def test_the_fleets_key_signs_nothing(node, password):
    token = sign_in(node, "admin", password)

    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, node.env["JWT_SIGNING_KEY"], algorithms=["HS256"])
