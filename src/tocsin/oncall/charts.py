"""A schedule as pictures of days: lanes of layers with who is on call under them, and days of a calendar, on one clock. Pure.

Positions are wall time, so that a day is as wide as every other, also when the clock changes; the hour that is left out is then simply not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from tocsin.oncall.layers import Stretch, roles_of, stretches, turns_of
from tocsin.oncall.model import Exchange, Layer, Override, Schedule, Shift
from tocsin.oncall.shifts import merged, shifts
from tocsin.oncall.walltime import DAY, changes, day_of, instant_of, midnight, moment, seconds, show_wall, wall_of

WIDTH = 100
"""Of a lane, in units of the picture: per cent."""


class Bar(msgspec.Struct, frozen=True):
    """A stretch in a lane: ``x`` and ``width`` in per cent of it."""

    x: float
    width: float
    label: str
    """Who, as it stands in the bar."""
    says: str
    """Who and when, as it is read out."""
    kind: str = "shift"
    """``shift``, ``agreed`` (not by the rota alone), ``asked`` (somebody wants to give it away), ``gap``, ``turn`` (of a layer)."""
    people: tuple[str, ...] = ()
    shade: int = 0
    """0 or 1: neighbours of different people differ."""


class Lane(msgspec.Struct, frozen=True):
    """One row: a layer by itself, what was agreed, or who is on call in the end."""

    kind: str
    """``layer``, ``agreed``, ``final``."""
    name: str
    role: str
    bars: tuple[Bar, ...]
    note: str = ""


class Entry(msgspec.Struct, frozen=True):
    """Who is on call in a part of a day: since ``at`` (empty: since before it)."""

    at: str
    name: str
    role: str = ""
    kind: str = "shift"
    person: str = ""
    until: str = ""
    """When it ends, where that is on the same day."""


class Day(msgspec.Struct, frozen=True):
    """A day of the calendar."""

    date: date
    entries: tuple[Entry, ...]
    today: bool = False
    holiday: bool = False
    changed: int = 0
    """Minutes by which the clock is set forward (or back) on this day."""


class Chart(msgspec.Struct, frozen=True):
    """Some days of a schedule on a clock."""

    zone: str
    start: datetime
    end: datetime
    days: tuple[Day, ...]
    lanes: tuple[Lane, ...]
    now: float | None
    """Where the present moment lies, in per cent; None outside."""


class Frame(msgspec.Struct, frozen=True):
    """A window on a clock: where a moment lies in it."""

    first: date
    days: int
    zone: str

    @property
    def start(self) -> datetime:
        """When it begins."""
        return moment(instant_of(self.zone, midnight(self.first)))

    @property
    def end(self) -> datetime:
        """When it ends."""
        return moment(instant_of(self.zone, midnight(self.first) + self.days * DAY))

    @property
    def dates(self) -> list[date]:
        """Its days."""
        return [self.first + timedelta(days=place) for place in range(self.days)]

    def x_of(self, at: datetime, *, ends: bool = False) -> float:
        """Return where a moment lies, cut to the window. ends: the window's own end lies at its right edge."""
        if ends and at >= self.end:
            return float(WIDTH)
        return min(max(self.x(seconds(at)), 0.0), float(WIDTH))

    def x(self, at: int) -> float:
        """Return where an instant lies, in per cent of the window's width."""
        return round((wall_of(self.zone, at) - midnight(self.first)) / (self.days * DAY) * WIDTH, 3)

    def now(self, at: datetime) -> float | None:
        """Return where a moment lies; None outside of the window."""
        return self.x(seconds(at)) if self.start <= at < self.end else None

    def says(self, start: int, end: int) -> str:
        """Return a stretch in words, on the window's clock."""
        since, until = (show_wall(wall_of(self.zone, at)) for at in (start, end))
        return f"{since:%a} {since.day} {since:%b %H:%M} to {until:%a} {until.day} {until:%b %H:%M}"


def chart(schedule: Schedule, first: date, days: int, zone: str, now: datetime, names: Mapping[str, str], *, layers: bool = True) -> Chart:
    """Return ``days`` days from a date on, on a zone's clock. layers: also a lane for each layer, and for what was agreed."""
    frame = Frame(first, days, zone)
    begin, stop = seconds(frame.start), seconds(frame.end)
    lanes: list[Lane] = []
    found: list[Shift] = []
    roles = roles_of(schedule)
    for role in roles:
        line = stretches(schedule, begin, stop, role)
        own = turns_of(schedule, begin, stop, role) if layers else {}
        if not own and not any(one.duties for one in line) and len(roles) > 1:
            continue  # a line that nothing fills: every layer has a line of another name
        found += shifts(schedule, frame.start, frame.end, role)
        lanes += [_layer(layer, turns, frame, names, schedule.rota.zone) for layer, turns in own.values()]
        if layers and (agreed := _agreed(schedule, frame, names, role)):
            lanes.append(Lane("agreed", "Agreed otherwise", role, agreed))
        lanes.append(Lane("final", "On call", role, final(line, frame, names)))
    return Chart(zone, frame.start, frame.end, tuple(_days(schedule, frame, now, found, names)), tuple(lanes), frame.now(now))


