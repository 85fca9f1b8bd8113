"""How duty is spread: hours, nights, weekends and holidays of each person. Pure; every figure is summed from shifts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from tocsin.oncall import rotation
from tocsin.oncall.model import Hours, Layer, Shift, Weekday
from tocsin.oncall.walltime import HOUR, read_clock, seconds

WEEKEND: Final[tuple[Weekday, ...]] = ("sat", "sun")


class Load(msgspec.Struct, frozen=True):
    """A person's duty within a window. Hours are passed time, so a night over a change of the clock has an hour more or less."""

    person: str
    shifts: int
    hours: float
    nights: float
    """Hours of it at night, on the person's clock."""
    weekends: float
    holidays: float
    pages: int = 0
    night_pages: int = 0
    share: float = 0.0
    """Of the hours of all, from 0 to 1."""


def loads(
    found: Sequence[Shift], zones: Mapping[str, str], zone: str, nights: Hours | None, holidays: tuple[str, ...] = (),
    pages: Sequence[tuple[str, datetime]] = (), weekend: tuple[Weekday, ...] = WEEKEND,
) -> list[Load]:  # fmt: skip
    """Return the duty of each person, the most loaded first.

    zones: each person's time zone; zone: of those who have none, and of the holidays. nights: what counts as night; None: nothing does.
    pages: whom pages have reached, and when.
    """
    people = dict.fromkeys([shift.person for shift in found] + [person for person, _ in pages])
    whole = sum(seconds(shift.end) - seconds(shift.start) for shift in found)
    made = []
    for person in people:
        own = [(seconds(shift.start), seconds(shift.end)) for shift in found if shift.person == person]
        clock = zones.get(person) or zone
        time = sum(end - start for start, end in own)
        called = [at for who, at in pages if who == person]
        made.append(
            Load(
                person, len(own), time / HOUR, _within(own, nights, clock) / HOUR, _within(own, Hours(days=weekend), clock) / HOUR,
                _on_days(own, holidays, zone) / HOUR, len(called), sum(1 for at in called if nights is not None and at_night(at, nights, clock)),
                time / whole if whole else 0.0,
            )
        )  # fmt: skip
    return sorted(made, key=lambda load: (-load.hours, load.person))


def at_night(at: datetime, nights: Hours, zone: str) -> bool:
    """Tell whether a moment lies in these hours on a zone's clock."""
    start = seconds(at)
    return bool(rotation.pieces(_hours(nights, zone), start, start + 1))


def nights_of(text: str) -> Hours | None:
    """Return the hours that a sentence names, such as ``22:00-06:00 in the zone of the person on call``; None where it names none."""
    for word in text.split():
        begin, dash, end = word.strip(".,;()").partition("-")
        if dash and _is_clock(begin) and _is_clock(end):
            return Hours(begin, end)
    return None


def _is_clock(text: str) -> bool:
    try:
        read_clock(text)
    except ValueError:
        return False
    return True


def _hours(hours: Hours, zone: str) -> rotation.Compiled:
    return rotation.compiled(Layer(id="hours", groups=(("-",),), hours=(hours,)), zone)


def _within(own: Sequence[tuple[int, int]], hours: Hours | None, zone: str) -> int:
    if hours is None:
        return 0
    layer = _hours(hours, zone)
    return sum(piece.end - piece.start for start, end in own for piece in rotation.pieces(layer, start, end))


def _on_days(own: Sequence[tuple[int, int]], days: tuple[str, ...], zone: str) -> int:
    total = 0
    for start, end in own:
        for begin, stop in rotation.holidays_of(days, zone, start, end):
            total += max(min(stop, end) - max(begin, start), 0)
    return total
