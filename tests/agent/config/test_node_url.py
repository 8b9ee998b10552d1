"""Which URLs are those of a node: the same for the configuration and for whoever connects."""

import pytest

from fim.agent.config import values
from fim.agent.config.node_url import parse_node_url
from fim.agent.node.client import Node

REFUSED = [
    ("ftp://node", "must start with http"),
    ("http://", "name a host"),
    ("http://no de", "holds blanks"),
    ("http://n\u00f6de", "characters that a URL cannot hold"),
    ("http://user@node", "no user name"),
    ("http://node/?host=x", "query"),
    ("http://node/#top", "fragment"),
    ("http://node:0", "port must be 1 to 65535"),
    ("http://node:65536", "port must be 1 to 65535"),
]


def test_takes_a_path_below_which_the_node_is():
    parts = parse_node_url("https://node.example:8443/picket")

    assert (parts.hostname, parts.port, parts.path) == ("node.example", 8443, "/picket")


@pytest.mark.parametrize("take", [parse_node_url, values.url, Node])
@pytest.mark.parametrize(("url", "reason"), REFUSED)
def test_refuses_what_is_no_base_url(take, url, reason):
    with pytest.raises(ValueError, match=reason):
        take(url)
