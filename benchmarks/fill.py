"""Databases with as many logs as a benchmark asks for: 90 days, 50 hosts, always the same logs.

Filling takes a minute a million or two, so what was filled is kept below .venv/bench and taken
again until the schema or the logs change, or a week has gone by. The days end with the current
week, so that today lies within them. Logs are stored as ingest stores them, day counts and all,
but for the events of what is bad: those are a person's work, and no person has so many.
"""

import argparse
import hashlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit, urlunsplit

import psycopg

from benchmarks.records import RARE, RARE_LOGS, Fleet
from benchmarks.report import BENCH_DIR, ROOT, say
from benchmarks.servers import scratch

DAYS = 90
LOGS_A_TRANSACTION = 5_000
SAY_EVERY_LOGS = 500_000
DAYS_KEPT = 7
# What decides how a filled database looks.
SOURCES = ("fim/migrations", "benchmarks/fill.py", "benchmarks/records.py")


def filled_database(count: int) -> str:
    """Return the DATABASE_URL of a database with so many logs; fill one where none is kept.

    In the PostgreSQL server that DATABASE_URL names, else a SQLite file.
    """
    server = os.environ.get("DATABASE_URL", "")
    name = f"picket_bench_{count}_{_version()}"
    if server.startswith("postgres"):
        return _filled_postgres(server, name, count)
    return _filled_sqlite(BENCH_DIR / f"{name}.sqlite3", count)


def end_of_week(today: date | None = None) -> datetime:
    """Return the moment before which all logs lie."""
    week = (today or datetime.now(UTC).date()).toordinal() // DAYS_KEPT
    return datetime.combine(date.fromordinal((week + 1) * DAYS_KEPT), datetime.min.time(), UTC)


def _version() -> str:
    digest = hashlib.sha256(end_of_week().isoformat().encode())
    for source in SOURCES:
        place = ROOT / source
        for path in sorted(place.glob("*.py")) if place.is_dir() else [place]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def _filled_sqlite(path: Path, count: int) -> str:
    if not path.exists():
        BENCH_DIR.mkdir(parents=True, exist_ok=True)
        for old in BENCH_DIR.glob(f"picket_bench_{count}_*"):
            old.unlink()
        part = path.with_suffix(".part")
        _fill_in_process(f"sqlite:///{part}", count)
        part.rename(path)
    return f"sqlite:///{path}"


def _filled_postgres(server: str, name: str, count: int) -> str:
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        known = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        if name not in known:
            for old in sorted(known):
                if old.startswith(f"picket_bench_{count}_"):
                    connection.execute(f'DROP DATABASE "{old}" WITH (FORCE)')
            part = f"{name}_part"
            connection.execute(f'CREATE DATABASE "{part}"')
            _fill_in_process(_with_database(server, part), count)
            connection.execute(f'ALTER DATABASE "{part}" RENAME TO "{name}"')
    return _with_database(server, name)


def _with_database(server: str, name: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def _fill_in_process(url: str, count: int) -> None:
    """Fill in a process of its own: Django is set up for one database a process."""
    with scratch() as directory:
        env = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": url,
            "VAR_DIR": str(directory),
            "SECRET_KEY": secrets.token_hex(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        for arguments in (["manage.py", "migrate", "-v0"], ["-m", "benchmarks.fill", str(count)]):
            subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, check=True)  # noqa: S603


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Fill the database that DATABASE_URL names.")
    parser.add_argument("logs", type=int)
    count = parser.parse_args(arguments).logs

    import django

    django.setup()
    with _hurried():
        _fill(count)


@contextmanager
def _hurried() -> Iterator[None]:
    """Wait for no disk meanwhile; leave the database as a node that came this far has it."""
    from django.db import connection

    from fim.store.search_index import index_subjects

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET synchronous_commit = off")
            yield
            # Autovacuum would have come by in 90 days.
            cursor.execute("VACUUM ANALYZE")
            return
        cursor.execute("PRAGMA journal_mode = MEMORY")
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.execute("PRAGMA cache_size = -1000000")
        yield
        # The node's own thread would have done it in a quiet second.
        index_subjects()
        cursor.execute("PRAGMA journal_mode = WAL")


def _fill(count: int) -> None:
    from fim.record.new_log import NewLog
    from fim.store import write

    fleet, end, started_at = Fleet(seed=count), end_of_week(), time.monotonic()
    start, step = end - timedelta(days=DAYS), timedelta(days=DAYS) / count
    rare = {(2 * n + 1) * count // (2 * RARE_LOGS) for n in range(RARE_LOGS)}
    with mock.patch.object(write, "EVENT_SEVERITIES", {}):
        for first in range(0, count, LOGS_A_TRANSACTION):
            some = []
            for n in range(first, min(first + LOGS_A_TRANSACTION, count)):
                log = fleet.log(start + n * step)
                if n in rare:
                    log["path"] = f"/var/tmp/{RARE}-{n}.so"  # noqa: S108
                some.append(NewLog(received_at=log["timestamp"], **log))
            write.store_logs(some)
            if first and first % SAY_EVERY_LOGS == 0:
                say(f"  filled {first:,} of {count:,}, {time.monotonic() - started_at:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
