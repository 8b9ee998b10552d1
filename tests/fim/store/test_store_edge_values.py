"""Whatever `read_log` takes, both databases hold, and tell again as it was."""

import pytest

from fim.logs.serializers import FimLogSerializer
from fim.models import FimLog
from fim.record.fields import LIMITS, MAX_INTEGER
from tests.factories import make_log

pytestmark = pytest.mark.django_db

ASTRAL = "\U0001f600"
TEXTS = sorted(LIMITS.keys() - {"action", "sha256", "sha256_before"})


def told(log):
    return FimLogSerializer(FimLog.objects.get(pk=log.pk)).data


@pytest.mark.parametrize("name", TEXTS)
def test_holds_the_longest_text_of_the_widest_characters(name):
    text = ASTRAL * LIMITS[name]

    assert told(make_log(**{name: text}))[name] == text


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("text", [" ", "\t\r\n", "\x01\x7f", "\ufffe\uffff", "\u202e", "'\"\\%s%%"])
def test_holds_any_character(name, text):
    assert told(make_log(**{name: text}))[name] == text


@pytest.mark.parametrize("name", ["size_bytes", "seq"])
@pytest.mark.parametrize("number", [0, MAX_INTEGER])
def test_holds_the_smallest_and_the_largest_number(name, number):
    assert told(make_log(**{name: number}))[name] == number


@pytest.mark.parametrize(
    "value",
    [2**63, -(2**70), 10**4000, 5e-324, 1.5e-7, 0.1, True, None, "", " ", ASTRAL, [], {}, [[[{}]]]]
    + [{"": 1}, {"a b": {"c'": "\\"}}, "\\u0000", "x" * 60_000],
)
def test_holds_any_attribute(value):
    assert told(make_log(attributes={"a": value}))["attributes"] == {"a": value}


def test_holds_the_largest_fraction_as_a_number():
    assert float(told(make_log(attributes={"a": 1.7e308}))["attributes"]["a"]) == 1.7e308


@pytest.mark.parametrize(
    "moment", ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000001Z", "2026-03-14T12:09:59.999999Z"]
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue"])
def test_holds_any_moment_in_any_zone(settings, zone, moment):
    settings.TIME_ZONE = zone

    assert told(make_log(timestamp=moment))["timestamp"] == moment
