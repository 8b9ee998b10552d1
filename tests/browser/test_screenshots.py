"""The pictures of the README: taken by `make screenshots`, and here to see that they can be."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

MAX_BYTES = 300_000
DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
SHELL, SSHD = "invoice_8841.php", "sshd_config"


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    chosen = os.environ.get("SCREENSHOTS_DIR")
    return Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")


@pytest.fixture
def sit_down(take_seat):
    def sit(viewport=DESK, color_scheme="light"):
        seat = take_seat("admin", viewport=viewport, color_scheme=color_scheme)
        seat.go("/admin/")
        return seat

    return sit


def open_first(seat, path, text):
    seat.go(path)
    seat.page.locator("#result_list tbody tr").filter(has_text=text).get_by_role(
        "link"
    ).first.click()


def take(seat, directory, name):
    seat.page.mouse.move(0, 0)
    path = directory / f"{name}.png"
    seat.page.screenshot(path=path)
    assert 10_000 < path.stat().st_size < MAX_BYTES


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_overview(sit_down, directory, color_scheme):
    seat = sit_down(DESK | {"height": 1240}, color_scheme)

    take(seat, directory, f"overview-{color_scheme}")


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_alert(sit_down, directory, color_scheme):
    seat = sit_down(color_scheme=color_scheme)
    open_first(seat, "/admin/threats/alert/", SHELL)
    expect(seat.page.get_by_role("heading", name="History")).to_be_visible()

    take(seat, directory, f"alert-{color_scheme}")


def test_queue(sit_down, directory):
    seat = sit_down()
    seat.go("/admin/threats/alert/")

    take(seat, directory, "queue")


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_log_with_its_diff(sit_down, directory, color_scheme):
    seat = sit_down(DESK | {"height": 1120}, color_scheme)
    open_first(seat, f"/admin/fim/fimlog/?search={SSHD}", "Danger")
    expect(seat.page.get_by_role("heading", name="Diff")).to_be_visible()

    take(seat, directory, f"log-{color_scheme}")


def test_phone(sit_down, directory):
    take(sit_down(PHONE), directory, "phone")
