"""The console's first page: what it shows, for whom, and that it costs the same at any size."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fim.console.overview.busiest import busiest_hosts, busiest_of_newest
from fim.console.overview.hours import compare_with_yesterday, count_days
from fim.models import DayCount, FimLog
from fim.store.write import store_logs
from tests.clients import console_of
from tests.factories import ALMA, NOON, make_alert, make_host, make_log, new_log
from threats.queue import summarise_queue
from threats.services import acknowledge_alert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_at_noon")]

PAGE = "/admin/"
PARTS = [f"/admin/overview/{name}/" for name in ("state", "trend", "busiest")]
TODAY = NOON.date()


@pytest.fixture
def _at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def console(analyst):
    return console_of(analyst)


def page_of(console, path=PAGE):
    return console.get(path).content.decode()


def counts_of(days):
    return {name: counts for name, counts in days.items() if any(counts)}


def test_an_empty_node_shows_how_to_bring_in_data(console):
    page = page_of(console)

    for command in ("curl http://testserver/api/ingest/fim/", "manage.py watch", "make demo"):
        assert command in page


def test_the_log_that_it_shows_is_taken_and_ends_the_first_steps(console, client):
    shown = re.search(r"-d '(.+?)'</pre>", html.unescape(page_of(console)))

    answer = client.post("/api/ingest/fim/", shown[1], content_type="application/json")

    assert answer.status_code == 201
    assert "make demo" not in page_of(console)


def test_a_node_with_data_shows_no_first_steps(console):
    make_log()

    assert "make demo" not in page_of(console)


@pytest.mark.parametrize("path", [PAGE, *PARTS])
def test_asks_who_looks(client, path):
    answer = client.get(path)

    assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={path}")


@pytest.mark.parametrize("days", ["0", "8", "x", "9" * 30, "%00"])
def test_refuses_other_periods(console, days):
    assert console.get(f"{PAGE}?days={days}").status_code == 400


def test_counts_open_alerts_by_severity_with_the_oldest():
    make_alert(severity="CRITICAL")
    with time_machine.travel(datetime(2026, 3, 14, 9, tzinfo=UTC)):
        make_alert(severity="HIGH")
        acknowledge_alert(make_alert(severity="HIGH"), by=ALMA)
    make_alert(severity="HIGH")

    queue = summarise_queue()

    found = [(alerts.severity, alerts.count) for alerts in queue.by_severity if alerts.count]
    assert found == [("CRITICAL", 1), ("HIGH", 2)]
    assert queue.by_severity[1].oldest_at.hour == 9


def test_a_flood_of_alerts_is_counted_no_further_than_so_far(monkeypatch):
    monkeypatch.setattr("threats.queue.MAX_COUNTED", 2)
    for _ in range(3):
        make_alert()

    queue = summarise_queue()

    assert (queue.count, queue.is_capped) == (2, True)


def test_compares_today_with_yesterday_by_this_time():
    store_logs(
        [new_log(), new_log(timestamp="2026-03-14T00:00:00Z")]
        + [new_log(timestamp="2026-03-13T11:59:00Z"), new_log(timestamp="2026-03-13T13:00:00Z")]
    )

    normal = compare_with_yesterday(NOON)[-1]

    assert (normal.category, normal.count, normal.yesterday) == ("normal", 2, 1)


def test_of_the_hour_that_is_now_the_part_that_has_passed_counts():
    store_logs([new_log(timestamp="2026-03-13T12:50:00Z") for _ in range(60)])

    normal = compare_with_yesterday(NOON.replace(minute=15))[-1]

    assert normal.yesterday == 15


def test_an_hour_is_one_of_the_nodes_time_zone(settings):
    settings.TIME_ZONE = "Asia/Kathmandu"
    store_logs([new_log(timestamp="2026-03-13T12:20:00Z")])

    # That was at 18:05 there; noon is at 17:45.
    at_noon = compare_with_yesterday(NOON)[-1]
    later = compare_with_yesterday(NOON.replace(hour=13, minute=15))[-1]

    assert (at_noon.yesterday, later.yesterday) == (0, 1)


def test_counts_days_oldest_first():
    store_logs(
        [new_log(), new_log(category="danger"), new_log(host="web-2")]
        + [new_log(timestamp="2026-03-08T00:00:00Z"), new_log(timestamp="2026-03-07T23:59:59Z")]
    )

    days = counts_of(count_days(TODAY, 7))

    assert days == {"danger": [0] * 6 + [1], "normal": [1, 0, 0, 0, 0, 0, 2]}


def test_finds_the_busiest_hosts_of_the_day():
    logs = [new_log(host="web-2"), new_log(host="web-2", category="malware")]
    store_logs([*logs, new_log(), new_log(host="web-3", timestamp="2026-03-13T12:00:00Z")])

    busy = [(row.name, row.count, row.bad_count) for row in busiest_hosts(TODAY)]

    assert busy == [("web-2", 2, 1), ("web-1", 1, 0)]


def test_finds_the_busiest_paths_users_and_rules_of_the_day():
    store_logs([new_log(path="/a", user="root", rule="r1"), new_log(path="/a"), new_log(path="/b")])

    busy = busiest_of_newest(TODAY)

    assert [(row.name, row.count) for row in busy.paths] == [("/a", 2), ("/b", 1)]
    assert [row.name for row in busy.users] == ["root"]
    assert [row.name for row in busy.rules] == ["r1"]


def test_reads_the_newest_logs_alone_and_says_so(console, monkeypatch):
    for module in ("busiest", "views"):
        monkeypatch.setattr(f"fim.console.overview.{module}.NEWEST_READ", 2)
    store_logs([new_log(path="/old", timestamp="2026-03-14T01:00:00Z"), new_log(), new_log()])

    page = page_of(console, PARTS[2])

    assert "among the newest 2 logs of today" in page
    assert "/old" not in page


def test_names_the_hosts_of_which_something_is_missed(console):
    make_host("web-1")
    make_host("db-1", received_at=NOON - timedelta(days=1))
    make_host("web-2", blind_since=NOON - timedelta(hours=2))

    page = page_of(console, PARTS[0])

    assert "db-1" in page and "last seen 1 d ago" in page
    assert "web-2" in page and "does not see all of its directories, for 2 h" in page
    assert ">web-1<" not in page


def test_bars_and_names_lead_to_the_logs_of_that_day(console):
    make_log(category="malware", user="www-data")

    page = page_of(console)

    for link in (
        "/admin/fim/fimlog/?day=2026-03-14&amp;category=malware",
        "/admin/fim/fimlog/?host=web-1&amp;day=2026-03-14",
        "/admin/fim/fimlog/?user=www-data&amp;day=2026-03-14",
        "/admin/fim/fimlog/?path=%2Fetc%2Fpasswd&amp;day=2026-03-14",
    ):
        assert link in page


def test_what_agents_send_cannot_become_markup(console):
    make_log(path="<script>alert(1)</script>", user='"><img src=x>', category="malware")

    page = page_of(console)

    assert "<script>alert" not in page and "<img src=x" not in page


def test_a_part_is_no_whole_page(console):
    make_alert(description="40 ports")

    page = page_of(console, PARTS[0])

    assert "40 ports" in page and "<html" not in page


@pytest.mark.parametrize("rows", [1, 300])
def test_costs_the_same_queries_whatever_is_stored(console, django_assert_num_queries, rows):
    store_logs([new_log(host=f"web-{n}", category="malware", path=f"/{n}") for n in range(rows)])

    # Session, account, is it a demo, is there a log; queue, today, hosts (2), alerts; trend; hosts
    # and logs that are busiest.
    with django_assert_num_queries(12):
        console.get(PAGE)


# PostgreSQL plans by its statistics, which a test has none of.
if connection.vendor == "sqlite":

    def test_reads_tables_that_grow_by_an_index_alone(console):
        with CaptureQueriesContext(connection) as queries:
            console.get(PAGE)

        asked = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
        plans = [line for sql in asked for line in plan_of(sql)]
        grows = ("fim_fimlog", "fim_daycount", "fim_hourcount", "threats_event", "threats_alert")
        scanned = [line.split()[1] for line in plans if line.startswith("SCAN")]
        # One row of each to know whether there is any, and the newest eight alerts.
        first_rows = ["fim_fimlog", "threats_event", "threats_alert"]
        assert [table for table in scanned if table in grows] == first_rows


def plan_of(sql):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[3] for row in cursor.fetchall()]


def test_reads_no_more_than_a_bounded_number_of_rows(console, monkeypatch):
    monkeypatch.setattr("fim.console.overview.busiest.NEWEST_READ", 5)
    store_logs([new_log() for _ in range(20)])

    assert FimLog.objects.count() == 20
    assert busiest_of_newest(TODAY).read == 5


def test_counts_have_their_thousands_apart(console):
    DayCount.objects.create(day=TODAY, host="web-1", category="normal", count=12_345)

    assert "12,345" in page_of(console, "/admin/overview/busiest/")
