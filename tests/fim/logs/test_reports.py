"""Analytics and day reports: they read day counts, so they cost the same whatever is stored."""

import pytest
import time_machine

from fim.models import FimLog
from fim.store.write import store_logs
from tests.factories import NOON, make_log, new_log

pytestmark = pytest.mark.django_db

ANALYTICS = "/api/logs/analytics/"
HISTORICAL = "/api/logs/analytics/historical/"
TODAY = "/api/logs/today/"
BY_DATE = "/api/logs/by-date/"
STATS = "/api/logs/stats-by-date/"
ALL = [ANALYTICS, HISTORICAL, TODAY, f"{BY_DATE}?date=2026-03-14", f"{STATS}?date=2026-03-14"]
EMPTY = {"malware": 0, "danger": 0, "suspicious": 0, "normal": 0}


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def logs():
    """Three of today, one malware; one of yesterday; one of eight days ago."""
    return store_logs(
        [new_log(path="/a"), new_log(path="/b"), new_log(path="/c", category="malware")]
        + [new_log(path="/d", category="danger", timestamp="2026-03-13T23:59:59Z")]
        + [new_log(path="/e", timestamp="2026-03-06T00:00:00Z")]
    ).logs


@pytest.mark.usefixtures("logs")
def test_counts_today(analyst_client):
    answer = analyst_client.get(ANALYTICS)

    assert answer.status_code == 200
    assert answer.json() == EMPTY | {"date": "2026-03-14", "total": 3, "malware": 1, "normal": 2}


@pytest.mark.usefixtures("logs")
def test_counts_each_of_the_last_seven_days_oldest_first(analyst_client):
    days = analyst_client.get(HISTORICAL).json()

    assert [day["date"] for day in days] == [f"2026-03-{day:02}" for day in range(8, 15)]
    assert [day["total"] for day in days] == [0, 0, 0, 0, 0, 1, 3]
    assert days[0] == EMPTY | {"date": "2026-03-08", "total": 0}
    assert days[5]["danger"] == 1


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize(("days", "total"), [(1, 3), (8, 4), (9, 5), (366, 5)])
def test_counts_as_many_days_as_are_asked_for(analyst_client, days, total):
    answer = analyst_client.get(HISTORICAL, {"days": days})

    assert len(answer.json()) == days
    assert sum(day["total"] for day in answer.json()) == total


@pytest.mark.parametrize("days", ["0", "-1", "abc", "367", "", "1.5", "9" * 30, "１", "\x00"])
def test_refuses_a_bad_number_of_days(analyst_client, days):
    answer = analyst_client.get(HISTORICAL, {"days": days})

    assert answer.status_code == 400
    assert answer.json()["fields"] == {"days": ["Takes a whole number from 1 to 366."]}


@pytest.mark.usefixtures("logs")
def test_counts_one_day(analyst_client):
    answer = analyst_client.get(STATS, {"date": "2026-03-13"})

    assert answer.json() == EMPTY | {"date": "2026-03-13", "total": 1, "danger": 1}


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize("url", [TODAY, f"{BY_DATE}?date=2026-03-14"])
def test_shows_a_days_logs_by_category_newest_first(analyst_client, url):
    answer = analyst_client.get(url).json()

    shown = {name: [log["path"] for log in logs] for name, logs in answer["logs"].items()}
    assert answer["date"] == "2026-03-14"
    assert answer["counts"] == EMPTY | {"total": 3, "malware": 1, "normal": 2}
    assert shown == {"malware": ["/c"], "danger": [], "suspicious": [], "normal": ["/b", "/a"]}


def test_shows_a_log_as_the_list_does(analyst_client, logs):
    shown = analyst_client.get(TODAY).json()["logs"]["malware"][0]

    assert shown == analyst_client.get(f"/api/logs/{logs[2].id}/").json()


@pytest.mark.parametrize("url", [TODAY, BY_DATE])
@pytest.mark.parametrize(("query", "shown"), [({}, 100), ({"limit": 2}, 2), ({"limit": 1000}, 120)])
def test_bounds_the_groups_and_not_the_counts(analyst_client, url, query, shown):
    store_logs([new_log() for _ in range(120)])

    answer = analyst_client.get(url, query | {"date": "2026-03-14"}).json()

    assert len(answer["logs"]["normal"]) == shown
    assert answer["counts"]["normal"] == answer["counts"]["total"] == 120


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "abc", ""])
def test_refuses_a_bad_limit(analyst_client, limit):
    answer = analyst_client.get(TODAY, {"limit": limit})

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["limit"])


