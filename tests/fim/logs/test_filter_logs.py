"""GET /api/logs/?path=&user=&rule=: whole values, without an index of their own."""

import pytest
from django.db import connection

from fim.store import search
from fim.store.sqlite import add_to_search_index
from fim.store.write import store_logs
from tests.factories import make_log, new_log

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(analyst_client):
    def found(**query):
        answer = analyst_client.get("/api/logs/", query)
        assert answer.status_code == 200
        return [log["id"] for log in answer.json()["results"]]

    return found


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("user", "root", "roots"),
        ("user", "me", "ME"),
        ("user", 'a"b', "a"),
        ("path", "/etc/passwd", "/etc/passwd-"),
        ("path", "/srv/\N{SNOWMAN}", "/srv/x"),
        ("path", "/x", "/X"),
        ("rule", "web-shell", "Web-Shell"),
    ],
)
def test_takes_the_whole_value_as_it_is(found, name, value, other):
    log = make_log(**{name: value})
    make_log(**{name: other})
    make_log(process=value, path="/elsewhere")

    assert found(**{name: value}) == [log.pk]


def test_filters_go_together(found):
    log = make_log(user="root", rule="r-1", category="malware", host="web-9")
    for fields in ({"user": "ben"}, {"rule": "r-2"}, {"host": "web-1"}):
        make_log(**({"user": "root", "rule": "r-1", "host": "web-9"} | fields))

    query = {"user": "root", "rule": "r-1", "status": "malware", "host": "web-9"}
    assert found(**query) == [log.pk]
    assert found(**query, search="passwd", path="/etc/passwd") == [log.pk]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("action", "deleted"),
        ("search", "shadow"),
        ("path", "/etc/shadow"),
        ("user", "root"),
        ("rule", "r-1"),
    ],
)
def test_counts_what_it_finds_and_no_more(analyst_client, name, value):
    make_log(action="deleted", path="/etc/shadow", user="root", rule="r-1")
    make_log(path="/etc/passwd", user="ben", rule="r-2")

    body = analyst_client.get("/api/logs/", {name: value}).json()

    assert (body["count"], len(body["results"])) == (1, 1)


def test_finds_subjects_that_the_search_index_has_already(found):
    log = make_log(user="root")
    if connection.vendor == "sqlite":
        add_to_search_index(500)
    after = make_log(user="root", path="/after")

    assert found(user="root") == [after.pk, log.pk]


# PostgreSQL tells subjects apart without reading those that hold the text.
BOUNDS = ["fim.store.search.MAX_RARE_SUBJECTS"]
if connection.vendor == "sqlite":
    BOUNDS.append("fim.store.sqlite.MAX_COMPARED_SUBJECTS")


@pytest.mark.parametrize("bound", BOUNDS)
def test_a_common_user_is_looked_for_among_the_newest_logs(found, monkeypatch, bound):
    monkeypatch.setattr(bound, 1)
    monkeypatch.setattr(search, "MAX_SCANNED_LOGS", 3)
    logs = store_logs([new_log(user="root", path=f"/{number}") for number in range(5)]).logs
    if connection.vendor == "sqlite":
        add_to_search_index(500)

    assert found(user="root") == [log.id for log in logs[:1:-1]]


def test_a_rule_is_looked_for_among_the_newest_logs_of_the_other_filters(found, monkeypatch):
    monkeypatch.setattr(search, "MAX_SCANNED_LOGS", 2)
    make_log(rule="r-1", host="web-9")
    here = make_log(rule="r-1", host="web-9")
    make_log(host="web-9")
    store_logs([new_log(host="web-1") for _ in range(5)])

    assert found(rule="r-1", host="web-9") == [here.pk]


def test_the_newest_logs_are_those_that_happened_last(found, monkeypatch):
    monkeypatch.setattr(search, "MAX_SCANNED_LOGS", 3)
    hours = (4, 2, 3, 1, 5)
    logs = {n: make_log(rule="r-1", timestamp=f"2026-03-14T0{n}:00:00Z") for n in hours}

    assert found(rule="r-1") == [logs[n].pk for n in (5, 4, 3)]


def test_an_export_looks_through_all(analyst_client, monkeypatch):
    monkeypatch.setattr(search, "MAX_SCANNED_LOGS", 1)
    store_logs([new_log(rule="r-1", user="root") for _ in range(3)])

    answer = analyst_client.get("/api/logs/export/", {"rule": "r-1", "user": "root"})

    assert b"".join(answer.streaming_content).count(b"\n") == 3


@pytest.mark.parametrize("name", ["path", "user", "rule"])
@pytest.mark.parametrize("value", ["\0", "x" * 5_000])
def test_refuses_what_no_log_can_have(analyst_client, name, value):
    answer = analyst_client.get("/api/logs/", {name: value})

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [name]


def test_counts_no_further_than_the_cap(analyst_client, monkeypatch):
    monkeypatch.setattr("fim.logs.pagination.CappedResults.CAP", 2)
    store_logs([new_log(user="root") for _ in range(4)])

    body = analyst_client.get("/api/logs/", {"user": "root"}).json()

    assert (body["count"], body["count_is_estimate"]) == (2, True)
