"""Odd values in the console's addresses and forms are answers, not failures."""

import pytest
from django.db import connection

from fim.console.overview import views
from tests.clients import console_of
from tests.factories import make_log


@pytest.fixture
def console(admin):
    return console_of(admin)


@pytest.mark.parametrize(
    "query",
    [
        "timestamp__gte=9999-12-31T23:59:59-12:00",
        "timestamp__lt=0001-01-01T00:00:00%2B14:00",
        "timestamp__gte=yesterday",
        "category=%00",
        "p=99999999999999999999",
        "o=99.x",
        "q=" + "x" * 60_000,
        "q=%00",
    ],
)
@pytest.mark.parametrize("page", ["fim/fimlog", "threats/event"])
def test_answers_an_odd_parameter(console, page, query):
    answer = console.get(f"/admin/{page}/?{query}")

    assert answer.status_code in (200, 302, 400, 503)


@pytest.mark.parametrize("value", ["x", "", "9" * 30, "9" * 5_000, "-1.5", "\0"])
@pytest.mark.parametrize("page", ["fim/fimlog", "fim/host", "threats/event", "threats/alert"])
def test_refuses_an_action_on_what_is_no_id(console, page, value):
    form = {"action": "delete_selected", "_selected_action": value}

    answer = console.post(f"/admin/{page}/", form)

    assert answer.status_code == 400


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00%2B14:00"])
def test_refuses_a_moment_beyond_the_calendar(console, moment):
    answer = console.get(f"/admin/threats/event/?timestamp__gte={moment}")

    assert answer.status_code == (400 if connection.vendor == "sqlite" else 200)


def test_a_bug_is_a_500_that_is_logged_once(console, monkeypatch, caplog):
    monkeypatch.setattr(views, "summarise_queue", lambda: int("no number"))
    console.raise_request_exception = False

    answer = console.get("/admin/")

    assert answer.status_code == 500
    assert [record.name for record in caplog.records if record.exc_info] == ["django.request"]


def test_shows_moments_to_the_second(console):
    make_log()

    assert "2026-03-14 12:00:00" in console.get("/admin/fim/fimlog/").content.decode()
