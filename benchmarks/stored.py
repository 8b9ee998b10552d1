"""Is what was acknowledged stored and counted, neither less nor more? And what does it take up?"""

import sqlite3
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import psycopg

from benchmarks.report import Wrong
from tests.node import Node


def query(url: str, statement: str) -> list[Sequence[Any]]:
    """Return the rows of a statement on the database of a DATABASE_URL."""
    if url.startswith("postgres"):
        with psycopg.connect(url) as server:
            return server.execute(statement).fetchall()
    database = sqlite3.connect(path_of(url))
    try:
        return database.execute(statement).fetchall()
    finally:
        database.close()


def path_of(url: str) -> str:
    """Return the path of a `sqlite:///PATH`."""
    return urlsplit(url).path


def count_logs(node: Node) -> int:
    return query(node.env["DATABASE_URL"], "SELECT count(*) FROM fim_fimlog")[0][0]


def check_stored(node: Node, acknowledged: int) -> str:
    """Return a note that all is right; raise Wrong where rows or counts are not."""
    rows = count_logs(node)
    if rows != acknowledged:
        raise Wrong(f"{acknowledged} logs were acknowledged, {rows} are stored.")
    counted = query(node.env["DATABASE_URL"], "SELECT sum(count) FROM fim_daycount")[0][0]
    told = node.manage("recount")
    if counted != rows or "no count had drifted" not in told:
        raise Wrong(f"{rows} logs are stored, {counted} are counted. {told}")
    return f"{rows:,} logs were acknowledged, as many are stored; a recount changed nothing."


def check_statuses(what: str, statuses: dict[int, int], expected: int) -> None:
    """Raise Wrong where any answer had another status, or never came (status 0)."""
    if set(statuses) != {expected}:
        raise Wrong(f"{what}: answers by status {dict(statuses)}; all had to be {expected}.")
