"""A day is a calendar day in the node's time zone."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

# Days that every zone can show without leaving the calendar.
FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(9998, 12, 31)


def day_of(moment: datetime) -> date:
    return moment.astimezone(timezone.get_default_timezone()).date()


def bounds_of_day(day: date) -> tuple[datetime, datetime]:
    """Return the first moment of a day and that of the next, 23 to 25 hours later, in UTC."""
    return _start_of(day), _start_of(day + timedelta(days=1))


def bounds_of_month(first: date) -> tuple[datetime, datetime]:
    """Return the first moment of the month that begins on a day, and that of the next, in UTC."""
    return _start_of(first), _start_of((first + timedelta(days=31)).replace(day=1))


def _start_of(day: date) -> datetime:
    zone = timezone.get_default_timezone()
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
