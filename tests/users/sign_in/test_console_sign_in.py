"""The console's own sign-in."""

from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.factories import PASSWORD
from users.roles import ROLE_PERMISSIONS

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


def test_tells_the_owner_of_a_deactivated_account_why(analyst):
    analyst.is_active = False
    analyst.save()

    page = Client().post("/admin/login/", CREDENTIALS).content.decode()

    assert "Your account is deactivated. Ask an admin." in page


@pytest.mark.parametrize("username", ["amira", "nobody"])
def test_tells_nobody_else_that_an_account_exists(analyst, username):
    analyst.is_active = False
    analyst.save()

    wrong = CREDENTIALS | {"username": username, "password": "wrong"}
    page = Client().post("/admin/login/", wrong).content.decode()

    assert "Unknown user name or wrong password." in page
    assert "deactivated" not in page


def test_tells_who_has_no_rights_why_and_offers_the_way_out(analyst, console, monkeypatch):
    monkeypatch.setitem(ROLE_PERMISSIONS, "analyst", frozenset())
    browser = console(analyst)

    answer = browser.get("/admin/", follow=True)

    page = answer.content.decode()
    assert answer.status_code == 403
    assert len(answer.redirect_chain) == 1
    assert "You are signed in as amira, but your account has no rights on this node." in page
    assert 'action="/admin/logout/"' in page


@pytest.mark.parametrize("path", ["/admin/users/user/", "/admin/users/key/add/"])
def test_tells_an_analyst_what_the_role_may_not(analyst, console, path):
    answer = console(analyst).get(path)

    assert answer.status_code == 403
    assert "Your role, analyst, may not do this." in answer.content.decode()


@pytest.mark.parametrize("path", ["/admin/nothing/", "/admin/nothing/1/change/"])
def test_tells_that_a_page_is_not_there(analyst, console, path):
    answer = console(analyst).get(path)

    assert answer.status_code == 404
    assert f"There is no {path} here" in answer.content.decode()


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
