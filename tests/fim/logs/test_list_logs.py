"""GET /api/logs/ and /api/logs/{id}/."""

import pytest
import time_machine
from django.db import connection

from fim.store.write import store_logs
from tests.factories import NOON, make_log, new_log

pytestmark = pytest.mark.django_db

URL = "/api/logs/"


@pytest.fixture
def paths(analyst_client):
    """Return the paths that the list shows for a query, in its order."""

    def paths(**query):
        answer = analyst_client.get(URL, query)
        assert answer.status_code == 200, answer.json()
        assert answer.json()["count"] == len(answer.json()["results"])
        return [log["path"] for log in answer.json()["results"]]

    return paths


def refusal(client, **query):
    answer = client.get(URL, query)
    assert answer.status_code == 400
    return list(answer.json()["fields"])


def test_shows_the_newest_first(paths):
    make_log(path="/old", timestamp="2026-03-14T09:00:00Z")
    make_log(path="/new", timestamp="2026-03-14T11:00:00Z")
    make_log(path="/late", timestamp="2026-03-14T10:00:00Z")

    assert paths() == ["/new", "/late", "/old"]


def test_orders_logs_of_one_moment_by_id(paths):
    for path in ("/a", "/b", "/c"):
        make_log(path=path)

    assert paths() == ["/c", "/b", "/a"]


def test_shows_a_log_whole(analyst_client):
    log = make_log(event_id="0" * 31 + "1", attributes={"pid": 7}, size_bytes=5)

    shown = analyst_client.get(URL).json()["results"][0]

    assert shown == analyst_client.get(f"{URL}{log.pk}/").json()
    assert (shown["id"], shown["attributes"], shown["size_bytes"]) == (log.pk, {"pid": 7}, 5)
    assert shown["timestamp"] == shown["received_at"] == "2026-03-14T12:00:00Z"


@pytest.mark.parametrize("status", ["malware", "danger", "suspicious", "normal"])
def test_filters_by_category(paths, status):
    for category in ("malware", "danger", "suspicious", "normal"):
        make_log(path=f"/{category}", category=category)

    assert paths(status=status) == [f"/{status}"]


def test_filters_by_host(paths):
    make_log(path="/a", host="web-1")
    make_log(path="/b", host="web-10")

    assert (paths(host="web-1"), paths(host="web-9")) == (["/a"], [])


def test_filters_by_one_action_or_more(paths):
    for action in ("created", "modified", "deleted"):
        make_log(path=f"/{action}", action=action)

    assert paths(action="created") == ["/created"]
    assert paths(action=["created", "deleted"]) == ["/deleted", "/created"]


def test_filters_by_time_from_the_first_moment_to_before_the_last(paths):
    for minute in (0, 1, 2):
        make_log(path=f"/{minute}", timestamp=f"2026-03-14T09:0{minute}:00Z")

    assert paths(timestamp_after="2026-03-14T09:01:00Z") == ["/2", "/1"]
    assert paths(timestamp_before="2026-03-14T09:01:00Z") == ["/0"]
    assert paths(timestamp_after="2026-03-14T16:01:00+07:00", status="malware") == []


def test_takes_filters_together(paths):
    make_log(path="/a", host="web-1", category="malware")
    make_log(path="/b", host="web-2", category="malware")
    make_log(path="/c", host="web-1")

    assert paths(host="web-1", status="malware", search="/") == ["/a"]


def test_takes_an_empty_filter_for_none(paths):
    make_log(path="/a")

    assert paths(host="", status="", search="", timestamp_after="") == ["/a"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("status", "bad"), ("status", "bahaya"), ("status", "\x00"), ("action", "renamed")]
    + [("host", "\x00"), ("search", "\x00"), ("search", "x" * 4097), ("timestamp_after", "soon")]
    + [("timestamp_before", "9999-12-31T23:59:59Z"), ("timestamp_after", "0001-01-01T00:00:00Z")]
    + [("page", "0"), ("page", "-1"), ("page", "abc"), ("page", ""), ("page", "1.5")]
    + [("page", "١"), ("page_size", "0"), ("page_size", "1001")],
)
def test_refuses_a_bad_parameter(analyst_client, name, value):
    make_log()

    assert refusal(analyst_client, **{name: value}) == [name]


