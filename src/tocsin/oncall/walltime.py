"""Clocks on the wall: from a local time to the instant that it means, and back.

Everything here counts whole seconds. An *instant* is seconds since 1970 in UTC. A *wall* time is what a clock on the wall of a zone shows,
as seconds since 1970-01-01 00:00 on that clock, so that adding a day is adding 86,400 whatever the clock does in between.

Three rules, and no others, say what a local time means (docs/explanation/on-call-time.md):

* a local time that does not exist, because the clock is set forward over it, means the next one that does: the moment of the change;
* a local time that is shown twice, because the clock is set back, means its first pass;
* what happens at two wall times that mean the same instant happens at that instant, in their order.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tocsin.engine.errors import Refused

HOUR: Final = 3600
DAY: Final = 86_400
WEEK: Final = 604_800
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WALL: Final = datetime(1970, 1, 1)  # noqa: DTZ001 (a wall time has no zone)
_SECOND: Final = timedelta(seconds=1)
_YEAR: Final = 31_556_952
"""Seconds of a mean year."""
_MARGIN: Final = 5 * DAY
"""A wall time is less than 27 hours from the instant that it means, and a year found by the mean less than two days off."""
FIRST_MONDAY: Final = 4 * DAY
"""1970-01-05 was a Monday."""
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def seconds(at: datetime) -> int:
    """Return an aware moment as an instant, rounded down."""
    return (at - _EPOCH) // _SECOND


def moment(instant: int) -> datetime:
    """Return an instant as an aware moment in UTC."""
    return _EPOCH + timedelta(seconds=instant)


def known_zone(name: str, field: str = "zone") -> str:
    """Return the name of a time zone that exists.

    Raises:
        Refused: there is none by that name.

    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refused(f"There is no time zone {name!r}.", fix="Write it like Europe/Lisbon, or UTC.", field=field) from error
    return name


@lru_cache(maxsize=8192)
def _segments(zone: str, year: int) -> tuple[tuple[int, int, int], ...]:
    """Return the stretches of a year within which a zone's offset stays the same: begin, end (instants) and offset in seconds."""
    info = ZoneInfo(zone)
    first = (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // _SECOND - _MARGIN
    last = (datetime(year + 1, 1, 1, tzinfo=UTC) - _EPOCH) // _SECOND + _MARGIN
    found = []
    begin, offset = first, _offset(info, first)
    for probe in range(first + DAY, last + DAY, DAY):
        after = _offset(info, probe)
        if after != offset:
            change = _change(info, probe - DAY, probe)
            found.append((begin, change, offset))
            begin, offset = change, after
    found.append((begin, last, offset))
    return tuple(found)


def _offset(info: ZoneInfo, instant: int) -> int:
    return (datetime.fromtimestamp(instant, info).utcoffset() or timedelta()) // _SECOND


def _change(info: ZoneInfo, low: int, high: int) -> int:
    """Return the first instant after ``low`` at which the offset is no longer that of ``low``."""
    before = _offset(info, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(info, middle) == before:
            low = middle
        else:
            high = middle
    return high


def instant_of(zone: str, wall: int) -> int:
    """Return the instant that a wall time means."""
    begin = 0
    for begin, end, offset in _segments(zone, wall // _YEAR + 1970):
        if wall < end + offset:
            return max(wall - offset, begin)  # before the segment's first wall time: the clock was set forward over it
    return begin


def wall_of(zone: str, instant: int) -> int:
    """Return what the clock on the wall shows at an instant."""
    for _, end, offset in _segments(zone, instant // _YEAR + 1970):
        if instant < end:
            return instant + offset
    raise AssertionError("the segments of a year cover it")


def changes(zone: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return when the clock of a zone is set forward or back in [start, end): the instant, and by how many seconds."""
    found = {}
    for year in range(start // _YEAR + 1969, end // _YEAR + 1972):
        stretches = _segments(zone, year)
        for (_, changed, before), (_, _, after) in pairwise(stretches):
            if start <= changed < end:
                found[changed] = after - before
    return sorted(found.items())


# -- the wall's own calendar -----------------------------------------------------------------------


def read_wall(text: str) -> int:
    """Return a wall time from ``2026-01-05T09:00`` or ``2026-01-05``.

    Raises:
        ValueError: it is not one; the message says what to write.

    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a local time; write it like 2026-01-05T09:00") from error
    if found.tzinfo is not None:
        raise ValueError(f"{text!r} names a zone of its own; write the local time alone, like 2026-01-05T09:00")
    if not 1970 <= found.year <= 2999:  # noqa: PLR2004 (the years that one can reckon with)
        raise ValueError(f"{text!r} is in the year {found.year}; write one between 1970 and 2999")
    return (found - _EPOCH_WALL) // _SECOND


def show_wall(wall: int) -> datetime:
    """Return a wall time as a datetime without a zone."""
    return _EPOCH_WALL + timedelta(seconds=wall)


def day_of(wall: int) -> date:
    """Return the date that the wall's calendar shows."""
    return show_wall(wall).date()


def midnight(day: date) -> int:
    """Return the wall time at which a date begins."""
    return (day - _EPOCH_WALL.date()).days * DAY


def at_clock(day: date, clock: str, zone: str) -> datetime:
    """Return the moment at which a zone's clock shows a time of day (``22:00``) on a date; the three rules above say what is doubled or missing."""
    return moment(instant_of(zone, midnight(day) + int(clock[:2]) * HOUR + int(clock[3:5]) * 60))


def week_of(wall: int, begins: int = 0) -> int:
    """Return the wall time at which its week begins. begins: the week's first day, 0 for Monday."""
    return wall - (wall - FIRST_MONDAY - begins * DAY) % WEEK


def months_later(wall: int, months: int) -> int:
    """Return the same day and time some months later (or earlier); in a month that is too short, on its last day."""
    at = show_wall(wall)
    index = at.year * 12 + at.month - 1 + months
    year, month = divmod(index, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return midnight(date(year, month + 1, day)) + wall % DAY


def months_between(first: int, then: int) -> int:
    """Return by how many calendar months a wall time's month lies after another's."""
    a, b = show_wall(first), show_wall(then)
    return (b.year - a.year) * 12 + b.month - a.month


def read_clock(text: str) -> int:
    """Return seconds after midnight from ``09:00`` or ``24:00``.

    Raises:
        ValueError: it is not a time of day; the message says what to write.

    """
    hour, colon, minute = text.partition(":")
    if colon and hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit() and len(hour) <= 2 and len(minute) == 2:  # noqa: PLR2004
        found = int(hour) * HOUR + int(minute) * 60
        if found <= DAY and int(minute) < 60:  # noqa: PLR2004 (minutes of an hour)
            return found
    raise ValueError(f"{text!r} is not a time of day; write it like 09:00")
