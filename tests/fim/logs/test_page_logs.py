"""Pages of logs: counted by day counts, reached through them, or followed by a cursor."""

from datetime import UTC, datetime, timedelta

import pytest

from fim.logs import pagination
from fim.models import FimLog
from fim.store.write import store_logs
from tests.factories import make_log, new_log

URL = "/api/logs/"
START = datetime(2026, 3, 1, 5, 30, tzinfo=UTC)


@pytest.fixture
def logs(db):
    """Sixty logs over ten days, of two hosts and two categories, some of one moment."""
    store_logs(
        [
            new_log(
                timestamp=(START + timedelta(hours=n // 2 * 8)).isoformat(),
                host=f"web-{n % 2}",
                category="danger" if n % 3 else "normal",
            )
            for n in range(60)
        ]
    )


def ids_of(queryset):
    return list(queryset.newest().values_list("pk", flat=True))


def walk(client, **query):
    """Return the ids of all pages, in order, and the count that each page told."""
    ids, counts, number = [], set(), 1
    while True:
        answer = client.get(URL, query | {"page": number, "page_size": 7}).json()
        ids += [log["id"] for log in answer["results"]]
        counts.add(answer["count"])
        if answer["next"] is None:
            return ids, counts
        number += 1


@pytest.mark.parametrize("near_rows", [0, 20, 1_000])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Jakarta", "America/New_York"])
def test_pages_hold_each_log_once_however_they_are_reached(
    analyst_client, logs, monkeypatch, settings, near_rows, zone
):
    monkeypatch.setattr(pagination, "NEAR_ROWS", near_rows)

    ids, counts = walk(analyst_client)

    assert (ids, counts) == (ids_of(FimLog.objects), {60})


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"status": "danger"}, {"category": "danger"}),
        ({"host": "web-1"}, {"host": "web-1"}),
        ({"status": "normal", "host": "web-0"}, {"category": "normal", "host": "web-0"}),
        ({"action": "modified"}, {"action": "modified"}),
        ({"search": "passwd"}, {}),
        ({"host": "nowhere"}, {"host": "nowhere"}),
    ],
)
def test_filtered_pages_hold_each_log_once(analyst_client, logs, monkeypatch, query, where):
    monkeypatch.setattr(pagination, "NEAR_ROWS", 0)

    ids, counts = walk(analyst_client, **query)

    expected = ids_of(FimLog.objects.filter(**where))
    assert (ids, counts) == (expected, {len(expected)})


@pytest.mark.parametrize("after", [None, 0, 5, 24, 30])
@pytest.mark.parametrize("before", [None, 31, 48, 50, 240])
def test_counts_a_span_that_cuts_days(analyst_client, logs, monkeypatch, after, before):
    monkeypatch.setattr(pagination, "NEAR_ROWS", 0)
    query, where = {}, {}
    for name, lookup, hours in (("after", "gte", after), ("before", "lt", before)):
        if hours is not None:
            moment = START + timedelta(hours=hours)
            query[f"timestamp_{name}"] = moment.isoformat()
            where[f"timestamp__{lookup}"] = moment

    ids, counts = walk(analyst_client, **query)

    expected = ids_of(FimLog.objects.filter(**where))
    assert (ids, counts) == (expected, {len(expected)})


def test_a_deep_page_costs_two_queries(analyst_client, logs, django_assert_num_queries):
    with django_assert_num_queries(2):
        analyst_client.get(URL, {"page": 6, "page_size": 10})


def test_a_page_past_the_last_is_404(analyst_client, logs):
    assert analyst_client.get(URL, {"page": 7}).status_code == 404


def follow(client, url):
    ids = []
    while url:
        answer = client.get(url).json()
        ids += [log["id"] for log in answer["results"]]
        url = answer["next"]
    return ids


def test_cursors_lead_through_every_log_once(analyst_client, logs):
    assert follow(analyst_client, f"{URL}?cursor=&page_size=7") == ids_of(FimLog.objects)


def test_cursors_keep_the_filters(analyst_client, logs):
    ids = follow(analyst_client, f"{URL}?cursor=&page_size=7&host=web-1&status=danger")

    assert ids == ids_of(FimLog.objects.filter(host="web-1", category="danger"))


def test_logs_that_arrive_meanwhile_move_no_cursor(analyst_client, logs):
    expected = ids_of(FimLog.objects)
    first = analyst_client.get(f"{URL}?cursor=&page_size=30").json()
    make_log(timestamp="2026-03-14T00:00:00Z")

    rest = follow(analyst_client, first["next"])

    assert [log["id"] for log in first["results"]] + rest == expected


def test_a_cursor_page_tells_the_count(analyst_client, logs):
    answer = analyst_client.get(f"{URL}?cursor=").json()

    assert (answer["count"], answer["previous"], len(answer["results"])) == (60, None, 10)


@pytest.mark.parametrize(
    "cursor", ["x", "é", "AAAA", "MjAyNi0wMy0xNCA3", "OTk5OS0wMS0wMVQwMDowMDowMCswMDowMCA3", "%00"]
)
def test_refuses_what_is_no_cursor(analyst_client, cursor):
    answer = analyst_client.get(f"{URL}?cursor={cursor}")

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["cursor"])
