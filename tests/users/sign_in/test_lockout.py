"""Repeated failed sign-ins lock a user out from an address, over REST and in the console alike."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.test import Client
from rest_framework.test import APIClient

from tests.factories import NOON, PASSWORD

pytestmark = pytest.mark.django_db

API_PATHS = ["/api/token/", "/api/login/", "/dhimp/api/login/"]
PATHS = [*API_PATHS, "/admin/login/"]
LIMIT = 5


@pytest.fixture(autouse=True)
def _at_noon(analyst):
    with time_machine.travel(NOON, tick=False):
        yield


def attempt(path="/api/token/", *, password="wrong", username="amira", **headers):
    credentials = {"username": username, "password": password}
    if path == "/admin/login/":
        return Client(**headers).post(path, credentials)
    return APIClient(**headers).post(path, credentials)


def fail(times=LIMIT, **kwargs):
    for _ in range(times):
        attempt(**kwargs)


@pytest.mark.parametrize("path", API_PATHS)
def test_locks_out_after_the_limit(path):
    fail(LIMIT - 1, path=path)

    answer = attempt(path)

    assert answer.status_code == 429
    assert answer.json()["code"] == "locked_out"
    assert "15 minutes" in answer.json()["detail"]
    assert answer["Retry-After"] == "900"


@pytest.mark.parametrize("path", PATHS)
def test_the_right_password_does_not_help(path):
    fail()

    answer = attempt(path, password=PASSWORD)

    assert answer.status_code == 429
    assert not {"token", "sessionid"} & set(answer.cookies)


def test_one_failure_less_locks_nobody_out():
    fail(LIMIT - 1)

    assert attempt(password=PASSWORD).status_code == 200


def test_failures_on_all_doors_count_together():
    for path in PATHS:
        attempt(path)

    assert attempt("/api/login/").status_code == 429


def test_dhimp_gets_its_message():
    fail()

    answer = attempt("/dhimp/api/login/")

    assert answer.json()["message"] == answer.json()["detail"]


def test_console_shows_a_page_that_says_so():
    fail()

    answer = attempt("/admin/login/")

    page = answer.content.decode()
    assert answer.status_code == 429
    assert answer["Content-Type"].startswith("text/html")
    assert "Too many failed sign-ins for this user from this address; try again in 15" in page
    assert "<title>Locked out | Picket</title>" in page
    assert "<form" not in page


def test_another_address_is_not_locked_out():
    fail()

    assert attempt(password=PASSWORD, REMOTE_ADDR="192.0.2.9").status_code == 200


def test_another_user_is_not_locked_out(admin):
    fail()

    assert attempt(username="alma", password=PASSWORD).status_code == 200


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED"])
def test_a_forged_address_does_not_evade_it(header):
    for number in range(LIMIT):
        attempt(**{header: f"192.0.2.{number}"})

    assert attempt(password=PASSWORD).status_code == 429


def test_another_browser_does_not_evade_it():
    for number in range(LIMIT):
        attempt(HTTP_USER_AGENT=f"browser {number}")

    assert attempt(password=PASSWORD).status_code == 429


def test_clients_behind_a_trusted_proxy_are_told_apart(settings, trust_loopback):
    fail(HTTP_X_FORWARDED_FOR="192.0.2.1")

    locked = attempt(password=PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.1")
    free = attempt(password=PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.2")
    assert (locked.status_code, free.status_code) == (429, 200)


def test_a_client_behind_a_trusted_proxy_cannot_forge_its_address(trust_loopback):
    for number in range(LIMIT):
        attempt(HTTP_X_FORWARDED_FOR=f"198.51.100.{number}, 192.0.2.1")

    answer = attempt(password=PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.1")
    assert answer.status_code == 429


def test_a_connection_without_an_address_is_locked_out_too():
    fail(REMOTE_ADDR="")

    assert attempt(password=PASSWORD, REMOTE_ADDR="").status_code == 429


def test_cool_off_ends_it():
    fail()

    with time_machine.travel(NOON + timedelta(minutes=15, seconds=1), tick=False):
        assert attempt(password=PASSWORD).status_code == 200


def test_attempts_while_locked_out_do_not_prolong_it():
    fail()
    with time_machine.travel(NOON + timedelta(minutes=14), tick=False):
        assert attempt().status_code == 429

    with time_machine.travel(NOON + timedelta(minutes=15, seconds=1), tick=False):
        assert attempt(password=PASSWORD).status_code == 200


def test_attempts_while_locked_out_are_not_kept():
    fail()
    kept = AccessAttempt.objects.values_list("pk", "post_data").get()

    Client().post("/admin/login/", {"username": "amira", "password": "x", "junk": "y" * 10_000})

    assert AccessAttempt.objects.values_list("pk", "post_data").get() == kept


@pytest.mark.parametrize("path", PATHS)
def test_a_success_begins_the_count_anew(path):
    fail(LIMIT - 1)
    attempt(path, password=PASSWORD)
    fail(LIMIT - 1)

    assert attempt(password=PASSWORD).status_code == 200


def test_passwords_are_not_kept():
    for path in PATHS[:-1]:
        attempt(f"{path}?password=hunter2", password="hunter2")
    Client().post("/admin/login/?password=hunter2", {"username": "amira", "password": "hunter2"})

    rows = list(AccessAttempt.objects.values())
    assert rows
    assert "hunter2" not in str(rows)


def test_headers_and_query_of_absurd_size_are_no_error():
    answer = attempt(
        "/api/token/?a=%00&b=" + "x" * 5_000,
        HTTP_ACCEPT="application/json, " + "x" * 5_000,
        HTTP_USER_AGENT="\xff" * 5_000,
    )

    assert answer.status_code == 401
