"""When maintenance windows are: single ones, and those that come again at the same local time. Pure.

A window that comes again keeps its local beginning and its length in hours. A local time that a clock change leaves out begins at the next
one that exists; a doubled one begins in its first pass.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tocsin.alerts.maintenance_model import Maintenance, Repeats, State
from tocsin.engine.errors import Refused

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS: Final = 7
_MONTHS: Final = 12


class Window(NamedTuple):
    """One window: from a moment on, and no more at another."""

    since: datetime
    until: datetime


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone.

    Raises:
        Refused: there is none of that name.

    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refused(f"There is no time zone {name!r}.", fix="Write a name such as Europe/Berlin.", field="zone") from error


def window_at(plan: Maintenance, at: datetime) -> Window | None:
    """Return the window that is on at a moment."""
    if plan.since is None or plan.until is None or (plan.cancelled_at is not None and at >= plan.cancelled_at):
        return None
    if plan.repeats is None:
        return _on((Window(plan.since, plan.until),), plan, at)
    return _on(windows(plan, at - (plan.until - plan.since), at + timedelta(microseconds=1)), plan, at)


def _on(some: Iterator[Window] | tuple[Window, ...], plan: Maintenance, at: datetime) -> Window | None:
    for window in some:
        until = _end(plan, window)
        if window.since <= at < until:
            return Window(window.since, until)
    return None


def next_change(plan: Maintenance, now: datetime) -> datetime | None:
    """Return when a window next begins or ends, after now; None where none does any more."""
    if plan.since is None or plan.until is None or plan.cancelled_at is not None:
        return None
    if (current := window_at(plan, now)) is not None:
        return current.until
    following = next(windows(plan, now, None), None)
    while following is not None and following.since <= now:  # one that ended before its time
        following = next(windows(plan, following.since + timedelta(microseconds=1), None), None)
        if following is not None and following.since <= now:
            return None
    return following.since if following is not None else None


def windows(plan: Maintenance, after: datetime, before: datetime | None) -> Iterator[Window]:
    """Yield the windows that end after one moment and begin before another, in order; without ``before`` as long as it comes again."""
    assert plan.since is not None
    assert plan.until is not None
    length = plan.until - plan.since
    for begins in _beginnings(plan, after - length):
        if before is not None and begins >= before:
            return
        if plan.repeats is not None and plan.repeats.until is not None and begins >= plan.repeats.until:
            return
        if plan.cancelled_at is not None and begins >= plan.cancelled_at:
            return
        if (until := _end(plan, Window(begins, begins + length))) > after and until > begins:
            yield Window(begins, until)


def _end(plan: Maintenance, window: Window) -> datetime:
    early = next((ended for began, ended in plan.ended if began == window.since), window.until)
    if plan.cancelled_at is not None:
        early = min(early, plan.cancelled_at)
    return min(early, window.until)


def _beginnings(plan: Maintenance, after: datetime) -> Iterator[datetime]:
    """Yield when windows begin, in order, at or after a moment (one day of leeway)."""
    assert plan.since is not None
    if plan.repeats is None:
        yield plan.since
        return
    zone = zone_of(plan.zone)
    first = plan.since.astimezone(zone)
    yield from (
        local
        for day in _days(plan.repeats, first.date(), after.astimezone(zone).date() - timedelta(days=1))
        if (local := _local(day, first, zone)) >= plan.since and local >= after - timedelta(days=1)
    )


def _local(day: date, first: datetime, zone: ZoneInfo) -> datetime:
    """Return a local time of a day as an instant: the next that exists where a clock change leaves it out, the first of two."""
    wall = datetime.combine(day, first.time().replace(tzinfo=None))
    found = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    # A clock change leaves it out: the change itself lies between its reading by the clock after and the one by the clock before.
    low, high = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), found
    for seconds in (3600, 60, 1):
        step = timedelta(seconds=seconds)
        while low + step < high and (low + step).astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
            low += step
    return low + timedelta(seconds=1)


def _days(repeats: Repeats, first: date, after: date) -> Iterator[date]:
    """Yield the days on which windows begin, from the first one on, skipping what lies well before a day."""
    match repeats.every:
        case "day":
            number = max(0, (after - first).days // repeats.interval)
            while True:
                yield first + timedelta(days=number * repeats.interval)
                number += 1
        case "week":
            chosen = sorted(_WEEKDAYS.index(day) for day in set(repeats.days)) or [first.weekday()]
            monday = first - timedelta(days=first.weekday())
            number = max(0, (after - monday).days // (_DAYS * repeats.interval))
            while True:
                for day in chosen:
                    if (found := monday + timedelta(days=number * _DAYS * repeats.interval + day)) >= first:
                        yield found
                number += 1
        case "month":
            number = max(0, ((after.year - first.year) * _MONTHS + after.month - first.month) // repeats.interval)
            while True:
                year, month = divmod(first.year * _MONTHS + first.month - 1 + number * repeats.interval, _MONTHS)
                yield date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))
                number += 1


def state_of(plan: Maintenance, now: datetime) -> State:
    """Return whether a window is on, one is still to come, none comes any more, or it was taken back."""
    if plan.cancelled_at is not None:
        return "cancelled"
    if window_at(plan, now) is not None:
        return "active"
    return "over" if next_change(plan, now) is None else "planned"
