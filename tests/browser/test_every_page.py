"""Every page that the console links to is there, and nothing goes wrong on it."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

MAX_PAGES = 60
LINKS = "() => [...document.links].map((link) => link.href)"


def kind_of(url):
    """Return what a page is a page of: two logs are one kind, and so are two filtered lists."""
    parts = urlsplit(url)
    return re.sub(r"/[^/]*\d[^/]*", "/1", parts.path), bool(parts.query)


def walk(seat):
    """Yield the status of one page of each kind that links of the console lead to."""
    waiting, known = [f"{seat.node.url}/admin/"], set()
    while waiting and len(known) < MAX_PAGES:
        url = waiting.pop(0).partition("#")[0]
        if kind_of(url) in known or not url.startswith(f"{seat.node.url}/admin/"):
            continue
        known.add(kind_of(url))
        yield url, seat.go(url)
        waiting += seat.page.evaluate(LINKS)


@pytest.mark.parametrize("username", ["admin", "analyst"])
def test_no_link_of_the_console_is_dead(take_seat, username):
    seat = take_seat(username)

    statuses = dict(walk(seat))

    assert len(statuses) > 12
    assert {url: status for url, status in statuses.items() if status != 200} == {}


@pytest.mark.parametrize(("path", "words"), [("/swagger/", "/alerts/"), ("/redoc/", "Api-Key")])
def test_the_description_of_the_api_is_drawn(analyst, path, words):
    assert analyst.go(path) == 200

    expect(analyst.page.get_by_text(words).first).to_be_visible()
