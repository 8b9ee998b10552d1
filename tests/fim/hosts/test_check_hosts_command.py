"""`manage.py check_hosts`: one look, for nodes that no gunicorn serves."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from tests.factories import NOON, make_host
from threats.models import Alert

pytestmark = pytest.mark.django_db


def run(*arguments, seconds):
    output = StringIO()
    with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
        call_command("check_hosts", *arguments, stdout=output)
    return output.getvalue()


def test_tells_each_silence_once():
    make_host()

    said = [run(seconds=seconds) for seconds in range(0, 480, 60)]

    assert said == ["0 hosts fell silent.\n"] * 6 + [
        "1 host fell silent.\n",
        "0 hosts fell silent.\n",
    ]
    assert Alert.objects.count() == 1


def test_takes_a_long_time_without_a_look_for_a_node_that_was_down():
    make_host()
    run(seconds=0)

    assert run(seconds=400) == "0 hosts fell silent.\n"


def test_cron_may_call_it_more_seldom():
    make_host()
    run(seconds=0)

    assert run("--max-gap-seconds", "700", seconds=400) == "1 host fell silent.\n"


@pytest.mark.parametrize("seconds", ["0", "-1", "x", "86401"])
def test_refuses_a_gap_that_is_none(seconds):
    with pytest.raises(CommandError):
        call_command("check_hosts", "--max-gap-seconds", seconds)
