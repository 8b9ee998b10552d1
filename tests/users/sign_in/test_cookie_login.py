"""POST /api/login/ and the cookie that it sets, and what a write with it must prove."""

import jwt
import pytest
from rest_framework.test import APIClient

from tests.factories import PASSWORD, event_json, log_json
from users.sign_in.tokens import RefreshToken

pytestmark = pytest.mark.django_db

CREDENTIALS = {"username": "amira", "password": PASSWORD}


@pytest.fixture
def browser(analyst):
    """A browser that keeps CSRF rules, not signed in yet."""
    return APIClient(enforce_csrf_checks=True)


@pytest.fixture
def signed_in(browser):
    """The same with the cookie, and its CSRF token at hand."""
    browser.csrf_token = browser.post("/api/login/", CREDENTIALS).json()["csrf_token"]
    return browser


def test_sets_a_cookie_that_scripts_cannot_read(browser):
    cookie = browser.post("/api/login/", CREDENTIALS).cookies["token"]

    assert cookie["httponly"] is True
    assert (cookie["samesite"], cookie["path"]) == ("Lax", "/")


def test_cookie_ends_with_its_token(browser):
    cookie = browser.post("/api/login/", CREDENTIALS).cookies["token"]

    claims = jwt.decode(cookie.value, options={"verify_signature": False})
    assert cookie["max-age"] == claims["exp"] - claims["iat"] == 3600


def test_body_tells_who_and_holds_no_token(browser):
    answer = browser.post("/api/login/", CREDENTIALS)

    assert set(answer.json()) == {"username", "role", "csrf_token"}
    assert answer.cookies["token"].value not in answer.content.decode()


@pytest.mark.parametrize(
    ("setting", "secure", "expected"),
    [
        ("auto", False, ""),
        ("auto", True, True),
        ("true", False, True),
        ("false", True, ""),
    ],
)
def test_secure_flag_follows_the_setting(browser, settings, setting, secure, expected):
    settings.COOKIE_SECURE = setting

    cookie = browser.post("/api/login/", CREDENTIALS, secure=secure).cookies["token"]

    assert cookie["secure"] == expected


def test_every_cookie_of_an_https_answer_is_secure(browser):
    cookies = browser.post("/api/login/", CREDENTIALS, secure=True).cookies

    assert {name: cookie["secure"] for name, cookie in cookies.items()} == {
        "token": True,
        "csrftoken": True,
    }


def test_same_site_follows_the_setting(browser, settings):
    settings.COOKIE_SAMESITE = "Strict"

    assert browser.post("/api/login/", CREDENTIALS).cookies["token"]["samesite"] == "Strict"


def test_refuses_a_wrong_password(browser):
    answer = browser.post("/api/login/", CREDENTIALS | {"password": "wrong"})

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    assert "token" not in answer.cookies


def test_names_missing_fields(browser):
    answer = browser.post("/api/login/", {})

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"username", "password"}


def test_a_form_of_another_site_cannot_sign_in(browser):
    answer = browser.post("/api/login/", CREDENTIALS, format="multipart")

    assert answer.status_code == 415


def test_reads_work_with_the_cookie(signed_in):
    assert signed_in.get("/api/events/").status_code == 200


def test_refuses_a_write_without_the_csrf_token(signed_in):
    answer = signed_in.post("/api/events/", event_json())

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_refuses_a_write_with_a_wrong_csrf_token(signed_in):
    answer = signed_in.post("/api/events/", event_json(), HTTP_X_CSRFTOKEN="x" * 64)

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_takes_a_write_with_the_csrf_token(signed_in):
    answer = signed_in.post("/api/events/", event_json(), HTTP_X_CSRFTOKEN=signed_in.csrf_token)

    assert answer.status_code == 201


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://testserver.evil.example"]
)
def test_refuses_a_write_from_another_origin(signed_in, origin):
    answer = signed_in.post(
        "/api/events/", event_json(), HTTP_X_CSRFTOKEN=signed_in.csrf_token, HTTP_ORIGIN=origin
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_takes_a_write_from_a_trusted_origin(signed_in, settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://soc.example.org"]

    answer = signed_in.post(
        "/api/events/",
        event_json(),
        HTTP_X_CSRFTOKEN=signed_in.csrf_token,
        HTTP_ORIGIN="https://soc.example.org",
    )

    assert answer.status_code == 201


def test_refuses_an_https_write_without_origin_and_referer(signed_in):
    answer = signed_in.post(
        "/api/events/", event_json(), HTTP_X_CSRFTOKEN=signed_in.csrf_token, secure=True
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_a_bearer_write_needs_no_csrf_token(signed_in, analyst):
    token = RefreshToken.for_user(analyst).access_token

    answer = signed_in.post("/api/events/", event_json(), HTTP_AUTHORIZATION=f"Bearer {token}")

    assert answer.status_code == 201


def test_a_console_session_must_pass_csrf_too(browser, analyst):
    browser.force_login(analyst)

    answer = browser.post("/api/events/", event_json())

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_a_bad_bearer_token_is_refused_beside_a_good_cookie(signed_in):
    answer = signed_in.get("/api/events/", HTTP_AUTHORIZATION="Bearer x.y.z")

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/login/", CREDENTIALS, 200),
        ("/api/token/", CREDENTIALS, 200),
        ("/api/ingest/fim/", log_json(), 201),
    ],
)
def test_a_stale_cookie_hinders_nothing(browser, path, body, status):
    browser.cookies["token"] = "stale"

    assert browser.post(path, body).status_code == status


def test_a_cookie_opens_nothing_but_its_persons_role(signed_in):
    answer = signed_in.delete("/api/logs/", {"ids": [1]}, HTTP_X_CSRFTOKEN=signed_in.csrf_token)

    assert answer.status_code == 403


def test_logout_clears_the_cookie(signed_in):
    answer = signed_in.post("/api/logout/")

    assert answer.status_code == 200
    assert (answer.cookies["token"].value, answer.cookies["token"]["max-age"]) == ("", 0)
    assert signed_in.get("/api/check-auth/").status_code == 401


def test_logout_revokes_the_refresh_token(browser, analyst):
    refresh = str(RefreshToken.for_user(analyst))

    browser.post("/api/logout/", {"refresh": refresh})

    assert browser.post("/api/token/refresh/", {"refresh": refresh}).status_code == 401


def test_logout_is_safe_to_repeat(browser, analyst):
    refresh = str(RefreshToken.for_user(analyst))
    browser.post("/api/logout/", {"refresh": refresh})

    assert browser.post("/api/logout/", {"refresh": refresh}).status_code == 200


@pytest.mark.parametrize("refresh", ["x", "a.b.c", "x" * 100_000])
def test_logout_takes_a_token_that_counts_no_more(browser, refresh):
    assert browser.post("/api/logout/", {"refresh": refresh}).status_code == 200


@pytest.mark.parametrize("refresh", [None, [], {}, True, "a\x00b"])
def test_logout_refuses_what_is_no_text(browser, refresh):
    answer = browser.post("/api/logout/", {"refresh": refresh})

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"refresh"}
