"""What on-call duty earns, by the terms of a playbook: every line names what it came from. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tocsin.oncall.fairness import at_night, nights_of
from tocsin.oncall.model import Schedule, Shift
from tocsin.oncall.shifts import merged, shifts
from tocsin.oncall.walltime import DAY, WEEK, WEEKDAYS, instant_of, moment, read_clock, seconds, wall_of, week_of
from tocsin.playbooks.response import OnCall, Pay

_NIGHT: Final = "overnight"
"""The term of a playbook that says which hours are at night."""
_EXACT: Final = 6


class Handled(msgspec.Struct, frozen=True):
    """An incident, and who handled it."""

    incident: str
    title: str
    at: datetime
    people: tuple[str, ...]
    """Who acknowledged a page of it or held a role in it."""
    severities: tuple[dict[str, Any], ...]
    """What its conditions were at its different times: the variables of a playbook's conditions."""


class Called(msgspec.Struct, frozen=True):
    """A page that reached a person."""

    page: str
    title: str
    person: str
    at: datetime


class Line(msgspec.Struct, frozen=True):
    """Something that is paid, and for what."""

    person: str
    term: str
    """The id of the playbook's term."""
    quantity: float
    """Weeks, incidents or pages."""
    amount: float
    """In ``unit``."""
    unit: str
    for_: str = msgspec.field(name="for")
    """What it came from: a week's beginning, an incident's or a page's id."""
    says: str = ""
    at: datetime | None = None


class Statement(msgspec.Struct, frozen=True):
    """What everybody earned within a window."""

    lines: tuple[Line, ...]
    totals: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()
    """What could not be added up, and why."""


def statement(
    schedule: Schedule, start: datetime, end: datetime, terms: OnCall, handled: Sequence[Handled], called: Sequence[Called],
    zones: Mapping[str, str], holds: Callable[[str, Mapping[str, Any]], bool],
) -> Statement:  # fmt: skip
    """Add up what the schedule's people earned within [start, end).

    A week belongs to the window in which it begins, an incident and a page to the one in which they happened. Whoever had a part of a week earns
    that part of it. holds: whether a condition of the playbook is true of an incident at one of its times.
    """
    lines: list[Line] = []
    notes: list[str] = []
    duty = merged(shifts(schedule, start - timedelta(days=8), end + timedelta(days=8)))
    for pay in terms.pay:
        match pay.per:
            case "week":
                lines += _weeks(schedule, pay, terms, start, end)
            case "incident":
                lines += [
                    _line(pay, person, 1, one.incident, f"{one.incident} {one.title}".strip(), one.at)
                    for one in handled
                    if start <= one.at < end and any(holds(pay.if_, severity) for severity in one.severities)
                    for person in one.people
                    if _on_duty(duty, person, one.at)
                ]
            case "overnight_page":
                nights = nights_of(terms.terms.get(_NIGHT, ""))
                if nights is None:
                    notes.append(f"{pay.id}: the playbook's term {_NIGHT!r} names no hours such as 22:00-06:00, so no page counts.")
                    continue
                lines += [
                    _line(pay, one.person, 1, one.page, f"{one.page} {one.title}".strip(), one.at)
                    for one in called
                    if start <= one.at < end and at_night(one.at, nights, zones.get(one.person) or schedule.rota.zone)
                ]
    lines.sort(key=lambda line: (line.person, line.at or start, line.term))
    return Statement(tuple(lines), _totals(lines), tuple(notes))


def weeks(terms: OnCall, zone: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return the weeks of a rota that begin within [start, end): from one hand-off of the terms to the next, on a zone's clock."""
    begins = WEEKDAYS.index(terms.hand_off_day or "mon")
    clock = read_clock(terms.hand_off_time)
    wall = week_of(wall_of(zone, seconds(start)), begins) + clock - WEEK
    found = []
    while (at := instant_of(zone, wall)) < seconds(end):
        if at >= seconds(start):
            found.append((moment(at), moment(instant_of(zone, wall + WEEK))))
        wall += WEEK
    return found


def _weeks(schedule: Schedule, pay: Pay, terms: OnCall, start: datetime, end: datetime) -> list[Line]:
    lines = []
    for begin, stop in weeks(terms, schedule.rota.zone, start, end):
        own: dict[str, int] = {}
        for shift in merged(shifts(schedule, begin, stop)):
            own[shift.person] = own.get(shift.person, 0) + seconds(shift.end) - seconds(shift.start)
        covered = _covered(merged(shifts(schedule, begin, stop)))
        for person, time in sorted(own.items()):
            part = round(time / covered, _EXACT)
            days = time / DAY
            of = "" if part == 1 else f" ({days:.1f} days of it)"
            lines.append(_line(pay, person, part, f"{schedule.id} {begin:%Y-%m-%d}", f"week from {begin:%Y-%m-%d}{of}", begin))
    return lines


def _covered(found: Sequence[Shift]) -> int:
    """Return for how many seconds somebody was on call."""
    total, until = 0, 0
    for shift in sorted(found, key=lambda one: one.start):
        begin, stop = max(seconds(shift.start), until), seconds(shift.end)
        total += max(stop - begin, 0)
        until = max(until, stop)
    return total


def _on_duty(duty: Sequence[Shift], person: str, at: datetime) -> bool:
    return any(shift.person == person and shift.start <= at < shift.end for shift in duty)


def _line(pay: Pay, person: str, quantity: float, for_: str, says: str, at: datetime) -> Line:
    return Line(person, pay.id, quantity, round(quantity * pay.amount, 2), pay.unit, for_, f"{pay.says} {says}".strip(), at)


def _totals(lines: Sequence[Line]) -> tuple[dict[str, Any], ...]:
    sums: dict[tuple[str, str], float] = {}
    for line in lines:
        sums[line.person, line.unit] = sums.get((line.person, line.unit), 0) + line.amount
    return tuple({"person": person, "unit": unit, "amount": round(amount, 2)} for (person, unit), amount in sorted(sums.items()))
