import pytest

from tests.node import running_node


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """A served node that the tests of one module share."""
    with running_node(tmp_path_factory.mktemp("node")) as node:
        yield node


@pytest.fixture
def own_node(tmp_path):
    """A served node of one test alone."""
    with running_node(tmp_path) as node:
        yield node
