"""manage.py create_first_admin and createsuperuser."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.db import connection

from tests.factories import PASSWORD
from users.models import User
from users.services import create_first_admin

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_password(monkeypatch):
    monkeypatch.delenv("ADMIN_PASSWORD", raising=False)


def test_shows_a_random_password_once(capsys):
    call_command("create_first_admin")

    password = re.search(r"\n    (\S{20})\n", capsys.readouterr().out).group(1)
    admin = User.objects.get(username="admin")
    assert admin.check_password(password)
    assert admin.is_superuser
    assert admin.role == "admin"


@pytest.mark.parametrize("password", [PASSWORD, "$word with a dollar", "ключ"])
def test_takes_the_password_that_the_operator_chose(capsys, monkeypatch, password):
    monkeypatch.setenv("ADMIN_PASSWORD", password)

    call_command("create_first_admin")

    assert User.objects.get().check_password(password)
    assert password not in capsys.readouterr().out


def test_a_repeat_does_nothing(capsys, monkeypatch):
    call_command("create_first_admin")
    before = User.objects.values().get()
    monkeypatch.setenv("ADMIN_PASSWORD", "another")

    call_command("create_first_admin")

    assert User.objects.values().get() == before
    assert "no admin was created" in capsys.readouterr().out


def test_does_nothing_where_any_account_exists(analyst):
    assert create_first_admin(password=PASSWORD) is None
    assert User.objects.get() == analyst


@pytest.mark.django_db(transaction=True)
def test_of_several_processes_one_creates_it():
    def create(_):
        try:
            return create_first_admin()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        passwords = [password for password in pool.map(create, range(4)) if password]

    assert len(passwords) == 1
    assert User.objects.get().check_password(passwords[0])


def test_djangos_own_command_makes_a_superuser(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    call_command("createsuperuser", "--noinput", "--username=root", "--email=root@example.org")

    root = User.objects.get()
    assert (root.is_superuser, root.role, root.effective_role) == (True, "admin", "admin")