def final(line: Iterable[Stretch], frame: Frame, names: Mapping[str, str]) -> tuple[Bar, ...]:
    """Return who is on call in the end as bars; time without anybody is a bar of kind ``gap``."""
    joined: list[tuple[int, int, tuple[str, ...], str]] = []
    for stretch in line:
        kind = (
            "gap" if not stretch.duties
            else "asked" if any(duty.asked for duty in stretch.duties)
            else "shift" if all(duty.because.startswith("layer:") for duty in stretch.duties) else "agreed"
        )  # fmt: skip
        if joined and joined[-1][1:] == (stretch.start, stretch.people, kind):
            joined[-1] = (joined[-1][0], stretch.end, stretch.people, kind)
        else:
            joined.append((stretch.start, stretch.end, stretch.people, kind))
    return _bars(joined, frame, names)


def _layer(layer: Layer, turns: Sequence[tuple[int, int, tuple[str, ...]]], frame: Frame, names: Mapping[str, str], zone: str) -> Lane:
    note = ", ".join(
        filter(None, (f"priority {layer.priority}" if layer.priority else "", layer.zone if layer.zone not in ("", zone) else ""))
    )
    return Lane("layer", layer.name or layer.id, layer.role, _bars([(*turn, "turn") for turn in turns], frame, names), note)


def _agreed(schedule: Schedule, frame: Frame, names: Mapping[str, str], role: str) -> tuple[Bar, ...]:
    found: list[tuple[int, int, tuple[str, ...], str, str]] = []

    def add(start: datetime, end: datetime, who: str, kind: str, label: str) -> None:
        begin, stop = max(start, frame.start), min(end, frame.end)
        if begin < stop:
            found.append((seconds(begin), seconds(stop), (who,) if who else (), kind, label))

    for one in schedule.overrides.values():
        if one.role == role:
            add(one.start, one.end, one.person, "agreed", said_of(one, names))
    for swap in schedule.exchanges.values():
        if swap.role == role and swap.state in ("offered", "taken"):
            add(
                swap.start,
                swap.end,
                swap.to if swap.state == "taken" else "",
                "agreed" if swap.state == "taken" else "asked",
                said_of(swap, names),
            )
            if swap.state == "taken" and swap.back_start is not None and swap.back_end is not None:
                add(swap.back_start, swap.back_end, swap.person, "agreed", f"{names.get(swap.person, swap.person)} in return")
    return tuple(
        Bar(frame.x(start), _width(frame, start, end), label, f"{label}: {frame.says(start, end)}", kind, people)
        for start, end, people, kind, label in sorted(found)
    )


def said_of(one: Override | Exchange, names: Mapping[str, str]) -> str:
    """Return what was agreed in a few words: ``Bo for Ana``."""
    match one:
        case Override(how="remove"):
            return f"without {names.get(one.instead_of, one.instead_of)}"
        case Override(how="add"):
            return f"{names.get(one.person, one.person)} as well"
        case Override():
            return names.get(one.person, one.person) + (f" for {names.get(one.instead_of, one.instead_of)}" if one.instead_of else "")
        case Exchange(state="taken"):
            return f"{names.get(one.to, one.to)} for {names.get(one.person, one.person)}"
        case Exchange():
            whom = names.get(one.to, one.to) if one.to else "anybody"
            return f"{names.get(one.person, one.person)} asks {whom}"


def _bars(joined: Sequence[tuple[int, int, tuple[str, ...], str]], frame: Frame, names: Mapping[str, str]) -> tuple[Bar, ...]:
    made: list[Bar] = []
    shade, before = 0, None
    for start, end, people, kind in joined:
        if before is not None and before != people:
            shade = 1 - shade
        before = people
        label = " + ".join(names.get(one, one) for one in people) or "nobody"
        made.append(Bar(frame.x(start), _width(frame, start, end), label, f"{label}: {frame.says(start, end)}", kind, people, shade))
    return tuple(made)


def _width(frame: Frame, start: int, end: int) -> float:
    return max(round(frame.x(end) - frame.x(start), 3), 0.05)


def _days(schedule: Schedule, frame: Frame, now: datetime, found: Sequence[Shift], names: Mapping[str, str]) -> list[Day]:
    zone = frame.zone
    by_start: Callable[[Shift], tuple[datetime, str, str]] = lambda shift: (shift.start, shift.role, shift.person)  # noqa: E731 (used thrice)
    ordered = sorted(found, key=by_start)
    apart = (merged([shift for shift in ordered if shift.asked is asked]) for asked in (False, True))
    joined = sorted((shift for part in apart for shift in part), key=by_start)
    today = day_of(wall_of(zone, seconds(now)))
    made = []
    for place in range(frame.days):
        day = frame.first + timedelta(days=place)
        start, end = (instant_of(zone, midnight(day) + extra) for extra in (0, DAY))
        entries = []
        for shift in joined:
            if seconds(shift.start) < end and seconds(shift.end) > start:
                since = "" if seconds(shift.start) <= start else f"{show_wall(wall_of(zone, seconds(shift.start))):%H:%M}"
                until = "" if seconds(shift.end) >= end else f"{show_wall(wall_of(zone, seconds(shift.end))):%H:%M}"
                kind = "asked" if shift.asked else "shift" if shift.because.startswith("layer:") else "agreed"
                entries.append(Entry(since, names.get(shift.person, shift.person), shift.role, kind, shift.person, until))
        minutes = sum(by for _, by in changes(zone, start, end)) // 60
        made.append(Day(day, tuple(entries), day == today, day.isoformat() in schedule.rota.holidays, minutes))
    return made
