"""One version, wherever the node says it. `/healthz` has its own file."""

import re
from pathlib import Path

import pytest
from django.test import Client

from config import VERSION

CHANGELOG = Path(__file__).resolve().parents[2] / "CHANGELOG.md"


def test_changelog_begins_with_what_is_next_and_then_this_version():
    unreleased, released = re.findall(r"^## (.*)$", CHANGELOG.read_text(), re.MULTILINE)[:2]

    assert unreleased == "Unreleased"
    assert re.fullmatch(rf"{re.escape(VERSION)} - \d{{4}}-\d\d-\d\d", released)


@pytest.mark.django_db
def test_api_description_has_it(client):
    assert client.get("/swagger.json").json()["info"]["version"] == VERSION


@pytest.mark.django_db
def test_console_says_it_to_those_who_may_enter(analyst):
    browser = Client()
    stranger = browser.get("/admin/login/").content.decode()
    browser.force_login(analyst)

    footer = browser.get("/admin/").content.decode().partition("<footer")[2]

    assert f"Picket {VERSION}" in footer
    assert VERSION not in stranger
