"""Moments in query parameters. What a list does with them stands in tests/threats."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from config.api.filters import MomentFormField

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-14T12:00:00Z",
        "2026-03-14t12:00:00z",
        "2026-03-14T12:00:00+00:00",
        "2026-03-14T12:00:00 00:00",
        "2026-03-14T19:00:00+07:00",
        "2026-03-14T19:00:00 07:00",
        "2026-03-14 19:00:00 07:00",
        "2026-03-14 19:00 07:00",
        "2026-03-14T19:00:00.000 0700",
        "2026-03-14T19:00:00 07",
        "2026-03-14T04:30:00-07:30",
        "20260314T190000 0700",
        "2026-03-14 12:00",
        " 2026-03-14T12:00:00 ",
    ],
)
def test_reads_iso_8601(text):
    assert MomentFormField().clean(text) == NOON


@pytest.mark.parametrize("zone", ["UTC", "Asia/Jakarta", "America/New_York"])
def test_takes_a_moment_without_a_zone_for_utc(settings, zone):
    settings.TIME_ZONE = zone

    assert MomentFormField().clean("2026-03-14T12:00:00") == NOON


def test_takes_a_day_for_its_beginning():
    assert MomentFormField().clean("2026-03-14") == NOON.replace(hour=0)


@pytest.mark.parametrize("text", [None, ""])
def test_takes_nothing_for_no_bound(text):
    assert MomentFormField(required=False).clean(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "noon",
        "12:00",
        "2026-02-30",
        "2026-03-14T24:00:01Z",
        "2026-03-14T12:00:00+24:00",
        "0001-01-01T00:00:00",
        "0001-12-31T23:59:59-12:00",
        "9999-01-01T00:00:00Z",
        "10000-01-01",
        "-2026-03-14",
        "2026-03-14T12:00:00Z\0",
        "2026-03-14T12:00:00Z\n2",
        "\ud800",
        "٢٠٢٦-03-14",
        "9" * 5_000,
        "2026-03-14T" + " " * 5_000 + "07:00",
    ],
)
def test_refuses_anything_else_with_an_example(text):
    with pytest.raises(ValidationError, match="such as 2026-03-14T12:00:00Z"):
        MomentFormField().clean(text)
