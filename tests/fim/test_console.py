"""Logs and day counts in the console: to read, and for admins to delete."""

import pytest
from django.test import Client

from fim.ingest.store import store_logs
from fim.models import DayCount, FimLog
from tests.factories import make_log, new_log

pytestmark = pytest.mark.django_db

LIST = "/admin/fim/fimlog/"


def console_of(user):
    client = Client()
    client.force_login(user)
    return client


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

    page = analyst_console.get(LIST, {"q": text}).content.decode()

    assert "/srv/shell" in page and "/other" not in page


@pytest.mark.parametrize(
    "query",
    [{"category__exact": "malware"}, {"action__exact": "moved"}]
    + [{"timestamp__gte": "2026-03-15 00:00:00+00:00"}],
)
def test_filters(analyst_console, query):
    make_log(path="/hidden")
    make_log(
        path="/shown",
        category="malware",
        action="moved",
        timestamp="2026-03-16T00:00:00Z",
        received_at=new_log().received_at.replace(day=17),
    )

    page = analyst_console.get(LIST, query).content.decode()

    assert "/shown" in page and "/hidden" not in page


@pytest.mark.parametrize(
    "query",
    ["q=%00", "q=%FF", "p=0", "p=-1", "p=abc", "p=999999", "all=", "o=9", "o=x", "e=1"]
    + ["category__exact=bad", "timestamp__gte=soon", "nonsense=1", "id__exact=9" + "9" * 30],
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

    # Session, account, count, rows.
    with django_assert_num_queries(4):
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
