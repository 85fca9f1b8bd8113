"""What one number comes to over many incidents. Only here may anything be called a mean. Pure.

The median is the middle value (of an even number, the mean of the two in the middle). The 90th percentile is by nearest rank: the smallest
value that at least nine in ten do not exceed, so it is always the value of an incident that happened. What is not available is counted
apart and never taken for 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

import msgspec

from tocsin.playbooks.durations import Duration as Span
from tocsin.playbooks.durations import format_span

_NINETY = 90


class Statistics(msgspec.Struct, frozen=True):
    """The usual figures of a list of numbers; None where the list is empty."""

    count: int
    mean: float | None = None
    median: float | None = None
    p90: float | None = None
    least: float | None = None
    most: float | None = None


class Point(msgspec.Struct, frozen=True):
    """One incident's value, in seconds."""

    incident: str
    title: str
    at: datetime
    """When the incident began."""
    seconds: int
    severity: str
    playbook: str
    facts: tuple[int, ...]
    estimated: bool = False


class Absent(msgspec.Struct, frozen=True):
    """An incident whose number is not available, and why."""

    incident: str
    at: datetime
    reason: str


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """One duration over many incidents. Values are seconds; None where no incident has one."""

    metric: str
    name: str
    definition: str
    unit: str = "seconds"
    count: int
    mean: float | None
    median: float | None
    p90: float | None
    least: float | None
    most: float | None
    not_available: int
    """Incidents whose value is not available; they count nowhere else."""
    estimated: int
    """How many of the values are estimates."""
    text: str


def statistics(values: Sequence[float]) -> Statistics:
    """Return the figures of a list of numbers."""
    if not values:
        return Statistics(0)
    ordered = sorted(values)
    count = len(ordered)
    middle = count // 2
    median = ordered[middle] if count % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return Statistics(count, math.fsum(ordered) / count, median, ordered[rank(count, _NINETY) - 1], ordered[0], ordered[-1])


def rank(count: int, percent: int) -> int:
    """Return the nearest rank of a percentile, counted from 1: the least number of values that are at least so many percent of all."""
    return max(1, -(-count * percent // 100))


def aggregate(metric: str, name: str, definition: str, points: Sequence[Point], absent: Sequence[Absent]) -> Aggregate:
    """Return what the points come to."""
    found = statistics([point.seconds for point in points])
    missing = f", {len(absent)} not available" if absent else ""
    return Aggregate(
        metric=metric, name=name, definition=definition, count=found.count, mean=found.mean, median=found.median, p90=found.p90,
        least=found.least, most=found.most, not_available=len(absent), estimated=sum(point.estimated for point in points),
        text=f"no value{missing}" if found.median is None else f"median {_span(found.median)} of {found.count}{missing}",
    )  # fmt: skip


def _span(seconds: float) -> str:
    return format_span(Span(seconds=round(seconds)))
