"""When a deadline falls due in a calendar: working hours, holidays, the next business day, the next sprint.

An instant counts in a calendar of hours when a clock on the wall in the calendar's zone shows a time from ``start`` (included) to
``end`` (excluded) on a counted day: one of ``days`` and no holiday. Where the clock is set back, the hour shown twice counts twice;
where it is set forward, the hour left out does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tocsin.playbooks.checking import ALWAYS
from tocsin.playbooks.errors import NeverDue
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.response import Calendar

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = timedelta(days=1)
_ZONES_APART: Final = timedelta(hours=30)
"""No wall clock is further from UTC than this, a change of the clock included."""
_LONGEST: Final = timedelta(days=366 * 60)


def calendar_named(playbook: Playbook, name: str) -> Calendar | None:
    """Return the calendar with this id; None for ``always``, in which all time counts.

    Raises:
        LookupError: the playbook has no such calendar.

    """
    if name == ALWAYS:
        return None
    found = next((calendar for calendar in playbook.calendars if calendar.id == name), None)
    if found is None:
        raise LookupError(f"The playbook {playbook.playbook} has no calendar {name!r}.")
    return found


def due(calendar: Calendar | None, start: datetime, span: timedelta) -> datetime:
    """Return when a deadline falls due that is set at ``start`` (aware). The answer is in UTC.

    * None (``always``): ``span`` later.
    * ``hours``: as soon as ``span`` of counted time has passed since ``start``; at ``start`` itself where the span is nothing.
      A deadline that is reached when the day ends falls at the day's end, not at the next day's start.
    * ``next_business_day``: at the end (``Calendar.end``) of the first counted day after the day of ``start``; where the span is more
      than one day, of the n-th, n being the span in days rounded up.
    * ``next_sprint``: at the end of the last counted day of the sprint after the one in which ``start`` lies (of its last day where
      none of it counts); where the span is more than one sprint, of the n-th sprint after.

    Raises:
        NeverDue: no time counts in the calendar for decades.

    """
    began = start.astimezone(UTC)
    if calendar is None:
        return began + span
    match calendar.kind:
        case "hours":
            return _after_hours(calendar, began, span)
        case "next_business_day":
            return _business_day_end(calendar, began, max(1, -(-span // _DAY)))
        case "next_sprint":
            return _sprint_end(calendar, began, span)


def counted(calendar: Calendar | None, start: datetime, end: datetime) -> timedelta:
    """Return how much of the time from ``start`` to ``end`` (both aware) counts; nothing where the end comes first."""
    began, ended = start.astimezone(UTC), end.astimezone(UTC)
    if calendar is None:
        return max(ended - began, timedelta())
    total = timedelta()
    for opens, closes in _open_times(calendar, began):
        if opens >= ended:
            break
        total += max(min(closes, ended) - max(opens, began), timedelta())
    return total


def is_counted(calendar: Calendar, day: date) -> bool:
    """Say whether a day counts: one of the calendar's days and no holiday."""
    return _WEEKDAYS[day.weekday()] in calendar.days and day.isoformat() not in calendar.holidays


def _after_hours(calendar: Calendar, began: datetime, span: timedelta) -> datetime:
    if span <= timedelta():
        return began
    left = span
    for opens, closes in _open_times(calendar, began):
        opened = max(opens, began)
        if closes - opened >= left:
            return opened + left
        left -= max(closes - opened, timedelta())
    raise _never(calendar, span)


def _business_day_end(calendar: Calendar, began: datetime, number: int) -> datetime:
    today = began.astimezone(ZoneInfo(calendar.zone)).date()
    for day in _days_from(today + _DAY, today):
        if is_counted(calendar, day):
            number -= 1
            if number == 0:
                return _end_of(calendar, day)
    raise _never(calendar, timedelta(days=number))


def _sprint_end(calendar: Calendar, began: datetime, span: timedelta) -> datetime:
    if calendar.sprint_starts is None or not calendar.sprint_length:
        raise NeverDue(f"The calendar {calendar.id!r} does not say when sprints are. Add sprint_starts and sprint_length.")
    length = max(1, calendar.sprint_length // _DAY)
    today = began.astimezone(ZoneInfo(calendar.zone)).date()
    first = date.fromisoformat(calendar.sprint_starts)
    ahead = max(1, -(-span // (length * _DAY)))
    begins = first + ((today - first).days // length + ahead) * length * _DAY
    days = [begins + place * _DAY for place in range(length)]
    return _end_of(calendar, next((day for day in reversed(days) if is_counted(calendar, day)), days[-1]))


def _end_of(calendar: Calendar, day: date) -> datetime:
    """Return the last instant of a day's hours: when the clock first shows ``end``, or would without a change of the clock."""
    return _wall(day, calendar.end).replace(tzinfo=ZoneInfo(calendar.zone)).astimezone(UTC)


def _open_times(calendar: Calendar, began: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches [opens, closes) of counted time in UTC that end after ``began``, in order."""
    zone = ZoneInfo(calendar.zone)
    first = began.astimezone(zone).date()
    for day in _days_from(first - _DAY, first):
        if is_counted(calendar, day):
            yield from ((opens, closes) for opens, closes in _stretches(zone, day, calendar) if closes > began)


def _stretches(zone: ZoneInfo, day: date, calendar: Calendar) -> list[tuple[datetime, datetime]]:
    """Return the stretches of one day's hours in UTC: one, or two where the clock changes within them."""
    opens, closes = _wall(day, calendar.start).replace(tzinfo=UTC), _wall(day, calendar.end).replace(tzinfo=UTC)
    low, high = opens - _ZONES_APART, closes + _ZONES_APART
    before, after = _offset(zone, low), _offset(zone, high)
    if before == after:
        return [(opens - before, closes - before)]
    change = _change(zone, low, high)
    early = opens - before, min(closes - before, change)
    late = max(opens - after, change), closes - after
    found = [(begins, ends) for begins, ends in (early, late) if begins < ends]
    if len(found) > 1 and found[0][1] == found[1][0]:
        return [(found[0][0], found[1][1])]
    return found


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Return the first instant, to the second, at which the zone's offset is no longer that of ``low``."""
    before, second = _offset(zone, low), timedelta(seconds=1)
    while high - low > second:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _wall(day: date, clock: str) -> datetime:
    if clock == "24:00":
        return datetime.combine(day + _DAY, time())
    return datetime.combine(day, time.fromisoformat(clock))


def _days_from(first: date, asked: date) -> Iterator[date]:
    day = first
    while day - asked <= _LONGEST and day < date.max:
        yield day
        day += _DAY


def _never(calendar: Calendar, span: timedelta) -> NeverDue:
    return NeverDue(f"In the calendar {calendar.id!r}, {span} of counted time never passes. Look at its days, hours and holidays.")
