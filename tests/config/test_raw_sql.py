"""SQL past the ORM: the same rows and the same errors, whichever way it takes."""

import pytest
from django.db import DatabaseError, IntegrityError, connection

from config.raw_sql import run, run_many
from threats.models import Event
from threats.services import record_event

pytestmark = pytest.mark.django_db

RENAME = "UPDATE threats_event SET source_name = %s WHERE source_name = %s"


@pytest.fixture(params=["past Django's cursors", "through Django's cursors"])
def _way(request):
    connection.force_debug_cursor = request.param.startswith("through")
    yield
    connection.force_debug_cursor = False


@pytest.fixture
def event():
    return record_event(source_name="web-1", event_type="login", severity="LOW").event


@pytest.mark.usefixtures("_way")
def test_gives_the_rows(event):
    found = run("SELECT id, source_name FROM threats_event WHERE id = %s", [event.pk])

    assert [tuple(row) for row in found] == [(event.pk, "web-1")]


@pytest.mark.usefixtures("_way")
def test_gives_no_rows_for_what_changes_some(event):
    assert run(RENAME, ["web-2", "web-1"]) == []

    assert Event.objects.get(pk=event.pk).source_name == "web-2"


@pytest.mark.usefixtures("_way", "event")
def test_counts_what_many_changed():
    assert run_many(RENAME, [("web-2", "web-1"), ("web-3", "web-2"), ("x", "no such")]) == 2


@pytest.mark.usefixtures("_way")
def test_raises_what_django_raises():
    with pytest.raises(DatabaseError, match="no_such_table"):
        run("SELECT * FROM no_such_table")


@pytest.mark.usefixtures("_way")
def test_names_a_broken_constraint(event):
    alert = "INSERT INTO threats_alert (event_id, status, assignee, created_at) VALUES"

    with pytest.raises(IntegrityError):
        run(f"{alert} (%s, %s, %s, %s)", [event.pk, "NONE", "", "2026-01-31 00:00:00"])


@pytest.mark.usefixtures("event")
def test_is_counted_where_queries_are_counted(django_assert_num_queries):
    with django_assert_num_queries(2):
        run(RENAME, ["web-2", "web-1"])
        run_many(RENAME, [("web-1", "web-2")])
