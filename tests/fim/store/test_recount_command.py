"""`manage.py recount` says what it did in one line."""

from io import StringIO

import pytest
from django.core.management import call_command

from fim.models import DayCount
from tests.factories import make_log

pytestmark = pytest.mark.django_db


def run():
    out = StringIO()
    call_command("recount", stdout=out)
    return out.getvalue()


def test_says_that_nothing_had_drifted():
    make_log()

    assert run() == "Recounted 1 days: no count had drifted.\n"


def test_says_how_many_had_drifted_and_repairs_them():
    make_log()
    make_log(category="malware")
    DayCount.objects.update(count=9)

    assert run() == "Recounted 1 days: 2 counts had drifted.\n"
    assert run() == "Recounted 1 days: no count had drifted.\n"
