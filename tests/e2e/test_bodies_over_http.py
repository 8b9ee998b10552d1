"""Bodies as real clients send them over a real socket."""

import gzip
import http.client
import json
from urllib.parse import urlsplit

from tests.patience import PATIENCE_SECONDS

LOG = {"path": "/etc/passwd", "action": "modified"}
NDJSON = "application/x-ndjson"


def test_refuses_a_body_over_the_limit_with_an_answer(node):
    body = json.dumps(LOG | {"full_log": "x" * 9_000_000}).encode()

    status, answer, _ = node.request(
        "POST", "/api/ingest/fim/", body, {"Content-Type": "application/json"}
    )

    assert (status, answer["code"]) == (413, "body_too_large")


def test_takes_gzipped_ndjson(node):
    lines = "".join(json.dumps(LOG | {"path": f"/srv/{n}"}) + "\n" for n in range(1_000))
    headers = {"Content-Type": NDJSON, "Content-Encoding": "gzip"}

    status, answer, _ = node.request(
        "POST", "/api/ingest/fim/", gzip.compress(lines.encode()), headers
    )

    assert (status, answer["accepted"]) == (201, 1_000)


def test_takes_a_chunked_body(node):
    parts = urlsplit(node.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_SECONDS)
    chunks = (json.dumps(LOG | {"path": f"/opt/{n}"}).encode() + b"\n" for n in range(3))

    connection.request(
        "POST", "/api/ingest/fim/", chunks, {"Content-Type": NDJSON}, encode_chunked=True
    )

    assert json.loads(connection.getresponse().read())["accepted"] == 3
    connection.close()


def test_refuses_a_chunked_body_over_the_limit(node):
    parts = urlsplit(node.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_SECONDS)
    chunks = (b" " * 1_000_000 for _ in range(9))

    connection.request(
        "POST", "/api/ingest/fim/", chunks, {"Content-Type": NDJSON}, encode_chunked=True
    )

    assert connection.getresponse().status == 413
    connection.close()
