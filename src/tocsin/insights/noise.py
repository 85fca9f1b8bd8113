"""How much of what the monitoring says matters: groups of alerts, how many called somebody, how many became incidents. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from tocsin.engine.model import micros
from tocsin.insights.period import Period, buckets


class Group(msgspec.Struct, frozen=True, gc=False):
    """A group of alerts, as its list has it."""

    id: str
    title: str
    service: str
    opened: int
    """Microseconds since 1970 UTC."""
    paged: bool
    incident: str
    """Which it led to, or joined; empty where it did neither."""
    acknowledged: bool


class Noise(msgspec.Struct, frozen=True):
    """Groups, and what they led to."""

    name: str
    groups: int
    paged: int
    incidents: int
    ignored: int
    """Groups that called somebody, and that nobody acknowledged."""
    begin: datetime | None = None
    end: datetime | None = None
    newest: str = ""
    """The id of the newest of them."""

    @property
    def share(self) -> float | None:
        """How many became incidents, 0 to 1; None where there was no group."""
        return self.incidents / self.groups if self.groups else None


def total(groups: Iterable[Group]) -> Noise:
    """Return what all groups come to."""
    return _noise("", groups)


def over_time(groups: Iterable[Group], period: Period) -> list[Noise]:
    """Return the groups of each week or month."""
    steps = buckets(period)
    begins = [micros(step.begin) for step in steps]
    inside: list[list[Group]] = [[] for _ in steps]
    for group in groups:
        number = bisect_right(begins, group.opened) - 1
        if 0 <= number < len(steps):
            inside[number].append(group)
    return [_noise(step.name, found, step.begin, step.end) for step, found in zip(steps, inside, strict=True)]


def by(groups: Iterable[Group], key: Callable[[Group], str]) -> list[Noise]:
    """Return the groups by a word of theirs, the noisiest first: those that led nowhere most often."""
    found: defaultdict[str, list[Group]] = defaultdict(list)
    for group in groups:
        found[key(group)].append(group)
    return sorted((_noise(name, own) for name, own in found.items()), key=lambda one: (one.incidents - one.groups, -one.paged, one.name))


def _noise(name: str, groups: Iterable[Group], begin: datetime | None = None, end: datetime | None = None) -> Noise:
    found = list(groups)
    newest = max(found, key=lambda group: group.opened, default=None)
    return Noise(
        name, len(found), sum(group.paged for group in found), sum(bool(group.incident) for group in found),
        sum(group.paged and not group.acknowledged and not group.incident for group in found), begin, end, newest.id if newest else "",
    )  # fmt: skip
