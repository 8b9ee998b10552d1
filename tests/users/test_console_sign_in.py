"""The console's own door."""

from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

CREDENTIALS = {"username": "amira", "password": PASSWORD, "next": "/admin/"}


def test_root_leads_a_browser_to_the_console():
    answer = Client().get("/", follow=True)

    assert answer.redirect_chain[-1][0] == "/admin/login/?next=/admin/"
    assert "Picket" in answer.content.decode()


@pytest.mark.parametrize("who", ["admin", "analyst"])
def test_everyone_with_an_account_may_enter(request, who):
    user = request.getfixturevalue(who)

    answer = Client().post("/admin/login/", CREDENTIALS | {"username": user.username})

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_refuses_a_wrong_password(analyst):
    answer = Client().post("/admin/login/", CREDENTIALS | {"password": "wrong"})

    assert answer.status_code == 200
    assert "sessionid" not in answer.cookies


def test_refuses_an_inactive_account(analyst):
    analyst.is_active = False
    analyst.save()

    assert "sessionid" not in Client().post("/admin/login/", CREDENTIALS).cookies


def test_checks_csrf(analyst):
    browser = Client(enforce_csrf_checks=True)

    answer = browser.post("/admin/login/", CREDENTIALS)

    assert answer.status_code == 403
    assert "sessionid" not in answer.cookies


def test_does_not_lead_elsewhere(analyst):
    answer = Client().post("/admin/login/", CREDENTIALS | {"next": "https://evil.example/"})

    assert answer["Location"] == "/admin/"


@pytest.mark.parametrize("value", ["", "a\x00b", "x" * 100_000, "\ud83d"])
def test_absurd_credentials_are_no_error(analyst, value):
    body = urlencode(CREDENTIALS | {"username": value}, errors="surrogatepass")
    form = "application/x-www-form-urlencoded"

    answer = Client().post("/admin/login/", body, content_type=form)

    assert answer.status_code == 200
    assert "sessionid" not in answer.cookies


def test_a_token_cookie_is_no_console_session(analyst):
    browser = Client()
    browser.post("/api/login/", CREDENTIALS, content_type="application/json")

    assert browser.get("/admin/").status_code == 302


def test_deactivation_ends_the_session(analyst, console):
    browser = console(analyst)
    analyst.is_active = False
    analyst.save()

    assert browser.get("/admin/").status_code == 302
    assert browser.get("/api/check-auth/").status_code == 401
