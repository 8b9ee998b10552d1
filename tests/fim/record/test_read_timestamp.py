"""When it happened, as the client says, and what of that is believed."""

from datetime import UTC, datetime, timedelta

import pytest

from fim.record.fields import InvalidRecord
from tests.factories import NOON, new_log


def refusal(value):
    with pytest.raises(InvalidRecord) as caught:
        new_log(timestamp=value)
    return caught.value.fields["timestamp"][0]


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-14T09:30:00Z",
        "2026-03-14T09:30:00",
        "2026-03-14 09:30:00+00:00",
        "2026-03-14T16:30:00+07:00",
        "2026-03-14T05:30:00-04:00",
        "20260314T093000Z",
    ],
)
def test_reads_a_moment_in_utc_where_no_zone_is_named(text):
    assert new_log(timestamp=text).timestamp == datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


def test_keeps_a_moment_in_utc():
    assert new_log(timestamp="2026-03-14T16:30:00+07:00").timestamp.tzinfo is UTC


def test_keeps_microseconds_and_drops_what_is_finer():
    timestamp = new_log(timestamp="2026-03-14T09:30:00.123456789Z").timestamp

    assert timestamp.microsecond == 123456


def test_takes_the_receive_time_where_none_is_sent():
    assert new_log().timestamp == NOON


def test_believes_a_clock_that_is_ten_minutes_ahead():
    ahead = NOON + timedelta(minutes=10)

    assert new_log(timestamp=ahead.isoformat()).timestamp == ahead


def test_takes_the_receive_time_for_a_clock_further_ahead():
    ahead = NOON + timedelta(minutes=10, microseconds=1)

    assert new_log(timestamp=ahead.isoformat()).timestamp == NOON


@pytest.mark.parametrize("offset", ["Z", "", "+14:00", "-12:00", "+23:59", "-23:59"])
def test_takes_the_receive_time_for_the_end_of_the_calendar(offset):
    assert new_log(timestamp=f"9999-12-31T23:59:59{offset}").timestamp == NOON


@pytest.mark.parametrize("offset", ["Z", "", "+14:00", "-12:00", "+23:59", "-23:59"])
def test_refuses_the_beginning_of_the_calendar(offset):
    assert refusal(f"0001-01-01T00:00:00{offset}") == "Is before 1970; no file changed then."


def test_takes_the_first_moment_of_1970_and_none_before():
    assert new_log(timestamp="1970-01-01T00:00:00Z").timestamp.year == 1970
    assert refusal("1969-12-31T23:59:59Z") == "Is before 1970; no file changed then."


@pytest.mark.parametrize("value", [0, 1773480600, 1773480600.5, True, [], {}, "2" * 65])
def test_refuses_what_is_no_short_text(value):
    assert refusal(value) == "Takes an ISO 8601 moment, such as 2026-01-31T23:59:59Z."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1773480600",
        "2026-02-30T00:00:00Z",
        "2026-03-14T25:00:00Z",
        "10000-01-01T00:00:00Z",
    ]
    + [
        "14/03/2026",
        "2026-03-14T09:30:00+99:00",
        "2026-03-14\ud80009:30:00x",
        "\x00",
        "-001-01-01",
    ],
)
def test_refuses_garbage(text):
    assert refusal(text) == "Is no ISO 8601 moment, such as 2026-01-31T23:59:59Z."
