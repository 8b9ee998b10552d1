"""An older node's audit list, brought up to the words of today."""

from contextlib import contextmanager
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from users.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)

append_only = import_module("users.migrations.0003_audit_append_only")
BEFORE = [("users", "0003_audit_append_only")]
OLD_ENTRY = (
    "INSERT INTO users_auditentry"
    " (recorded_at, person, address, door, deed, kind, ref, name, before, after)"
    " VALUES ('2026-03-14 12:00:00Z', 'alma', '192.0.2.7', 'console', 'revoked', 'key', 'abc',"
    """ 'sensor-1', '{"a": 1}', '{}')"""
)


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def both_triggers():
    """The suite has dropped one of SQLite's, to empty its tables."""
    is_sqlite = connection.vendor == "sqlite"
    for trigger in append_only.SQLITE if is_sqlite else []:
        execute(trigger)
    yield
    if is_sqlite:
        execute("DROP TRIGGER IF EXISTS users_auditentry_no_delete")


@pytest.fixture
def _upgraded():
    """An entry that was written with the words of before."""
    leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()
    with both_triggers():
        try:
            MigrationExecutor(connection).migrate(BEFORE)
            execute(OLD_ENTRY)
        finally:
            MigrationExecutor(connection).migrate(leaves)
        yield


@pytest.mark.usefixtures("_upgraded")
def test_keeps_what_was_written():
    entry = AuditEntry.objects.get()

    assert (entry.person, entry.channel, entry.action, entry.ref) == (
        "alma",
        "console",
        "revoked",
        "abc",
    )
    assert (entry.before, entry.after) == ({"a": 1}, {})


@pytest.mark.usefixtures("_upgraded")
@pytest.mark.parametrize(
    "statement", ["UPDATE users_auditentry SET action = 'added'", "DELETE FROM users_auditentry"]
)
def test_still_refuses_to_change_an_entry(statement):
    with pytest.raises(IntegrityError, match="added to and never"), transaction.atomic():
        execute(statement)

    assert AuditEntry.objects.get().action == "revoked"


@pytest.mark.usefixtures("_upgraded")
def test_can_be_taken_back():
    leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        MigrationExecutor(connection).migrate(BEFORE)
        with connection.cursor() as cursor:
            cursor.execute("SELECT door, deed FROM users_auditentry")
            found = cursor.fetchall()
        with pytest.raises(IntegrityError, match="added to and never"), transaction.atomic():
            execute("DELETE FROM users_auditentry")
    finally:
        MigrationExecutor(connection).migrate(leaves)

    assert found == [("console", "revoked")]
