"""POST /api/token/: a password becomes an access and a refresh token."""

import jwt
import pytest
from rest_framework.test import APIClient

from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(**credentials):
    return APIClient().post(
        "/api/token/", {"username": "amira", "password": PASSWORD} | credentials
    )


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def test_answers_with_both_tokens(analyst):
    answer = sign_in()

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}


def test_access_token_opens_the_api(analyst, bearer):
    answer = bearer(sign_in().json()["access"]).get("/api/check-auth/")

    assert answer.status_code == 200
    assert answer.json()["username"] == "amira"


def test_claims_name_user_and_role_and_no_row_id(analyst):
    claims = claims_of(sign_in().json()["access"])

    assert set(claims) == {
        *("token_type", "exp", "iat", "jti"),
        *("username", "role", "node", "session"),
    }
    assert (claims["username"], claims["role"]) == ("amira", "analyst")
    assert claims["node"] == "node-under-test"


def test_superuser_has_the_role_admin(admin):
    admin.is_superuser, admin.role = True, "analyst"
    admin.save()

    claims = claims_of(sign_in(username="alma").json()["access"])

    assert claims["role"] == "admin"


def test_sets_last_login(analyst):
    sign_in()

    analyst.refresh_from_db()
    assert analyst.last_login is not None


@pytest.mark.parametrize(
    "credentials",
    [
        {"password": "wrong"},
        {"password": PASSWORD + " "},
        {"username": "nobody"},
        {"username": "AMIRA"},
        {"username": "amira' OR 1=1 --"},
        {"username": "аmira"},  # a Cyrillic letter
    ],
)
def test_refuses_wrong_credentials(analyst, credentials):
    answer = sign_in(**credentials)

    assert answer.status_code == 401
    assert answer.json() == {
        "code": "invalid_credentials",
        "detail": "Unknown user name or wrong password.",
        "fields": {},
    }


def test_refuses_an_inactive_account_in_the_same_words(analyst):
    analyst.is_active = False
    analyst.save()

    answer = sign_in()

    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_credentials"


def test_refuses_an_account_without_a_usable_password(analyst):
    analyst.set_unusable_password()
    analyst.save()

    assert sign_in(password=analyst.password).status_code == 401


def test_names_missing_fields(db):
    answer = APIClient().post("/api/token/", {})

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert set(answer.json()["fields"]) == {"username", "password"}


@pytest.mark.parametrize(
    "value", [None, [], ["amira"], {}, {"a": 1}, True, "", "a\x00b", "\ud800", "x" * 1_000_000]
)
@pytest.mark.parametrize("name", ["username", "password"])
def test_refuses_values_that_are_no_credentials(analyst, name, value):
    answer = sign_in(**{name: value})

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {name}


def test_numbers_are_read_as_text_and_match_nobody(analyst):
    answer = sign_in(username=1, password=2)

    assert answer.status_code == 401


def test_only_post_is_allowed(db):
    answer = APIClient().get("/api/token/")

    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
