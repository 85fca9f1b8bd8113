"""Shifts, hand-offs and who is next: what follows from who is on call throughout a stretch of time. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from msgspec.structs import replace

from tocsin.oncall.layers import Stretch, roles_of, stretches
from tocsin.oncall.model import Schedule, Shift
from tocsin.oncall.walltime import DAY, moment, seconds
from tocsin.playbooks.durations import Duration

_STEPS: Final = (9 * DAY, 40 * DAY, 400 * DAY)
"""How far to look for the next change: most are days away, and the far ones cost more."""


class Handoff(NamedTuple):
    """A moment at which the person changes, whether or not nobody was on call in between."""

    at: datetime
    outgoing: tuple[str, ...]
    """Who was on call before and is not any more."""
    incoming: tuple[str, ...]
    """Who is on call from ``at`` and was not before."""
    began: datetime
    """Since when the outgoing were on call without anybody else between."""


def shifts(schedule: Schedule, start: datetime, end: datetime, role: str = "") -> list[Shift]:
    """Return every person's shifts within [start, end), cut to it, by start. A person's duty that goes on is one shift."""
    open_: dict[tuple[str, str, bool], tuple[int, int]] = {}
    found: list[tuple[int, int, str, str, bool]] = []
    for stretch in stretches(schedule, seconds(start), seconds(end), role):
        still = {}
        for duty in stretch.duties:
            key = (duty.person, duty.because, duty.asked)
            begin, until = open_.pop(key, (stretch.start, stretch.start))
            if until != stretch.start:
                found.append((begin, until, *key))
                begin = stretch.start
            still[key] = (begin, stretch.end)
        found += [(begin, until, *key) for key, (begin, until) in open_.items()]
        open_ = still
    found += [(begin, until, *key) for key, (begin, until) in open_.items()]
    return [Shift(who, moment(begin), moment(until), role, why, asked) for begin, until, who, why, asked in sorted(found)]


def merged(found: list[Shift]) -> list[Shift]:
    """Return shifts with those of one person that follow on one another made one, whatever puts them on call. Reasons are those of the first."""
    last: dict[tuple[str, str], int] = {}
    joined: list[Shift] = []
    for shift in found:
        place = last.get((shift.person, shift.role))
        if place is not None and joined[place].end >= shift.start:
            before = joined[place]
            joined[place] = Shift(
                before.person, before.start, max(before.end, shift.end), before.role, before.because, before.asked or shift.asked
            )
        else:
            last[shift.person, shift.role] = len(joined)
            joined.append(shift)
    return joined


def hand_offs(schedule: Schedule, start: datetime, end: datetime, role: str = "") -> list[Handoff]:
    """Return the moments within [start, end) at which somebody goes and somebody else comes, in order. Times with nobody are looked through."""
    found = []
    before: Stretch | None = None
    began = 0
    # Who was on call before the window is known by looking back a little further than a week.
    for stretch in _manned(stretches(schedule, seconds(start) - _STEPS[0], seconds(end), role)):
        if before is not None and set(stretch.people) != set(before.people):
            outgoing = tuple(person for person in before.people if person not in stretch.people)
            incoming = tuple(person for person in stretch.people if person not in before.people)
            if outgoing and incoming and stretch.start >= seconds(start):
                found.append(Handoff(moment(stretch.start), outgoing, incoming, moment(began)))
            began = stretch.start
        elif before is None:
            began = stretch.start
        before = stretch
    return found


def without_short(schedule: Schedule) -> Schedule:
    """Return a schedule without what was agreed for less time than makes a written hand-off worth its while."""
    least = Duration.parse(schedule.rota.summary_least or "0m")
    return replace(
        schedule, overrides={name: one for name, one in schedule.overrides.items() if one.end - one.start >= least},
        exchanges={name: one for name, one in schedule.exchanges.items() if one.end - one.start >= least},
    )  # fmt: skip


def _manned(all_of_it: list[Stretch]) -> Iterator[Stretch]:
    return (stretch for stretch in all_of_it if stretch.duties)


def next_change(schedule: Schedule, after: datetime, role: str = "") -> datetime | None:
    """Return the first moment after this one at which others are on call; None where that is more than a year away."""
    start = seconds(after)
    for step in _STEPS:
        people: frozenset[str] | None = None
        for stretch in stretches(schedule, start, start + step, role):
            now = frozenset(stretch.people)
            if people is None and stretch.start > start:  # the schedule itself begins within the window
                people = frozenset()
            if people is not None and now != people:
                return moment(stretch.start)
            people = now
    return None


def next_on_call(schedule: Schedule, after: datetime, role: str = "") -> tuple[str, ...]:
    """Return who comes after those who are on call at a moment: the first others to be; nobody within a year is an empty tuple."""
    start = seconds(after)
    for step in _STEPS:
        found = stretches(schedule, start, start + step, role)
        now = set(found[0].people) if found and found[0].start <= start else set()
        for stretch in found:
            others = tuple(person for person in stretch.people if person not in now)
            if others:
                return others
    return ()


def next_shift(schedule: Schedule, person: str, after: datetime, role: str | None = None) -> Shift | None:
    """Return a person's shift that is under way or comes first after a moment; None within a year. role: of one line only."""
    roles = roles_of(schedule) if role is None else (role,)
    for step in _STEPS:
        until = moment(seconds(after) + step)
        own = [shift for line in roles for shift in merged(shifts(schedule, after, until, line)) if shift.person == person]
        if own:
            return min(own, key=lambda shift: (shift.start, shift.role))
    return None
