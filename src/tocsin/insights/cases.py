"""One incident among many, as its row has it, and what many of them come to: by week or month, by service, by severity. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from tocsin.engine.model import micros, moment
from tocsin.insights.aggregates import Statistics, statistics
from tocsin.insights.period import Period, buckets

FEW: Final = 5
"""Fewer values than this say nothing about a trend, and the page says so."""


class Case(msgspec.Struct, frozen=True, gc=False):
    """One incident with its figures, small enough to be kept in memory. Spans are seconds, None where they are not known."""

    incident: str
    title: str
    declared: int
    """When it was declared, microseconds since 1970 UTC."""
    severity: str
    rank: int
    service: str
    playbook: str
    canonical: tuple[int | None, ...]
    """The canonical durations, in their order."""
    estimated: int
    """A bit for each of those that is no exact one."""
    kept: int
    late: int
    missed: int
    waived: int
    open: int
    overdue: int
    promises_kept: int
    promises_due: int
    ticked: int
    ticks_waived: int
    cause: str
    resolved: int | None
    duties: str
    """JSON, see ``insights.figures``."""

    @property
    def at(self) -> datetime:
        """When it was declared."""
        return moment(self.declared)

    @property
    def over_at(self) -> datetime:
        """When it was resolved; when it was declared, where it is not, or was earlier."""
        return moment(max(self.declared, self.resolved or 0))


class Measured(NamedTuple):
    """A case with the duration that is asked about."""

    case: Case
    seconds: int | None
    estimated: bool = False
    why: str = ""
    """Why it is not known."""


class Slice(msgspec.Struct, frozen=True):
    """Some of the cases, with what their durations come to."""

    name: str
    rank: int
    """Of the severity, where it is one; -1 otherwise."""
    begin: datetime | None
    end: datetime | None
    cases: tuple[Measured, ...]
    """Those whose duration is known."""
    unknown: int
    """How many it is not known of."""
    found: Statistics

    @property
    def few(self) -> bool:
        """Whether there are too few to trust them."""
        return self.found.count < FEW


def measured(cases: Iterable[Case], number: int) -> list[Measured]:
    """Return the cases with one of the canonical durations. number: its place among them."""
    bit = 1 << number
    return [Measured(case, case.canonical[number], case.estimated & bit != 0) for case in cases]


def over_time(found: Iterable[Measured], period: Period) -> list[Slice]:
    """Return what the durations come to in each week or month of the period, also where there was no incident."""
    steps = buckets(period)
    begins = [micros(step.begin) for step in steps]
    inside: list[list[Measured]] = [[] for _ in steps]
    for one in found:
        number = bisect_right(begins, one.case.declared) - 1
        if 0 <= number < len(steps):
            inside[number].append(one)
    return [_slice(step.name, own, begin=step.begin, end=step.end) for step, own in zip(steps, inside, strict=True)]


def by_service(found: Iterable[Measured]) -> list[Slice]:
    """Return what the durations come to by service, the most frequent first."""
    groups: defaultdict[str, list[Measured]] = defaultdict(list)
    for one in found:
        groups[one.case.service].append(one)
    return sorted((_slice(name, own) for name, own in groups.items()), key=lambda one: (-(one.found.count + one.unknown), one.name))


def by_severity(found: Iterable[Measured]) -> list[Slice]:
    """Return what the durations come to by severity, the worst first; playbooks may name levels of one rank differently."""
    groups: defaultdict[tuple[int, str], list[Measured]] = defaultdict(list)
    for one in found:
        groups[one.case.rank if one.case.severity else 99, one.case.severity].append(one)
    return [_slice(name, own, rank=rank) for (rank, name), own in sorted(groups.items())]


def whole(found: Sequence[Measured]) -> Slice:
    """Return what all durations come to."""
    return _slice("", found)


def values(cases: Sequence[Case], number: int) -> tuple[Statistics, int]:
    """Return what a canonical duration comes to, and of how many it is not known. number: its place among them."""
    known = [value for case in cases if (value := case.canonical[number]) is not None]
    return statistics(known), len(cases) - len(known)


def change(now: float | None, before: float | None) -> float | None:
    """Return by which share a figure changed, such as -0.25; None where one of them is not known or there was nothing before."""
    return None if now is None or not before else now / before - 1


def _slice(name: str, found: Sequence[Measured], *, rank: int = -1, begin: datetime | None = None, end: datetime | None = None) -> Slice:
    known = tuple([one for one in found if one.seconds is not None])
    return Slice(name, rank, begin, end, known, len(found) - len(known), statistics([one[1] for one in known if one[1] is not None]))
