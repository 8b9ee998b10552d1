"""Tokens that are forged, stale or of absurd shape let nobody in and break nothing."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import time_machine
from django.conf import settings
from rest_framework.test import APIClient

from tests.factories import NOON, make_user
from users.sign_in.tokens import RefreshToken

pytestmark = pytest.mark.django_db

SECRET = settings.SIMPLE_JWT["SIGNING_KEY"]


def encoded(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def claims(**changes):
    ends = datetime.now(UTC) + timedelta(hours=1)
    values = {
        "token_type": "access",
        "exp": int(ends.timestamp()),
        "jti": "1",
        "username": "alma",
        "role": "admin",
        "node": "node-under-test",
    } | changes
    return {name: value for name, value in values.items() if value is not ...}


def signed(key=SECRET, algorithm="HS256", **changes):
    return jwt.encode(claims(**changes), key, algorithm=algorithm)


NESTED = b"[" * 5000
FORGED = {
    "alg none": f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(claims())}.",
    "alg None in capitals": f"{encoded({'alg': 'NONE'})}.{encoded(claims())}.",
    "another key": signed("another key that is long enough for HS256"),
    "another algorithm": signed(SECRET * 2, "HS512"),
    "no algorithm": f"{encoded({})}.{encoded(claims())}.x",
    "algorithm of a wrong type": f"{encoded({'alg': ['HS256']})}.{encoded(claims())}.x",
    "header nested too deeply": f"{encoded(NESTED)}.{encoded(claims())}.x",
    "header that is a list": f"{encoded([])}.{encoded(claims())}.x",
    "header of invalid UTF-8": f"{encoded(bytes([0xFF, 0xFE]))}.{encoded(claims())}.x",
    "number beyond Python's limit": f"{encoded(b'1' * 5000)}.{encoded(claims())}.x",
    "no token": "x",
    "dots": "..",
    "not ASCII": "\xff\xfe",
    "64 KB": "x" * 65_536,
}
ODD_CLAIMS = {
    "refresh token": {"token_type": "refresh"},
    "no type": {"token_type": ...},
    "no expiry": {"exp": ...},
    "expired": {"exp": 1},
    "expiry beyond the calendar": {"exp": 10**18},
    "expiry of a wrong type": {"exp": "tomorrow"},
    "no id": {"jti": ...},
    "no user": {"username": ...},
    "user is null": {"username": None},
    "user is a number": {"username": 1},
    "user is a list": {"username": ["alma"]},
    "user is empty": {"username": ""},
    "user with NUL": {"username": "al\x00ma"},
    "user with a lone surrogate": {"username": "\ud800"},
    "user is huge": {"username": "a" * 100_000},
    "session of another time": {"session": "0" * 32},
    "no session": {"session": ...},
    "session of a wrong type": {"session": {"a": 1}},
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
def test_refuses_a_forged_bearer_token(admin, bearer, token):
    answer = bearer(token).get("/api/check-auth/")

    assert answer.status_code == 401
    assert answer.json()["code"] == "token_not_valid"


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
def test_refuses_a_forged_cookie(admin, token):
    client = APIClient()
    client.cookies["token"] = token

    assert client.get("/api/check-auth/").status_code == 401


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
def test_refuses_a_forged_refresh_token(admin, token):
    answer = APIClient().post("/api/token/refresh/", {"refresh": token})

    assert answer.status_code == 401


@pytest.mark.parametrize("changes", ODD_CLAIMS.values(), ids=ODD_CLAIMS)
def test_refuses_signed_claims_of_absurd_shape(admin, bearer, changes):
    answer = bearer(signed(**changes)).get("/api/check-auth/")

    assert answer.status_code == 401


@pytest.mark.parametrize("changes", ODD_CLAIMS.values(), ids=ODD_CLAIMS)
def test_refuses_to_refresh_claims_of_absurd_shape(admin, changes):
    token = signed(**{"token_type": "refresh"} | changes)

    answer = APIClient().post("/api/token/refresh/", {"refresh": token})

    assert answer.status_code == 401


def test_refuses_a_refresh_token_as_bearer(analyst, bearer):
    assert bearer(RefreshToken.for_user(analyst)).get("/api/check-auth/").status_code == 401


def test_refuses_an_expired_access_token(analyst, bearer):
    with time_machine.travel(NOON, tick=False):
        client = bearer(analyst)

    with time_machine.travel(NOON + timedelta(minutes=61), tick=False):
        assert client.get("/api/check-auth/").status_code == 401


def test_refuses_the_token_of_a_deleted_account(analyst, bearer):
    client = bearer(analyst)
    analyst.delete()

    answer = client.get("/api/check-auth/")

    assert (answer.status_code, answer.json()["code"]) == (401, "user_not_found")


def test_refuses_the_token_of_a_deactivated_account(analyst, bearer):
    client = bearer(analyst)
    analyst.is_active = False
    analyst.save()

    answer = client.get("/api/check-auth/")

    assert (answer.status_code, answer.json()["code"]) == (401, "user_inactive")


def test_refuses_the_token_of_who_had_the_name_before(analyst, bearer):
    client = bearer(analyst)
    analyst.delete()
    make_user("amira", role="admin")

    assert client.get("/api/check-auth/").status_code == 401


def test_a_new_password_ends_access_tokens(analyst, bearer):
    client = bearer(analyst)
    analyst.set_password("another password entirely")
    analyst.save()

    assert client.get("/api/check-auth/").status_code == 401


def test_the_role_of_today_counts_not_the_tokens(admin, bearer):
    client = bearer(admin)
    admin.role = "analyst"
    admin.save()

    assert client.get("/api/check-auth/").json()["role"] == "analyst"


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer  x", "Bearer \x00"])
def test_refuses_a_malformed_header(db, header):
    answer = APIClient(HTTP_AUTHORIZATION=header).get("/api/check-auth/")

    assert answer.status_code == 401


@pytest.mark.parametrize("header", ["Basic YWxtYTp4", "Token x", "x", "Bearerx y", "\xff"])
def test_other_schemes_are_nobody(admin, header):
    answer = APIClient(HTTP_AUTHORIZATION=header).get("/api/check-auth/")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")
