"""SQLite's search index comes up behind the commits; a search finds what is in it, and the rest."""

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from fim.models import Subject
from fim.store import search_index
from fim.store.sqlite import search_mark, search_subjects
from tests.factories import make_log
from tests.node import running_node
from tests.patience import wait_until

pytestmark = pytest.mark.django_db


def newest():
    return Subject.objects.latest("pk").pk


def test_commits_leave_the_index_alone():
    before, _ = search_mark()

    make_log(path="/srv/needle")

    assert search_mark() == (before, newest())


@pytest.mark.parametrize("text", ["needle", "NEEDLE", "née", "NÉE"])
def test_finds_the_same_before_and_after(text):
    make_log(path="/srv/needle/née")
    before = search_subjects(text, limit=5)

    search_index.index_subjects()

    assert before == search_subjects(text, limit=5) == [newest()]


def test_finds_one_in_the_index_and_one_behind_it():
    make_log(path="/srv/needle/1")
    search_index.index_subjects()
    make_log(path="/srv/needle/2")

    assert len(search_subjects("needle", limit=5)) == 2
    assert len(search_subjects("needle", limit=1)) == 1


def test_adds_in_steps(monkeypatch):
    monkeypatch.setattr(search_index, "SUBJECTS_PER_STEP", 2)
    for n in range(5):
        make_log(path=f"/srv/{n}")

    assert search_index.index_subjects(max_steps=1) == 2
    assert search_index.index_subjects() == 3
    assert search_index.index_subjects() == 0


def test_a_broken_step_is_done_again():
    make_log(path="/srv/needle")
    with pytest.raises(RuntimeError), transaction.atomic():
        search_index.index_subjects()
        raise RuntimeError

    assert search_index.index_subjects() == 1
    assert search_subjects("needle", limit=5) == [newest()]


def test_waits_for_a_quiet_round(monkeypatch):
    monkeypatch.setattr(search_index, "SUBJECTS_PER_STEP", 1)
    indexer = search_index._Indexer()
    for n in range(5):
        make_log(path=f"/srv/{n}")

    indexer.index_some()
    behind = newest() - search_mark()[0]
    indexer.index_some()

    assert behind == 5 - search_index.STEPS_WHILE_BUSY
    assert search_mark()[0] == newest()


@pytest.mark.django_db(transaction=True)
def test_going_back_leaves_a_whole_index():
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    make_log(path="/srv/needle")
    try:
        executor.migrate([("fim", "0006_dropped_ranges")])
        with connection.cursor() as cursor:
            cursor.execute("SELECT rowid FROM fim_subject_search('needle')")
            found = cursor.fetchall()
    finally:
        MigrationExecutor(connection).migrate(leaves)

    assert found == [(newest(),)]


def test_a_served_node_brings_it_up(tmp_path):

    with running_node(tmp_path) as node:
        log = {"path": "/srv/needle", "action": "created"}
        assert node.request("POST", "/api/ingest/fim/", log)[0] == 201
        script = "from fim.store.sqlite import search_mark; print(*search_mark())"
        wait_until(lambda: "1 1" in node.manage("shell", "--no-imports", "-c", script))
