"""How duties and promises were kept over many incidents: over time, and by the rule that asks for them. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from tocsin.engine.model import micros
from tocsin.insights.cases import Case
from tocsin.insights.figures import JUDGED, duties_of
from tocsin.insights.period import Period, buckets


class Judged(msgspec.Struct, frozen=True):
    """How duties came out; each that has fallen due, or was waived, counts once. ``overdue``: still not done."""

    kept: int = 0
    late: int = 0
    missed: int = 0
    waived: int = 0
    overdue: int = 0
    promises_kept: int = 0
    promises_due: int = 0
    ticked: int = 0
    ticks_waived: int = 0
    incidents: int = 0

    @property
    def due(self) -> int:
        """How many have fallen due; waived ones stand apart."""
        return self.kept + self.late + self.missed + self.overdue

    @property
    def share(self) -> float | None:
        """How many of those were kept in time, 0 to 1; None where none has fallen due."""
        return self.kept / self.due if self.due else None

    @property
    def promised(self) -> float | None:
        """How many promised updates came in time, 0 to 1; None where none was due."""
        return self.promises_kept / self.promises_due if self.promises_due else None


class Month(msgspec.Struct, frozen=True):
    """One week or month of a period."""

    name: str
    begin: datetime
    end: datetime
    judged: Judged


class Rule(msgspec.Struct, frozen=True):
    """One duty of a playbook over many incidents."""

    playbook: str
    rule: str
    judged: Judged


def total(cases: Iterable[Case]) -> Judged:
    """Return how the duties of all these incidents came out."""
    sums = [0] * 10
    for case in cases:
        _add(sums, case)
    return Judged(*sums)


def over_time(cases: Iterable[Case], period: Period) -> list[Month]:
    """Return how duties came out by when their incident was declared."""
    steps = buckets(period)
    begins = [micros(step.begin) for step in steps]
    sums = [[0] * 10 for _ in steps]
    for case in cases:
        number = bisect_right(begins, case.declared) - 1
        if 0 <= number < len(steps):
            _add(sums[number], case)
    return [Month(step.name, step.begin, step.end, Judged(*found)) for step, found in zip(steps, sums, strict=True)]


def by_rule(cases: Iterable[Case]) -> list[Rule]:
    """Return each duty with how it came out, the one most often not kept first; a duty is a rule of one playbook."""
    sums: dict[tuple[str, str], list[int]] = {}
    incidents: dict[tuple[str, str], int] = {}
    alike = Counter((case.playbook, case.duties) for case in cases)  # most incidents of a playbook came out like others
    for (playbook, text), times in alike.items():
        for rule, counts in duties_of(text).items():
            key = (playbook, rule)
            found = sums.setdefault(key, [0] * len(JUDGED))
            incidents[key] = incidents.get(key, 0) + times
            for number, count in enumerate(counts):
                found[number] += count * times
    made = [
        Rule(playbook, rule, Judged(**dict(zip(JUDGED, counts, strict=True)), incidents=incidents[playbook, rule]))
        for (playbook, rule), counts in sums.items()
    ]
    return sorted(
        made, key=lambda one: (-(one.judged.late + one.judged.missed + one.judged.overdue), -one.judged.due, one.playbook, one.rule)
    )


def named(rule: Rule, names: Mapping[tuple[str, str], str]) -> str:
    """Return what a duty is called in its playbook; its id where that has no such rule any more."""
    return names.get((rule.playbook, rule.rule)) or rule.rule.replace("_", " ")


def _add(sums: list[int], case: Case) -> None:
    sums[0] += case.kept
    sums[1] += case.late
    sums[2] += case.missed
    sums[3] += case.waived
    sums[4] += case.overdue
    sums[5] += case.promises_kept
    sums[6] += case.promises_due
    sums[7] += case.ticked
    sums[8] += case.ticks_waived
    sums[9] += 1
