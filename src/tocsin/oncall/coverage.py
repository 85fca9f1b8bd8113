"""Where a schedule has holes and what does not fit: nobody on call, somebody on call who is away, names that nobody has. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Literal

import msgspec

from tocsin.oncall.layers import roles_of, stretches
from tocsin.oncall.model import Schedule, Span
from tocsin.oncall.shifts import merged, shifts
from tocsin.oncall.walltime import changes, moment, seconds

_PERCENT = 100


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that people should know about a stretch of a schedule."""

    kind: Literal["gap", "away", "two_lines", "asked", "unknown", "clock_change"]
    start: datetime
    end: datetime
    says: str
    person: str = ""
    role: str = ""


def gaps(schedule: Schedule, start: datetime, end: datetime, role: str = "") -> list[Span]:
    """Return when nobody is on call within [start, end), in order; the time before the first version is none of its gaps."""
    found: list[Span] = []
    for stretch in stretches(schedule, seconds(start), seconds(end), role):
        if stretch.duties:
            continue
        begin, stop = moment(stretch.start), moment(stretch.end)
        if found and found[-1].end == begin:
            begin = found.pop().start
        found.append(Span(begin, stop))
    return found


def uncovered(schedule: Schedule, start: datetime, end: datetime, role: str = "") -> float:
    """Return which part of [start, end) nobody covers, from 0 to 1; time before the first version is not covered."""
    covered = sum(one.end - one.start for one in stretches(schedule, seconds(start), seconds(end), role) if one.duties)
    whole = seconds(end) - seconds(start)
    return (whole - covered) / whole if whole > 0 else 0.0


def staffing(schedule: Schedule, start: datetime, end: datetime, role: str = "") -> float:
    """Return how many people are on call on average within [start, end): the time of all of them over the time that passes."""
    whole = seconds(end) - seconds(start)
    time = sum((one.end - one.start) * len(one.people) for one in stretches(schedule, seconds(start), seconds(end), role))
    return time / whole if whole > 0 else 0.0


def percent(part: float) -> int:
    """Return a part of 1 in whole percent, rounded down: 100 % is all of it, and what is almost nothing is 0."""
    return int(part * _PERCENT + 1e-9)


def findings(
    schedule: Schedule, start: datetime, end: datetime, known: Collection[str] | None = None, names: Mapping[str, str] | None = None
) -> list[Finding]:
    """Return what does not fit within [start, end), by start. known: everybody who is written down; None: that is not looked at."""
    said = names or {}
    found: list[Finding] = []
    on_duty: dict[str, list[tuple[datetime, datetime, str]]] = {}
    for role in roles_of(schedule):
        line = f" ({role})" if role else ""
        found += [Finding("gap", one.start, one.end, f"Nobody is on call{line}.", role=role) for one in gaps(schedule, start, end, role)]
        every = shifts(schedule, start, end, role)
        for shift in every:
            if shift.asked:
                who = said.get(shift.person, shift.person)
                found.append(
                    Finding("asked", shift.start, shift.end, f"{who} wants to give this away; nobody has taken it.", shift.person, role)
                )
        for shift in merged(every):
            found += _while_away(schedule, shift.person, shift.start, shift.end, role, said)
            on_duty.setdefault(shift.person, []).append((shift.start, shift.end, role))
    for person, duties in on_duty.items():
        if known is not None and person not in known:
            says = f"{person} is not written down: no page reaches them."
            found.append(Finding("unknown", min(duty[0] for duty in duties), max(duty[1] for duty in duties), says, person))
    found += _two_lines(on_duty, said)
    found += _changes(schedule, start, end)
    return sorted(found, key=lambda one: (one.start, one.end, one.kind, one.person))


def _while_away(schedule: Schedule, person: str, start: datetime, end: datetime, role: str, said: Mapping[str, str]) -> list[Finding]:
    who = said.get(person, person)
    return [
        Finding(
            "away",
            max(start, span.start),
            min(end, span.end),
            f"{who} is on call and away{': ' + span.why if span.why else ''}.",
            person,
            role,
        )
        for span in schedule.away.get(person, ())
        if span.start < end and span.end > start
    ]


def _two_lines(on_duty: Mapping[str, list[tuple[datetime, datetime, str]]], said: Mapping[str, str]) -> list[Finding]:
    found = []
    for person, duties in on_duty.items():
        ordered = sorted(duties)
        for place, (begin, stop, role) in enumerate(ordered):
            for other_begin, other_stop, other in ordered[place + 1 :]:
                if other != role and other_begin < stop and other_stop > begin:
                    who = said.get(person, person)
                    says = f"{who} is on call in two lines at once ({role or 'first'} and {other or 'first'})."
                    found.append(Finding("two_lines", max(begin, other_begin), min(stop, other_stop), says, person, role))
    return found


def _changes(schedule: Schedule, start: datetime, end: datetime) -> list[Finding]:
    found = []
    zones = dict.fromkeys((schedule.rota.zone, *(layer.zone for layer in schedule.rota.layers if layer.zone)))
    for zone in zones:
        for at, by in changes(zone, seconds(start), seconds(end)):
            minutes = abs(by) // 60
            says = f"The clock of {zone} is set {'forward' if by > 0 else 'back'} by {minutes} min; shifts over it are {'shorter' if by > 0 else 'longer'}."
            found.append(Finding("clock_change", moment(at), moment(at), says))
    return found
