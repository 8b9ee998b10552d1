"""manage.py create_key."""

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from tests.factories import event_json
from users.models import Key

pytestmark = pytest.mark.django_db


def test_prints_the_key_alone_on_stdout_and_once(capsys):
    call_command("create_key", "sensor-1", "--scope", "post_events")

    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert out.strip() not in err
    assert "shown only now" in err


def test_the_key_works(capsys):
    call_command("create_key", "sensor-1", "--scope", "post_events")
    text = capsys.readouterr().out.strip()

    answer = APIClient(HTTP_AUTHORIZATION=f"Api-Key {text}").post("/api/events/", event_json())

    assert answer.status_code == 201


def test_takes_both_scopes_a_host_and_an_end(capsys):
    options = ["--scope=post_events", "--scope=post_logs", "--host=web-1", "--expires-in-days=30"]

    call_command("create_key", "web-1", *options)

    key = Key.objects.get()
    assert (key.can_post_events, key.can_post_logs, key.host) == (True, True, "web-1")
    assert (key.expiry_date - key.created).days in (29, 30)
    assert key.created_by == "manage.py create_key"


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--scope=read_all"],
        ["--scope=post_logs", "--expires-in-days=0"],
        ["--scope=post_logs", "--expires-in-days=-1"],
        ["--scope=post_logs", "--expires-in-days=9999999"],
        ["--scope=post_logs", "--expires-in-days=99999999999999"],
        ["--scope=post_logs", "--expires-in-days=soon"],
        ["--scope=post_logs", "--host=" + "x" * 256],
    ],
    ids=lambda options: " ".join(options)[:50],
)
def test_refuses_what_makes_no_key(options):
    with pytest.raises(CommandError):
        call_command("create_key", "sensor-1", *options)

    assert not Key.objects.exists()
