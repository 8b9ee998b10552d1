"""Admins see who is locked out, and let them in again."""

import pytest
from django.test import Client

from tests.factories import PASSWORD
from users.models import AuditAction, AuditEntry

LIST = "/admin/users/user/"
UNLOCK = "/admin/lockouts/unlock/"
ADDRESS = "192.0.2.9"


def sign_in(password):
    browser = Client(REMOTE_ADDR=ADDRESS)
    return browser.post("/admin/login/", {"username": "amira", "password": password})


@pytest.fixture
def locked_out(analyst, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in("wrong")
    assert sign_in(PASSWORD).status_code == 429
    return {"username": "amira", "address": ADDRESS}


def test_the_users_show_who_is_locked_out(console, admin, locked_out):
    (lockout,) = console(admin).get(LIST).context["lockouts"]

    assert (lockout.username, lockout.address, lockout.failures) == ("amira", ADDRESS, 5)
    assert lockout.ends_at > lockout.last_at


def test_fewer_failures_are_no_lock_out(console, admin, analyst):
    sign_in("wrong")

    assert console(admin).get(LIST).context["lockouts"] == []


def test_an_admin_lets_somebody_in_again(console, admin, locked_out):
    console(admin).post(UNLOCK, locked_out)

    assert sign_in(PASSWORD).status_code == 302
    entry = AuditEntry.objects.get(action=AuditAction.UNLOCKED)
    assert (entry.person, entry.name, entry.before) == ("alma", "amira", {"address": ADDRESS})


def test_unlocking_nobody_says_so(console, admin):
    answer = console(admin).post(UNLOCK, {"username": "ben", "address": ADDRESS}, follow=True)

    assert "ben was not locked out any more." in answer.content.decode()
    assert not AuditEntry.objects.filter(action=AuditAction.UNLOCKED).exists()


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"username": "a\x00b", "address": "192.0.2.1"},
        {"username": "a", "address": "x"},
        {"username": "a" * 256, "address": "192.0.2.1"},
    ],
)
def test_answers_an_odd_form(console, admin, form):
    assert console(admin).post(UNLOCK, form).status_code == 400


@pytest.mark.parametrize("missing", ["username", "address"])
def test_half_a_form_unlocks_nobody(console, admin, locked_out, missing):
    console(admin).post(UNLOCK, locked_out | {missing: ""})

    assert sign_in(PASSWORD).status_code == 429


def test_analysts_unlock_nobody(console, analyst, locked_out):
    assert console(analyst).post(UNLOCK, locked_out).status_code == 403
    assert sign_in(PASSWORD).status_code == 429


def test_nothing_is_unlocked_by_a_link(console, admin, locked_out):
    assert console(admin).get(UNLOCK).status_code == 403
