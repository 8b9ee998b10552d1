"""What most tests of the agent need: a directory to watch and a node to tell."""

import pytest

from tests.agent.nodes import FakeNode


@pytest.fixture
def node():
    with FakeNode() as node:
        yield node


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"
