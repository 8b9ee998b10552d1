"""Logs and day counts in the console: to read, and for admins to delete."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fim.models import DayCount, FimLog
from fim.store.write import store_logs
from tests.clients import console_of
from tests.factories import ALMA, make_log, new_log
from threats.models import Alert
from threats.services import resolve_alert

pytestmark = pytest.mark.django_db

LIST = "/admin/fim/fimlog/"


@pytest.fixture
def admin_console(admin):
    return console_of(admin)


@pytest.fixture
def analyst_console(analyst):
    return console_of(analyst)


def test_lists_logs(analyst_console):
    make_log(path="/srv/shell.php", severity="[MALWARE] PHP_Webshell", user="www-data")

    page = analyst_console.get(LIST)

    for text in ("/srv/shell.php", "PHP_Webshell", "www-data", "web-1", "Malware"):
        assert text in page.content.decode()


def test_shows_a_log_whole_and_changes_nothing(admin_console):
    log = make_log(full_log="<script>alert(1)</script>", attributes={"pid": 7177})

    page = admin_console.get(f"{LIST}{log.id}/change/").content.decode()

    assert "&lt;script&gt;alert(1)" in page and "7177" in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize("path", ["add/", "{pk}/change/"])
def test_lets_nobody_write(admin_console, path):
    log = make_log()

    page = admin_console.post(LIST + path.format(pk=log.id), {"path": "/forged"})

    assert page.status_code == 403
    assert list(FimLog.objects.values_list("path", flat=True)) == ["/etc/passwd"]


@pytest.mark.parametrize("text", ["SHELL", "www-d", "php-f"])
def test_searches_path_user_and_process(analyst_console, text):
    make_log(path="/srv/shell", user="www-data", process="php-fpm")
    make_log(path="/other")

    page = analyst_console.get(LIST, {"search": text}).content.decode()

    assert "/srv/shell" in page and "/other" not in page


@pytest.mark.parametrize(
    "query",
    [{"category": "malware"}, {"action": "moved"}, {"day": "2026-03-16"}, {"host": "web-9"}]
    + [{"user": "root"}, {"user": "root", "host": "web-9"}, {"rule": "r-9"}, {"path": "/shown"}],
)
def test_filters(analyst_console, query):
    make_log(path="/hidden")
    make_log(
        path="/shown",
        category="malware",
        action="moved",
        host="web-9",
        user="root",
        rule="r-9",
        timestamp="2026-03-16T00:00:00Z",
        received_at=new_log().received_at.replace(day=17),
    )

    page = analyst_console.get(LIST, query).content.decode()

    assert ">/shown</a>" in page and ">/hidden</a>" not in page


@pytest.mark.parametrize(
    "query",
    ["search=%00", "search=%FF", "p=0", "p=abc", "all=", "o=x", "e=1", "nonsense=1"]
    + [
        "category=bad",
        "day=soon",
        "day=0001-01-01",
        "day=9999-12-31",
        "user=%00",
        "rule=" + "x" * 999,
    ]
    + ["older=", "search=%22", "search=" + "x" * 5_000, "path=%ED%A0%80"],
)
def test_answers_bad_queries(analyst_console, query):
    make_log()

    assert analyst_console.get(f"{LIST}?{query}", follow=True).status_code == 200


@pytest.mark.parametrize("pk", ["999", "abc", "9" * 30, "%00"])
def test_leads_back_from_a_log_that_is_not_stored(analyst_console, pk):
    page = analyst_console.get(f"{LIST}{pk}/change/")

    assert (page.status_code, page.headers["Location"]) == (302, "/admin/")


def test_lets_an_admin_delete_one(admin_console):
    log, _ = make_log(), make_log()

    admin_console.post(f"{LIST}{log.id}/delete/", {"post": "yes"})

    assert FimLog.objects.count() == DayCount.objects.get().count == 1


def test_lets_an_admin_delete_many(admin_console):
    logs = store_logs([new_log() for _ in range(4)]).logs
    chosen = [log.id for log in logs[:3]]

    admin_console.post(
        LIST, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    )

    assert FimLog.objects.count() == DayCount.objects.get().count == 1


def test_lets_no_analyst_delete(analyst_console):
    log = make_log()

    one = analyst_console.post(f"{LIST}{log.id}/delete/", {"post": "yes"})
    analyst_console.post(
        LIST, {"action": "delete_selected", "_selected_action": [log.id], "post": "yes"}
    )

    assert one.status_code == 403
    assert FimLog.objects.exists()


@pytest.mark.parametrize("rows", [1, 60])
def test_lists_for_the_same_queries_whatever_it_shows(
    analyst_console, django_assert_num_queries, rows
):
    store_logs([new_log(host=f"web-{number}") for number in range(rows)])

    # Session, account, rows, facets, days, and whether this is a demo.
    with django_assert_num_queries(6):
        analyst_console.get(LIST)


def test_shows_day_counts_and_lets_nobody_touch_them(admin_console):
    make_log(host="web-42")
    count = DayCount.objects.get()

    page = admin_console.get("/admin/fim/daycount/")
    deletion = admin_console.post(f"/admin/fim/daycount/{count.pk}/delete/", {"post": "yes"})

    assert "web-42" in page.content.decode()
    assert deletion.status_code == 403
    assert DayCount.objects.exists()


def test_asks_who_reads():
    assert Client().get(LIST).status_code == 302


def test_pages_follow_each_other_both_ways(analyst_console):
    store_logs([new_log(path=f"/log/{number:03}") for number in range(120)])

    first = analyst_console.get(LIST).context["list"]
    second = analyst_console.get(LIST + first.older_url).context["list"]
    third = analyst_console.get(LIST + second.older_url).context["list"]
    back = analyst_console.get(LIST + third.newer_url).context["list"]

    pages = [[log.path for log in shown.page] for shown in (first, second, third)]
    assert [len(page) for page in pages] == [50, 50, 20]
    assert sum(pages, []) == [f"/log/{number:03}" for number in range(119, -1, -1)]
    assert [log.path for log in back.page] == pages[1]
    assert (first.newer_url, third.older_url) == ("", "")


@pytest.mark.parametrize("cursor", ["x", "%00", "MjAyNi0wMy0xNCAx"])
@pytest.mark.parametrize("side", ["older", "newer"])
def test_refuses_a_cursor_that_is_none(analyst_console, side, cursor):
    assert analyst_console.get(f"{LIST}?{side}={cursor}").status_code == 400


def test_facets_count_the_newest_logs_and_narrow_the_list(analyst_console):
    make_log(user="root")
    make_log(user="root", category="malware")
    make_log(user="www-data")

    facets = analyst_console.get(LIST).context["facets"]
    narrowed = analyst_console.get(LIST + facets["user"][0].url).context["list"]

    assert [(one.name, one.count) for one in facets["user"]] == [("root", 2), ("www-data", 1)]
    assert [log.user for log in narrowed.page] == ["root", "root"]


def test_days_come_from_the_day_counts(analyst_console, time_machine):
    time_machine.move_to("2026-03-15T09:00:00Z")
    make_log()
    make_log()

    (day,) = analyst_console.get(LIST).context["days"]

    assert (day.name, day.count) == ("2026-03-14", 2)
    assert len(analyst_console.get(LIST + day.url).context["list"].page) == 2


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_the_export_has_what_the_list_shows(analyst_console, form):
    make_log(path="/shown", category="malware", user="root", rule="r-9", host="web-9")
    make_log(path="/hidden")
    query = {"category": "malware", "user": "root", "rule": "r-9", "host": "web-9"}
    query |= {"day": "2026-03-14", "search": "show", "path": "/shown"}

    exports = dict(analyst_console.get(LIST, query).context["exports"])
    answer = analyst_console.get(exports[form.upper()])

    text = b"".join(answer.streaming_content).decode()
    assert answer.status_code == 200
    assert "/shown" in text and "/hidden" not in text


def test_filters_come_back_until_they_are_cleared(analyst_console):
    analyst_console.get(LIST, {"host": "web-1", "older": ""})

    assert analyst_console.get(LIST)["Location"] == f"{LIST}?host=web-1"
    analyst_console.get(LIST + "?clear=1")
    assert analyst_console.get(LIST).status_code == 200


def test_shows_the_diff_line_by_line_and_as_text(analyst_console):
    diff = "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+<script>alert(1)</script>\n same"
    log = make_log(attributes={"diff": diff})

    page = analyst_console.get(f"{LIST}{log.id}/change/").content.decode()

    assert '<span class="removed">-old' in page
    assert '<span class="added">+&lt;script&gt;alert(1)' in page
    assert '<span class="head">--- a' in page


@pytest.mark.parametrize("diff", [7, None, ["x"], {"a": {"b": 1}}, ""])
def test_a_diff_that_is_no_text_breaks_nothing(analyst_console, diff):
    log = make_log(attributes={"diff": diff})

    assert analyst_console.get(f"{LIST}{log.id}/change/").status_code == 200


def test_shows_hashes_of_before_and_after(analyst_console):
    log = make_log(sha256="a" * 64, sha256_before="b" * 64)

    page = analyst_console.get(f"{LIST}{log.id}/change/").content.decode()

    assert "a" * 64 in page and "b" * 64 in page


def test_shows_the_other_logs_of_its_path_on_its_host(analyst_console):
    log = make_log(user="root")
    same = make_log(user="www-data", process="php-fpm")
    make_log(host="web-2")
    make_log(path="/etc/passwd-")

    shown = analyst_console.get(f"{LIST}{log.id}/change/").context["same_path"]

    assert shown == [same]


def test_leads_to_the_unresolved_alert_that_it_raised(analyst_console):
    log = make_log(category="malware")
    alert = Alert.objects.get()

    page = analyst_console.get(f"{LIST}{log.id}/change/")
    resolve_alert(alert, by=ALMA)

    assert page.context["alert"] == alert
    assert analyst_console.get(f"{LIST}{log.id}/change/").context["alert"] is None


def test_the_page_of_a_log_costs_the_same_for_any_number(analyst_console):
    store_logs([new_log(user=f"user-{number}") for number in range(30)])
    log = make_log()

    with CaptureQueriesContext(connection) as queries:
        analyst_console.get(f"{LIST}{log.id}/change/")

    # Session, account, log, record, subjects (2), nine subjects' logs, the logs, demo.
    assert len(queries) <= 18


def test_a_machine_reads_nothing(agent_client):
    assert agent_client.get(LIST).status_code == 302
