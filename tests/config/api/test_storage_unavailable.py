"""Databases that really cannot take events now: 503, nothing stored, and 201 again afterwards."""

import sqlite3
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connection

from tests.factories import event_json
from threats.models import Alert, Event

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/events/"
MEGABYTE = [event_json(severity="HIGH", description="x" * 10_000)] * 100


@contextmanager
def locked_sqlite():
    """Another process is writing, for longer than the busy timeout."""
    execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


@contextmanager
def full_sqlite():
    """The file may not grow, as on a full disk, and holds no free pages of earlier tests."""
    execute("VACUUM")
    execute("PRAGMA max_page_count = 1")  # SQLite takes the present size for a smaller one.
    yield
    execute(f"PRAGMA max_page_count = {2**30}")


@contextmanager
def locked_postgres(timeout="lock_timeout"):
    """Another session holds the table, for longer than the timeout."""
    execute(f"SET {timeout} = '50ms'")
    other = connection.copy()
    other.set_autocommit(False)
    execute("LOCK TABLE threats_event IN ACCESS EXCLUSIVE MODE", other)
    yield
    other.close()


def slow_postgres():
    return locked_postgres("statement_timeout")


@contextmanager
def ended_postgres():
    """The server ends the session, as in a restart."""
    pid = connection.connection.info.backend_pid
    other = connection.copy()
    execute(f"SELECT pg_terminate_backend({pid})", other)
    other.close()
    yield


FAILURES = {
    "sqlite": [locked_sqlite, full_sqlite],
    "postgresql": [locked_postgres, slow_postgres, ended_postgres],
}[connection.vendor]


def execute(sql, on=connection):
    with on.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture(params=FAILURES, ids=lambda failure: failure.__name__)
def failure(request):
    yield request.param
    connection.close()


def test_answers_503_and_stores_nothing(sensor_client, failure):
    with failure():
        response = sensor_client.post(URL, MEGABYTE)
    connection.close()

    assert response.status_code == 503
    assert response.json()["code"] == "storage_unavailable"
    assert response["Retry-After"] == "5"
    assert not Event.objects.exists()
    assert not Alert.objects.exists()


def test_answers_for_one_event_alike(sensor_client):
    with FAILURES[0]():
        response = sensor_client.post(URL, event_json(severity="HIGH"))
    connection.close()

    assert response.status_code == 503
    assert not Event.objects.exists()


def test_stores_again_when_the_trouble_is_over(sensor_client, failure):
    with failure():
        sensor_client.post(URL, MEGABYTE)
    connection.close()  # Django's own end of a request does so with one that failed.

    response = sensor_client.post(URL, MEGABYTE)

    assert response.status_code == 201
    assert Event.objects.count() == Alert.objects.count() == 100
