"""An export as a client gets it from a served node."""

import gzip
import http.client
import json
import sqlite3
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.factories import log_json
from tests.node import ADMIN_PASSWORD, running_node, sign_in
from tests.patience import PATIENCE_SECONDS

# More than the sockets between node and client hold, so that the node waits for the client.
LOGS, CHARACTERS = 1_200, 20_000


@pytest.fixture
def node(tmp_path):
    with running_node(tmp_path) as node:
        for start in range(0, LOGS, 300):
            batch = [log_json(path=f"/{start + n}", full_log="x" * CHARACTERS) for n in range(300)]
            body = gzip.compress(json.dumps(batch).encode(), 1)
            headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
            assert node.request("POST", "/api/ingest/fim/", body, headers)[0] == 201
        yield node


@contextmanager
def export(node, **headers):
    parts = urlsplit(node.url)
    client = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_SECONDS)
    headers["Authorization"] = f"Bearer {sign_in(node, 'admin', ADMIN_PASSWORD)}"
    client.request("GET", "/api/logs/export/", headers=headers)
    try:
        yield client.getresponse()
    finally:
        client.close()


def rename_logs(node):
    """Let every later query for logs fail."""
    url, statement = node.env["DATABASE_URL"], "ALTER TABLE fim_fimlog RENAME TO away"
    if url.startswith("sqlite:///"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
            database.execute(statement)
        database.close()
    else:
        with psycopg.connect(url, autocommit=True) as database:
            database.execute("SET lock_timeout = '5s'")
            database.execute(statement)


def test_sends_all_logs_and_says_where_they_end(node):
    with export(node) as answer:
        paths = [json.loads(line)["path"] for line in answer]

    assert paths == [f"/{number}" for number in reversed(range(LOGS))]


def test_cuts_the_connection_where_an_error_comes_between(node):
    with export(node) as answer:
        first = answer.read(1_000)
        rename_logs(node)
        with pytest.raises(http.client.IncompleteRead):
            answer.read()

    assert first.startswith(b'{"id": ')
    assert "fim_fimlog" in node.log.read_text()
