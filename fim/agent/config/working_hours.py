"""Working hours: `mon-fri 08:00-18:00`, night shifts and summer time included."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
SHIFT = re.compile(r"(?P<days>[a-z,-]+) +(?P<from>\d\d:\d\d) *- *(?P<to>\d\d:\d\d)")
FORM = '"mon-fri 08:00-18:00" or "fri,sat 22:00-06:00"'


@dataclass(frozen=True, slots=True)
class Shift:
    """Minutes of a day, from the first to before the last; one past midnight ends the next day."""

    days: frozenset[int]
    first_minute: int
    end_minute: int

    def covers(self, weekday: int, minute: int) -> bool:
        today = weekday in self.days and self.first_minute <= minute < self.end_minute
        yesterday = (weekday - 1) % 7 in self.days and minute + DAY_MINUTES < self.end_minute
        return today or yesterday


def read_shift(text: str) -> Shift:
    """Read one shift. A shift that ends at or before its beginning ends on the next day."""
    match = SHIFT.fullmatch(text.strip().lower())
    if not match:
        raise ValueError(f"{text!r} is no shift; write {FORM}")
    first, end = _minute(match["from"]), _minute(match["to"])
    if first == DAY_MINUTES:
        raise ValueError(f"{text!r} begins at 24:00; write 00:00 of the next day")
    return Shift(
        days=frozenset(_days(match["days"])),
        first_minute=first,
        end_minute=end if end > first else end + DAY_MINUTES,
    )


def is_working_time(shifts: Iterable[Shift], moment: float, zone: tzinfo | None) -> bool:
    """Return whether a Unix time lies in one of the shifts, by the wall clock of the zone.

    None is the host's own zone. Each moment has exactly one wall clock time, so that the hour that
    summer time repeats counts twice and the one that it skips never comes.
    """
    local = datetime.fromtimestamp(moment, UTC).astimezone(zone)
    minute = local.hour * 60 + local.minute
    return any(shift.covers(local.weekday(), minute) for shift in shifts)


def _minute(text: str) -> int:
    hours, minutes = int(text[:2]), int(text[3:])
    if minutes > 59 or hours * 60 + minutes > DAY_MINUTES:
        raise ValueError(f"{text} is no time of day; 00:00 to 24:00 are")
    return hours * 60 + minutes


def _days(text: str) -> Iterable[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"{part!r} is no day; write {', '.join(DAYS)} or a range of them")
        count = (DAYS.index(last or first) - DAYS.index(first)) % 7 + 1
        yield from ((DAYS.index(first) + i) % 7 for i in range(count))
