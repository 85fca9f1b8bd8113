"""Hours of the day in which a step may begin, on the clock of a zone. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tocsin.engine.errors import Refused
from tocsin.oncall.walltime import WEEKDAYS, at_clock, known_zone
from tocsin.paging.model import Window

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_DAYS_AHEAD: Final = 15


def zone_of(name: str, field: str = "zone") -> ZoneInfo:
    """Return a time zone by its name.

    Raises:
        Refused: there is none.

    """
    return ZoneInfo(known_zone(name, field))


def opens_at(window: Window, zone: str, now: datetime) -> datetime | None:
    """Return when the hours next begin (UTC); None where they hold now. zone: the clock where the window names none.

    Both ends are read on the zone's clock; the first is included, the second is not.
    """
    clock = ZoneInfo(window.zone or zone)
    today = now.astimezone(clock).date()
    begins = []
    for ahead in range(-1, _DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        if WEEKDAYS[day.weekday()] not in window.days:
            continue
        begin, end = _span(window, day, clock)
        if begin <= now < end:
            return None
        if begin > now:
            begins.append(begin)
            break
    return min(begins, default=now + timedelta(days=_DAYS_AHEAD))


def edges(window: Window, zone: str, start: datetime, end: datetime) -> list[datetime]:
    """Return every moment between two at which the hours begin or end."""
    clock = ZoneInfo(window.zone or zone)
    day = start.astimezone(clock).date() - timedelta(days=1)
    found = []
    while day <= end.astimezone(clock).date():
        if WEEKDAYS[day.weekday()] in window.days:
            found += [edge for edge in _span(window, day, clock) if start <= edge < end]
        day += timedelta(days=1)
    return found


def check(window: Window, field: str) -> None:
    """Make sure that hours can be read.

    Raises:
        Refused: they cannot; the refusal names the field.

    """
    for name, text in (("from", window.from_), ("to", window.to)):
        if not _CLOCK.fullmatch(text):
            raise Refused(f"{field}.{name} {text!r} is not a time of day.", fix="Write it like 09:00.", field=f"{field}.{name}")
    if window.from_ == window.to:
        raise Refused(f"{field} begins and ends at {window.to}.", fix="Write two different times.", field=f"{field}.to")
    if not window.days:
        raise Refused(f"{field}.days names no day.", fix="Leave it out for every day.", field=f"{field}.days")
    if window.zone:
        zone_of(window.zone, f"{field}.zone")


def _span(window: Window, day: date, clock: ZoneInfo) -> tuple[datetime, datetime]:
    last = day if window.to > window.from_ else day + timedelta(days=1)
    return at_clock(day, window.from_, clock.key), at_clock(last, window.to, clock.key)
