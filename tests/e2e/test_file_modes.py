"""What a node writes is for its own user alone: it holds password hashes, keys and sessions."""

import os

import pytest

from tests.node import ADMIN_PASSWORD, running_node, sign_in


@pytest.fixture
def directory(tmp_path):
    """What commands and a served node wrote for an operator with the widest umask."""
    before = os.umask(0)
    try:
        with running_node(tmp_path) as node:
            sign_in(node, "admin", ADMIN_PASSWORD)
            node.manage("dumpdata", "users", "-o", str(tmp_path / "dump.json"))
            node.manage("collectstatic", "--noinput", "--verbosity", "0")
            (tmp_path / "gunicorn.log").unlink()
            yield tmp_path
    finally:
        os.umask(before)


def test_nobody_else_reads_what_a_node_writes(directory):
    open_to_others = [each.name for each in directory.iterdir() if each.stat().st_mode & 0o077]
    databases = [each.name for each in (directory / "var").glob("*.sqlite3*")]

    assert open_to_others == []
    assert "throttle.sqlite3" in databases
    for name in databases:
        assert (directory / "var" / name).stat().st_mode & 0o077 == 0