def test_shows_page_after_page(analyst_client):
    store_logs([new_log(path=f"/{number:02}") for number in range(12)])

    first = analyst_client.get(URL).json()
    second = analyst_client.get(first["next"]).json()

    assert (first["count"], len(first["results"]), first["previous"]) == (12, 10, None)
    assert [log["path"] for log in second["results"]] == ["/01", "/00"]
    assert second["next"] is None


def test_shows_as_many_as_are_asked_for(analyst_client):
    store_logs([new_log() for _ in range(12)])

    assert len(analyst_client.get(URL, {"page_size": 12}).json()["results"]) == 12


@pytest.mark.parametrize("host", [{}, {"host": "web-1"}])
@pytest.mark.parametrize("status", [{}, {"status": "danger"}])
@pytest.mark.parametrize("actions", [["moved"], ["moved", "deleted"]])
def test_filters_by_action_beside_others_among_logs_of_one_moment(paths, host, status, actions):
    for name in ("web-1", "web-2"):
        for category in ("danger", "normal"):
            for action in ("moved", "deleted", "created"):
                path = f"/{name}/{category}/{action}"
                make_log(path=path, host=name, category=category, action=action)

    found = paths(action=actions, **host, **status)

    hosts, categories = host or {"host": "web-1 web-2"}, status or {"status": "danger normal"}
    assert sorted(found) == sorted(
        f"/{name}/{category}/{action}"
        for name in hosts["host"].split()
        for category in categories["status"].split()
        for action in actions
    )


@pytest.mark.parametrize("page", [2, 999_999, 10**30])
def test_knows_no_page_past_the_last(analyst_client, page):
    answer = analyst_client.get(URL, {"page": page})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize(("query", "queries"), [({}, 2), ({"search": "etc"}, 4)])
def test_costs_the_same_whatever_it_shows(
    analyst_client, django_assert_num_queries, rows, query, queries
):
    store_logs([new_log() for _ in range(rows)])

    # The day counts and the rows; for a search its subjects, those that are not in SQLite's index
    # yet, the ids and the rows. PostgreSQL is told how to read the ids, in a transaction.
    queries += 3 if query and connection.vendor == "postgresql" else 0
    with django_assert_num_queries(queries):
        analyst_client.get(URL, query | {"page_size": 100})


@pytest.mark.parametrize("log_id", ["999", "0", str(2**63), "9" * 400, "9" * 5000])
def test_knows_no_log_that_is_not_stored(analyst_client, log_id):
    answer = analyst_client.get(f"{URL}{log_id}/")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("log_id", ["abc", "-1", "1.5", "١"])
def test_knows_no_log_by_what_is_no_number(analyst_client, log_id):
    assert analyst_client.get(f"{URL}{log_id}/").status_code == 404


@pytest.mark.parametrize("path", ["", "1/"])
def test_asks_who_reads(anonymous_client, path):
    answer = anonymous_client.get(URL + path)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("path", ["", "1/"])
def test_shows_nothing_to_a_key(agent_client, path):
    assert agent_client.get(URL + path).status_code == 403


@pytest.mark.parametrize(("method", "path"), [("post", ""), ("put", "1/"), ("delete", "1/")])
def test_takes_no_writes(admin_client, method, path):
    assert getattr(admin_client, method)(URL + path).status_code == 405


def test_tells_time_in_utc_whatever_the_nodes_zone(analyst_client, settings):
    settings.TIME_ZONE = "Asia/Jakarta"
    with time_machine.travel(NOON, tick=False):
        make_log()

    assert analyst_client.get(URL).json()["results"][0]["timestamp"] == "2026-03-14T12:00:00Z"
