import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config import VERSION


@pytest.fixture
def lost_database(transactional_db):
    """The node's database is not where it was."""
    connection.close()
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = "/nowhere/at/all"
    yield
    connection.close()
    connection.settings_dict["NAME"] = before


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.django_db
def test_is_alive_without_a_query(client, django_assert_num_queries, method):
    with django_assert_num_queries(0):
        response = getattr(client, method)("/healthz")

    assert response.status_code == 200


def test_is_alive_without_a_database(client, lost_database):
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "version": VERSION}


@pytest.mark.django_db
def test_is_ready_when_everything_is_there(client):
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_is_not_ready_while_a_migration_is_missing(client):
    (latest,) = MigrationLoader(connection).graph.leaf_nodes("threats")
    MigrationRecorder(connection).record_unapplied(*latest)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {
        "status": "unavailable",
        "detail": "1 migrations are not applied; run manage.py migrate.",
    }


def test_is_not_ready_without_a_database(client, lost_database):
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {
        "status": "unavailable",
        "detail": "The database does not answer.",
    }


def test_answers_503_without_a_database(anonymous_client, lost_database):
    response = anonymous_client.get("/api/events/", headers={"authorization": "Api-Key a.b"})

    assert response.status_code == 503
    assert response.json()["code"] == "storage_unavailable"
