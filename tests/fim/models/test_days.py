"""A day is a calendar day in the node's time zone, 23 to 25 hours long."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fim.models.days import (
    FIRST_DAY,
    HOURS,
    LAST_DAY,
    bounds_of_day,
    bounds_of_hour,
    day_of,
    hour_of,
)

ZONES = ["UTC", "Asia/Jakarta", "America/New_York", "Asia/Kathmandu", "America/Havana"]
ZONES += ["America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe", "Pacific/Kiritimati"]


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("UTC", at(2026, 3, 14, 23, 59, 59), date(2026, 3, 14)),
        ("Asia/Jakarta", at(2026, 3, 14, 16, 59, 59), date(2026, 3, 14)),
        ("Asia/Jakarta", at(2026, 3, 14, 17), date(2026, 3, 15)),
        ("America/New_York", at(2026, 3, 8, 4, 59, 59), date(2026, 3, 7)),
        ("America/New_York", at(2026, 3, 9, 3, 59, 59), date(2026, 3, 8)),
        ("America/New_York", at(2026, 11, 2, 4, 59, 59), date(2026, 11, 1)),
    ],
)
def test_knows_the_day_of_a_moment(settings, zone, moment, day):
    settings.TIME_ZONE = zone

    assert day_of(moment) == day


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", date(2026, 3, 8), 24),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("America/Havana", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_knows_how_long_a_day_is(settings, zone, day, hours):
    settings.TIME_ZONE = zone

    start, end = bounds_of_day(day)

    assert end - start == timedelta(hours=hours)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", [FIRST_DAY, date(2026, 3, 8), date(2018, 11, 4), LAST_DAY])
def test_begins_a_day_where_the_one_before_ends(settings, zone, day):
    settings.TIME_ZONE = zone

    start, end = bounds_of_day(day)

    last = end - timedelta(microseconds=1)
    assert (day_of(start), day_of(last), day_of(end)) == (day, day, day + timedelta(days=1))


@pytest.mark.parametrize(
    ("zone", "moment", "hour"),
    [
        ("UTC", at(2026, 3, 14, 23, 59, 59), (date(2026, 3, 14), 23)),
        ("Asia/Kathmandu", at(2026, 3, 14, 18, 14, 59), (date(2026, 3, 14), 23)),
        ("Asia/Kathmandu", at(2026, 3, 14, 18, 15), (date(2026, 3, 15), 0)),
        # 1:30 comes twice that night.
        ("America/New_York", at(2026, 11, 1, 5, 30), (date(2026, 11, 1), 1)),
        ("America/New_York", at(2026, 11, 1, 6, 30), (date(2026, 11, 1), 1)),
    ],
)
def test_knows_the_hour_of_a_moment(settings, zone, moment, hour):
    settings.TIME_ZONE = zone

    start, end = bounds_of_hour(*hour)

    assert hour_of(moment) == hour
    assert start <= moment < end


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", [FIRST_DAY, date(2026, 3, 8), date(2026, 11, 1), LAST_DAY])
def test_the_hours_of_a_day_follow_each_other_from_its_start_to_its_end(settings, zone, day):
    settings.TIME_ZONE = zone

    hours = [bounds_of_hour(day, hour) for hour in HOURS]

    assert (hours[0][0], hours[-1][1]) == bounds_of_day(day)
    assert [end for _, end in hours[:-1]] == [start for start, _ in hours[1:]]
