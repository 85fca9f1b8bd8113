"""A schedule as pictures of days: lanes of people, and weeks of a calendar, on one clock. Pure.

Positions are wall time, so that a day is as wide as every other, also when the clock changes; the hour that is left out is then simply not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from tocsin.oncall.coverage import gaps
from tocsin.oncall.layers import roles_of
from tocsin.oncall.model import Schedule, Shift
from tocsin.oncall.shifts import merged, shifts
from tocsin.oncall.walltime import DAY, changes, day_of, instant_of, midnight, moment, seconds, show_wall, wall_of

WIDTH = 1000
"""Of a lane, in units of the picture."""


class Bar(msgspec.Struct, frozen=True):
    """A stretch in a lane: ``x`` and ``width`` in units of the picture."""

    x: float
    width: float
    says: str
    kind: str = "shift"
    """``shift``, ``agreed`` (not by the rota alone), ``asked``, ``gap``."""


class Lane(msgspec.Struct, frozen=True):
    """A person's stretches, or those without anybody."""

    name: str
    person: str
    role: str
    bars: tuple[Bar, ...]


class Entry(msgspec.Struct, frozen=True):
    """Who is on call in a part of a day: since ``at`` (empty: since before it)."""

    at: str
    name: str
    role: str = ""
    kind: str = "shift"


class Day(msgspec.Struct, frozen=True):
    """A day of the calendar."""

    date: date
    entries: tuple[Entry, ...]
    today: bool = False
    holiday: bool = False
    changed: int = 0
    """Minutes by which the clock is set forward (or back) on this day."""


class Chart(msgspec.Struct, frozen=True):
    """Some weeks of a schedule on a clock."""

    zone: str
    start: datetime
    end: datetime
    days: tuple[Day, ...]
    lanes: tuple[Lane, ...]
    now: float | None
    """Where the present moment lies, in units of the picture; None outside."""


def chart(schedule: Schedule, first: date, days: int, zone: str, now: datetime, names: Mapping[str, str]) -> Chart:
    """Return ``days`` days from a date on, on a zone's clock."""
    begin = midnight(first)
    start, end = moment(instant_of(zone, begin)), moment(instant_of(zone, begin + days * DAY))
    lanes: list[Lane] = []
    found: list[Shift] = []
    for role in roles_of(schedule):
        own = shifts(schedule, start, end, role)
        found += own
        for person in dict.fromkeys(shift.person for shift in own):
            bars = tuple(_bar(shift, begin, days, zone) for shift in own if shift.person == person)
            lanes.append(Lane(names.get(person, person), person, role, bars))
        holes = gaps(schedule, start, end, role)
        if holes and (own or not role) and (own or len(roles_of(schedule)) == 1):
            bars = tuple(_bar(Shift("", gap.start, gap.end, role), begin, days, zone) for gap in holes)
            lanes.append(Lane("nobody", "", role, bars))
    here = _x(now, begin, days, zone) if start <= now < end else None
    return Chart(zone, start, end, tuple(_days(schedule, first, days, zone, now, found, names)), tuple(lanes), here)


def _x(at: datetime, begin: int, days: int, zone: str) -> float:
    return round((wall_of(zone, seconds(at)) - begin) / (days * DAY) * WIDTH, 2)


def _bar(shift: Shift, begin: int, days: int, zone: str) -> Bar:
    x = _x(shift.start, begin, days, zone)
    kind = "gap" if not shift.person else "asked" if shift.asked else "shift" if shift.because.startswith("layer:") else "agreed"
    since, until = (f"{show_wall(wall_of(zone, seconds(at))):%a %d %b %H:%M}" for at in (shift.start, shift.end))
    return Bar(x, max(round(_x(shift.end, begin, days, zone) - x, 2), 1), f"{since} to {until}", kind)


def _days(
    schedule: Schedule, first: date, days: int, zone: str, now: datetime, found: Sequence[Shift], names: Mapping[str, str]
) -> list[Day]:  # fmt: skip
    ordered = sorted(found, key=lambda shift: (shift.start, shift.role, shift.person))
    apart = (merged([shift for shift in ordered if shift.asked is asked]) for asked in (False, True))
    joined = sorted((shift for part in apart for shift in part), key=lambda shift: (shift.start, shift.role, shift.person))
    today = day_of(wall_of(zone, seconds(now)))
    made = []
    for place in range(days):
        day = first + timedelta(days=place)
        start, end = (instant_of(zone, midnight(day) + extra) for extra in (0, DAY))
        entries = []
        for shift in joined:
            if seconds(shift.start) < end and seconds(shift.end) > start:
                since = "" if seconds(shift.start) <= start else f"{show_wall(wall_of(zone, seconds(shift.start))):%H:%M}"
                kind = "asked" if shift.asked else "shift" if shift.because.startswith("layer:") else "agreed"
                entries.append(Entry(since, names.get(shift.person, shift.person), shift.role, kind))
        minutes = sum(by for _, by in changes(zone, start, end)) // 60
        made.append(Day(day, tuple(entries), day == today, day.isoformat() in schedule.rota.holidays, minutes))
    return made
