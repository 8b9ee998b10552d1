"""Who sees little, uses no mouse, works in the dark or on a phone can use the main pages."""

import pytest

from tests.browser import tools

# Wider than the window: where the page itself, not a table within it, scrolls sideways.
OVERHANG = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def axe():
    return tools.axe_source()


MAIN_PAGES = (
    "/admin/",
    "/admin/threats/alert/",
    "/admin/fim/fimlog/",
    "/admin/threats/event/",
    "/admin/fim/host/",
    "/admin/users/key/",
    "/admin/users/key/add/",
    "/admin/users/user/",
    "/admin/users/auditentry/",
)


def first_of(seat, path):
    """Return the page of the first thing that a list shows."""
    seat.go(path)
    return seat.page.locator("#result_list tbody a").first.get_attribute("href")


@pytest.fixture
def pages(admin):
    lists = ("/admin/threats/alert/", "/admin/fim/fimlog/", "/admin/users/user/")
    return [*MAIN_PAGES, *(first_of(admin, path) for path in lists)]


def test_nothing_keeps_people_out(admin, pages, axe):
    found = []
    for path in pages:
        admin.go(path)
        found += admin.barriers(axe)

    assert "\n".join(found) == ""


def test_contrast_is_enough_in_the_dark(admin, pages, axe):
    admin.page.emulate_media(color_scheme="dark")

    found = []
    for path in pages:
        admin.go(path)
        found += admin.barriers(axe, only=["color-contrast"])

    assert "\n".join(found) == ""


def test_a_phone_scrolls_no_page_sideways(admin, pages):
    admin.page.set_viewport_size({"width": 360, "height": 740})

    overhang = {}
    for path in pages:
        admin.go(path)
        overhang[path] = admin.page.evaluate(OVERHANG)

    assert {path: pixels for path, pixels in overhang.items() if pixels > 0} == {}


def test_the_sign_in_page_keeps_nobody_out(take_seat, axe):
    seat = take_seat()
    seat.go("/admin/")

    assert "\n".join(seat.barriers(axe)) == ""
