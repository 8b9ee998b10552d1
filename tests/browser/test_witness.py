"""The watch over the pages sees what it should."""

import re

import pytest

from tests.patience import wait_until


@pytest.fixture
def witness(take_seat):
    """Someone on the sign-in page, whose planted faults are forgotten afterwards."""
    seat = take_seat()
    seat.go("/admin/")
    yield seat.witness
    seat.witness.forget()


@pytest.fixture
def page(witness):
    return witness.pages[0]


PLANT_SCRIPT = """document.head.append(
  Object.assign(document.createElement("script"), {textContent: "window.isPlanted = true"})
)"""


def listen_until(page, is_so):
    """Events come only while playwright is at work."""
    wait_until(lambda: page.wait_for_timeout(1) or is_so())


def test_sees_what_the_policy_stops(page, witness):
    page.evaluate(PLANT_SCRIPT)
    listen_until(page, lambda: witness.violations)

    assert [text.partition(" on ")[0] for text in witness.violations] == [
        "script-src-elem stopped inline"
    ]
    with pytest.raises(AssertionError):
        witness.assert_nothing_wrong()
    assert page.evaluate("window.isPlanted") is None


def test_sees_errors_of_scripts(page, witness):
    page.evaluate("setTimeout(() => { throw new Error('planted') })")
    listen_until(page, lambda: witness.errors)

    with pytest.raises(AssertionError, match="uncaught .*planted"):
        witness.assert_nothing_wrong()


def test_sees_errors_in_the_console(page, witness):
    page.evaluate("console.error('planted')")

    with pytest.raises(AssertionError, match="error: planted"):
        witness.assert_nothing_wrong()


def test_sees_requests_to_elsewhere(page, witness):
    page.goto("about:blank")
    page.set_content("<img src='http://127.0.0.1:9/planted.png'>")

    with pytest.raises(AssertionError, match=re.escape("request to http://127.0.0.1:9/")):
        witness.assert_nothing_wrong()
