"""The database that a benchmark runs on, as DATABASE_URL for everything that it starts."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.report import BENCH_DIR
from tests.postgres import postgres_server

SQLITE, POSTGRES = "sqlite", "postgres"


@contextmanager
def database_server(database: str, *, keeps: bool = False) -> Iterator[None]:
    """Set DATABASE_URL to a PostgreSQL server, or to nothing for SQLite.

    The server is that of `tests.postgres`, with PostgreSQL's own defaults: each commit waits for
    the disk. One that `keeps` has its databases the next time, too.
    """
    kept = os.environ.pop("DATABASE_URL", None)
    try:
        if database == SQLITE:
            yield
            return
        with _server(keeps) as url:
            os.environ["DATABASE_URL"] = url
            yield
    finally:
        os.environ.pop("DATABASE_URL", None)
        if kept is not None:
            os.environ["DATABASE_URL"] = kept


@contextmanager
def _server(keeps: bool) -> Iterator[str]:
    BENCH_DIR.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="postgres-", dir=BENCH_DIR) as scratch,
        postgres_server(BENCH_DIR / "postgres" if keeps else Path(scratch)) as url,
    ):
        yield url
