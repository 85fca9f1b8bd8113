"""What became of action items: written down, closed, overdue, over time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import msgspec

from tocsin.insights.aggregates import Statistics, statistics
from tocsin.insights.period import Period, buckets, place


class Item(msgspec.Struct, frozen=True):
    """An action item, as its list has it."""

    id: str
    incident: str
    title: str
    owner: str
    state: str
    """``open``, ``done``, ``dropped`` …"""
    created_at: datetime
    closed_at: datetime | None
    due: date | None


class Step(msgspec.Struct, frozen=True):
    """Action items in one week or month."""

    name: str
    begin: datetime
    end: datetime
    opened: int
    closed: int
    open: int
    """At the end of it …"""
    overdue: int
    """… and how many of those were past their date by then."""


class Completion(msgspec.Struct, frozen=True):
    """What became of the items that were written down in a period."""

    written: int
    done: int
    dropped: int
    open: int
    overdue: int
    in_time: int
    """Done by their date."""
    dated: int
    """Items whose date has come, or that were done before it."""
    days: Statistics
    """From when an item was written down to when it was done, in days."""


def completion(items: Iterable[Item], period: Period, now: datetime) -> Completion:
    """Return what became of the items that were written down in the period."""
    found = [item for item in items if period.begin <= item.created_at < period.end]
    done = [item for item in found if item.closed_at is not None and item.state == "done"]
    dropped = sum(item.state == "dropped" for item in found)
    waiting = [item for item in found if item.closed_at is None]
    dated = [
        item for item in found if item.due is not None and item.state != "dropped" and (item.closed_at is not None or item.due < now.date())
    ]
    return Completion(
        len(found), len(done), dropped, len(waiting), sum(_late(item, now) for item in waiting),
        sum(item.closed_at is not None and item.due is not None and item.closed_at.date() <= item.due for item in dated), len(dated),
        statistics([(item.closed_at - item.created_at).total_seconds() / 86400 for item in done if item.closed_at is not None]),
    )  # fmt: skip


def over_time(items: Sequence[Item], period: Period, now: datetime) -> list[Step]:
    """Return the items of each week or month: written down, closed, and how many were open and overdue at its end (or now)."""
    steps = buckets(period)
    begins = [step.begin for step in steps]
    opened, closed, waiting, overdue = ([0] * len(steps) for _ in range(4))
    for item in items:
        first = place(begins, item.created_at)
        last = place(begins, item.closed_at) if item.closed_at is not None else len(steps)
        if 0 <= first < len(steps) and item.created_at < period.end:
            opened[first] += 1
        if item.closed_at is not None and 0 <= last < len(steps) and item.closed_at < period.end:
            closed[last] += 1
        for number in range(max(first, 0), min(last, len(steps))):
            end = min(steps[number].end, now)
            if item.created_at < end and steps[number].begin <= now:
                waiting[number] += 1
                overdue[number] += _late(item, end)
    return [
        Step(step.name, step.begin, step.end, *found)
        for step, *found in zip(steps, opened, closed, waiting, overdue, strict=True)
        if step.begin <= now
    ]


def _late(item: Item, at: datetime) -> bool:
    return item.due is not None and item.due < at.date()
