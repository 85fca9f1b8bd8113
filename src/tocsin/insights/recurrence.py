"""What comes back: incidents of one service, and of one cause where it is known, that follow one another within so many days. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

import msgspec

from tocsin.insights.cases import Case

Like = Literal["cause", "service"]


class Chain(msgspec.Struct, frozen=True):
    """Incidents of which each came back within the days after the one before, oldest first."""

    service: str
    cause: str
    cases: tuple[Case, ...]


class Recurrence(msgspec.Struct, frozen=True):
    """What came back within a period."""

    days: int
    like: Like
    chains: tuple[Chain, ...]
    """The longest first."""
    repeats: int
    """Incidents that had one like them within the days before."""
    counted: int
    """Incidents that could be compared …"""
    unknown: int
    """… and those that could not: no service, or no cause where it is asked for."""

    @property
    def share(self) -> float | None:
        """Repeats of those that could be compared, 0 to 1; None where there are none."""
        return self.repeats / self.counted if self.counted else None


def recurrence(cases: Iterable[Case], days: int, like: Like) -> Recurrence:
    """Return what came back. days: between the end of one (its declaration, where it has none) and the declaration of the next."""
    alike: defaultdict[tuple[str, str], list[Case]] = defaultdict(list)
    unknown = 0
    for case in cases:
        if not case.service or (like == "cause" and not case.cause):
            unknown += 1
        else:
            alike[case.service, case.cause if like == "cause" else ""].append(case)
    chains: list[Chain] = []
    counted = repeats = 0
    for (service, cause), found in alike.items():
        counted += len(found)
        for chain in _chains(sorted(found, key=lambda case: (case.declared, case.incident)), timedelta(days=days)):
            repeats += len(chain) - 1
            chains.append(Chain(service, cause, tuple(chain)))
    return Recurrence(
        days, like, tuple(sorted(chains, key=lambda one: (-len(one.cases), one.service, one.cause))), repeats, counted, unknown
    )


def _chains(cases: list[Case], within: timedelta) -> list[list[Case]]:
    """Return the runs of two and more in which each follows the one before in time."""
    found: list[list[Case]] = []
    run: list[Case] = []
    for case in cases:
        if run and case.at - run[-1].over_at <= within:
            run.append(case)
            continue
        if len(run) > 1:
            found.append(run)
        run = [case]
    return [*found, run] if len(run) > 1 else found
