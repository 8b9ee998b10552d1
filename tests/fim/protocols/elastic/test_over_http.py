"""The start and the first batches of a Beat, over a real socket to a real node."""

import gzip

import pytest

from tests.fim.protocols.elastic.exchange import (
    BEAT_HEADERS,
    BEAT_QUERY,
    BEAT_TYPE,
    created,
    document,
)
from tests.node import running_node

PACKED = BEAT_HEADERS | {"Content-Type": BEAT_TYPE, "Content-Encoding": "gzip"}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("node")) as node:
        yield node


@pytest.mark.parametrize("path", ["/elastic", "/elastic/_license?human=false"])
def test_lets_a_beat_start(node, path):
    status, _, headers = node.request("GET", path, headers=BEAT_HEADERS)

    assert (status, headers["x-elastic-product"]) == (200, "Elasticsearch")


def test_takes_a_batch_and_its_repeat(node):
    body = gzip.compress(created(document(), {"message": "no file"}))

    answers = [
        node.request("POST", "/elastic/_bulk" + BEAT_QUERY, body, PACKED)[1] for _ in range(2)
    ]

    told = [[item["create"]["status"] for item in answer["items"]] for answer in answers]
    assert told == [[201, 400], [200, 400]]
    logs = node.as_admin("GET", "/api/logs/?search=shop.conf")[1]
    assert [(log["host"], log["user"]) for log in logs["results"]] == [
        ("shop-2.example.net", "devi")
    ]
