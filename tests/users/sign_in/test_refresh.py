"""POST /api/token/refresh/: a refresh token is good once, on its node, while its account lasts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.db import connection
from rest_framework.test import APIClient
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken as LibraryRefreshToken

from tests.factories import NOON, make_user
from users.sign_in.tokens import RefreshToken

pytestmark = pytest.mark.django_db


def refresh(token):
    return APIClient().post("/api/token/refresh/", {"refresh": str(token)})


def test_answers_with_both_tokens(analyst, bearer):
    answer = refresh(RefreshToken.for_user(analyst))

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}
    assert bearer(answer.json()["access"]).get("/api/users/me/").status_code == 200


def test_the_old_token_ends(analyst):
    token = RefreshToken.for_user(analyst)
    refresh(token)

    answer = refresh(token)

    assert answer.status_code == 401
    assert answer.json()["code"] == "token_not_valid"


def test_the_new_token_works(analyst):
    new = refresh(RefreshToken.for_user(analyst)).json()["refresh"]

    assert refresh(new).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_parallel_requests_with_one_token_one_is_served():
    token = str(RefreshToken.for_user(make_user()))

    def ask(_):
        try:
            return refresh(token).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(ask, range(6)))

    assert statuses == [200] + [401] * 5


def test_of_two_requests_that_both_found_it_good_one_is_served(analyst):
    text = str(RefreshToken.for_user(analyst))
    first, second = RefreshToken(text), RefreshToken(text)

    first.rotate()

    with pytest.raises(TokenError):
        second.rotate()


def test_the_new_tokens_have_the_role_of_today(admin):
    token = RefreshToken.for_user(admin)
    admin.role = "analyst"
    admin.save()

    answer = refresh(token).json()

    for name in ("access", "refresh"):
        claims = jwt.decode(answer[name], options={"verify_signature": False})
        assert claims["role"] == "analyst"


def test_refuses_the_token_of_another_node(analyst, settings):
    settings.NODE_NAME = "node-b"
    token = RefreshToken.for_user(analyst)
    settings.NODE_NAME = "node-a"

    answer = refresh(token)

    assert answer.status_code == 401
    assert "another node" in answer.json()["detail"]


def test_refuses_after_the_account_was_deleted(analyst):
    token = RefreshToken.for_user(analyst)
    analyst.delete()

    assert refresh(token).status_code == 401


def test_refuses_when_another_person_got_the_name(analyst):
    token = RefreshToken.for_user(analyst)
    analyst.delete()
    make_user("amira", role="admin")

    assert refresh(token).status_code == 401


def test_refuses_after_the_account_was_deactivated(analyst):
    token = RefreshToken.for_user(analyst)
    analyst.is_active = False
    analyst.save()

    assert refresh(token).status_code == 401


def test_refuses_after_the_password_changed(analyst):
    token = RefreshToken.for_user(analyst)
    analyst.set_password("another password entirely")
    analyst.save()

    assert refresh(token).status_code == 401


def test_refuses_an_expired_token(analyst):
    with time_machine.travel(NOON, tick=False):
        token = str(RefreshToken.for_user(analyst))

    with time_machine.travel(NOON + timedelta(days=7, minutes=1), tick=False):
        assert refresh(token).status_code == 401


def test_refuses_an_access_token(analyst):
    answer = refresh(RefreshToken.for_user(analyst).access_token)

    assert answer.status_code == 401
    assert answer.json()["detail"] == "Token has wrong type"


def test_refuses_a_token_that_the_library_made_for_nobody(db):
    assert refresh(LibraryRefreshToken()).status_code == 401


def test_what_the_database_keeps_cannot_be_used(analyst):
    RefreshToken.for_user(analyst)

    assert refresh(OutstandingToken.objects.get().token).status_code == 401


@pytest.mark.parametrize("body", [{}, {"refresh": None}, {"refresh": ""}, {"refresh": ["x"]}])
def test_names_what_is_missing(db, body):
    answer = APIClient().post("/api/token/refresh/", body)

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"refresh"}


@pytest.mark.parametrize("text", ["x", "a.b.c", "..", "x" * 1_000_000, 1, "ключ"])
def test_refuses_what_is_no_token(db, text):
    answer = APIClient().post("/api/token/refresh/", {"refresh": text})

    assert answer.status_code == 401
    assert answer.json() == {"code": "token_not_valid", "detail": "Token is invalid", "fields": {}}
