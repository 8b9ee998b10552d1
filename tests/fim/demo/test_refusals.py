"""The demo fills an empty database, wholly or not at all."""

import pytest
from django.core.management import CommandError, call_command

from fim.demo.banner import is_demo
from fim.demo.models import Demo
from fim.demo.services import NotEmpty, fill_demo
from fim.models import FimLog
from tests.factories import NOON, make_event, make_key, make_log, make_user
from users.models import User

pytestmark = pytest.mark.django_db


def fill(*, on_progress=lambda done, total: None):
    return fill_demo(password="", now=NOON, on_progress=on_progress)


@pytest.mark.parametrize("make", [make_user, make_key, make_log, make_event])
def test_refuses_a_database_that_holds_something(make):
    make()

    with pytest.raises(NotEmpty):
        fill()
    assert not is_demo()


def test_refuses_to_fill_twice():
    Demo.objects.create(pk=1)

    with pytest.raises(NotEmpty):
        fill()


def test_the_command_says_what_to_do_instead():
    make_user()

    with pytest.raises(CommandError, match="make demo"):
        call_command("demo")


def test_what_is_stopped_leaves_nothing_behind():
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(on_progress=stop)
    assert not (is_demo() or User.objects.exists() or FimLog.objects.exists())


def test_a_real_node_is_no_demo(admin):
    assert not is_demo()
