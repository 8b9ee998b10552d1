"""A day is a calendar day in the node's time zone."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

# Days that every zone can show without leaving the calendar.
FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(9998, 12, 31)
HOURS = range(24)


def day_of(moment: datetime) -> date:
    return moment.astimezone(timezone.get_default_timezone()).date()


def bounds_of_day(day: date) -> tuple[datetime, datetime]:
    """Return the first moment of a day and that of the next, 23 to 25 hours later, in UTC."""
    return _start_of(day), _start_of(day + timedelta(days=1))


def hour_of(moment: datetime) -> tuple[date, int]:
    """Return the day of a moment and the hour of that day, 0 to 23."""
    local = moment.astimezone(timezone.get_default_timezone())
    return local.date(), local.hour


def bounds_of_hour(day: date, hour: int) -> tuple[datetime, datetime]:
    """Return the first moment of an hour of a day and that of the next, in UTC.

    Where clocks go back an hour has two, where they go forward it is empty.
    """
    end = _start_of(day, hour + 1) if hour + 1 in HOURS else _start_of(day + timedelta(days=1))
    return _start_of(day, hour), end


def bounds_of_month(first: date) -> tuple[datetime, datetime]:
    """Return the first moment of the month that begins on a day, and that of the next, in UTC."""
    return _start_of(first), _start_of((first + timedelta(days=31)).replace(day=1))


def _start_of(day: date, hour: int = 0) -> datetime:
    zone = timezone.get_default_timezone()
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)
