"""Odd values in the console's addresses and forms are answers, not failures."""

import pytest

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


def test_answers_an_action_on_an_id_that_is_no_number(console):
    form = {"action": "acknowledge", "_selected_action": "x"}

    answer = console.post("/admin/threats/alert/", form)

    assert answer.status_code in (302, 400)


def test_shows_moments_to_the_second(console):
    make_log()

    assert "2026-03-14 12:00:00" in console.get("/admin/fim/fimlog/").content.decode()
