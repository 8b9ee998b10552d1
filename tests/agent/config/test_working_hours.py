"""Working hours by the wall clock: night shifts, week ends, summer time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fim.agent.config.working_hours import is_working_time, read_shift

BERLIN = ZoneInfo("Europe/Berlin")


def is_working(shift, year, month, day, hour, minute=0, zone=UTC, fold=0):
    moment = datetime(year, month, day, hour, minute, tzinfo=zone, fold=fold).timestamp()
    return is_working_time([read_shift(shift)], moment, zone)


@pytest.mark.parametrize(
    ("hour", "minute", "expected"),
    [(7, 59, False), (8, 0, True), (17, 59, True), (18, 0, False)],
)
def test_begins_with_its_first_minute_and_ends_before_its_last(hour, minute, expected):
    assert is_working("mon-fri 08:00-18:00", 2026, 3, 4, hour, minute) is expected


def test_knows_the_days():
    assert is_working("mon-fri 08:00-18:00", 2026, 3, 6, 9)
    assert not is_working("mon-fri 08:00-18:00", 2026, 3, 7, 9)
    assert is_working("sat,sun 08:00-18:00", 2026, 3, 7, 9)
    assert is_working("fri-mon 08:00-18:00", 2026, 3, 8, 9)


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [(6, 23, True), (7, 5, True), (7, 6, False), (7, 23, False), (6, 5, False)],
)
def test_a_night_shift_ends_on_the_next_day(day, hour, expected):
    """6 March 2026 is a Friday."""
    assert is_working("fri 22:00-06:00", 2026, 3, day, hour) is expected


def test_a_night_shift_of_sunday_ends_on_monday():
    assert is_working("sun 22:00-06:00", 2026, 3, 9, 1)


def test_a_whole_day_is_covered():
    assert all(is_working("wed 00:00-24:00", 2026, 3, 4, hour) for hour in range(24))
    assert all(is_working("wed 00:00-00:00", 2026, 3, 4, hour) for hour in range(24))
    assert not is_working("wed 00:00-24:00", 2026, 3, 5, 0)


@pytest.mark.parametrize(
    ("month", "utc_hour", "expected"),
    [(1, 7, True), (1, 6, False), (7, 6, True), (7, 5, False)],
)
def test_follows_summer_time(month, utc_hour, expected):
    moment = datetime(2026, month, 7, utc_hour, 30, tzinfo=UTC).timestamp()

    assert is_working_time([read_shift("mon-sun 08:00-18:00")], moment, BERLIN) is expected


def test_both_hours_that_summer_time_repeats_count():
    for fold in (0, 1):
        assert is_working("sun 02:00-03:00", 2026, 10, 25, 2, 30, BERLIN, fold)


def test_the_day_is_that_of_the_zone():
    moment = datetime(2026, 3, 8, 23, 30, tzinfo=UTC).timestamp()

    assert is_working_time([read_shift("mon 06:00-07:00")], moment, ZoneInfo("Asia/Jakarta"))


@pytest.mark.parametrize(
    "text",
    ["", "mon", "mon 8:00-18:00", "mon 08:00", "moon 08:00-18:00", "mon 08:60-18:00",
     "mon 24:00-06:00", "mon-tue-wed 08:00-18:00", "08:00-18:00", "mon, 08:00-18:00"],
)  # fmt: skip
def test_refuses(text):
    with pytest.raises(ValueError):
        read_shift(text)