@pytest.mark.parametrize("url", [BY_DATE, STATS])
def test_requires_a_day(analyst_client, url):
    answer = analyst_client.get(url)

    assert answer.status_code == 400
    assert answer.json()["fields"] == {"date": ["This parameter is required."]}


@pytest.mark.parametrize("url", [BY_DATE, STATS])
@pytest.mark.parametrize(
    "day",
    ["", "today", "2026-02-30", "20260101", "2026-W01-1", "2026-1-1", "2026-01-01T00:00:00"]
    + [
        "0001-01-01",
        "1969-12-31",
        "9999-12-31",
        "2026-01-0１",
        "\x00",
        "-026-01-01",
        " 2026-01-01",
    ],
)
def test_refuses_what_is_no_day(analyst_client, url, day):
    answer = analyst_client.get(url, {"date": day})

    assert answer.status_code == 400
    assert answer.json()["fields"] == {
        "date": ["Takes a day from 1970-01-01 to 9998-12-31, as YYYY-MM-DD."]
    }


@pytest.mark.parametrize("url", [BY_DATE, STATS])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue"])
@pytest.mark.parametrize("day", ["1970-01-01", "2024-02-29", "9998-12-31"])
def test_takes_any_day_that_every_zone_can_show(analyst_client, settings, url, zone, day):
    settings.TIME_ZONE = zone

    answer = analyst_client.get(url, {"date": day})

    assert (answer.status_code, answer.json()["date"]) == (200, day)


@pytest.mark.parametrize(
    ("zone", "today"), [("Asia/Jakarta", "2026-03-15"), ("America/New_York", "2026-03-14")]
)
def test_knows_today_in_the_nodes_time_zone(analyst_client, settings, zone, today):
    settings.TIME_ZONE = zone

    with time_machine.travel("2026-03-14T18:00:00Z", tick=False):
        make_log(timestamp="2026-03-14T18:00:00Z", received_at=NOON.replace(hour=18))

        assert analyst_client.get(ANALYTICS).json()["date"] == today
        assert analyst_client.get(ANALYTICS).json()["total"] == 1
        assert len(analyst_client.get(TODAY).json()["logs"]["normal"]) == 1


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2025-11-02", 25)])
def test_shows_and_counts_a_day_of_23_or_25_hours_alike(analyst_client, settings, day, hours):
    settings.TIME_ZONE = "America/New_York"
    month, number = day[:8], int(day[8:])
    moments = [f"{month}{number + d:02}T{h:02}:30:00Z" for d in (0, 1) for h in range(24)]
    store_logs([new_log(timestamp=moment) for moment in moments])

    answer = analyst_client.get(BY_DATE, {"date": day}).json()

    assert answer["counts"]["total"] == len(answer["logs"]["normal"]) == hours


def test_follows_deletes(admin_client, logs):
    admin_client.delete("/api/logs/", {"ids": [log.id for log in logs[:2]]}, format="json")

    assert admin_client.get(ANALYTICS).json()["total"] == 1


@pytest.mark.parametrize("url", ALL)
def test_asks_who_reads(anonymous_client, url):
    assert anonymous_client.get(url).status_code == 401


@pytest.mark.parametrize("url", ALL)
def test_shows_nothing_to_a_key(agent_client, url):
    assert agent_client.get(url).status_code == 403


@pytest.mark.parametrize("url", ALL)
def test_takes_no_writes(admin_client, url):
    assert admin_client.post(url, {}).status_code == 405


@pytest.mark.parametrize(("url", "queries"), [*zip(ALL, [1, 1, 5, 5, 1], strict=True)])
@pytest.mark.parametrize("rows", [1, 60])
def test_costs_the_same_queries_whatever_is_stored(
    analyst_client, django_assert_num_queries, url, queries, rows
):
    store_logs([new_log(host=f"web-{number}") for number in range(rows)])

    with django_assert_num_queries(queries):
        analyst_client.get(url)


def test_reads_counts_and_no_rows(analyst_client, logs):
    FimLog.objects.all().delete()

    assert analyst_client.get(ANALYTICS).json()["total"] == 3
