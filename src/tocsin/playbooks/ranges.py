"""The ranges into which a numeric question's answers fall: between the numbers of the rules, the level can only change there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tocsin.playbooks.expressions import Condition
from tocsin.playbooks.scale import Question

_PERCENT: Final = 100.0


@dataclass(frozen=True, slots=True)
class Cell:
    """Answers that no rule tells apart: one number (``low == high``), or the open range between two. ``sample`` is one of them."""

    low: float
    high: float

    @property
    def point(self) -> bool:
        """Whether it is one number only."""
        return self.low == self.high

    @property
    def sample(self) -> float:
        """A number inside."""
        if self.point:
            return self.low
        if math.isinf(self.high):
            return self.low + 1.0
        if math.isinf(self.low):
            return self.high - 1.0
        return (self.low + self.high) / 2


def cells(question: Question, conditions: Iterable[Condition]) -> list[Cell]:
    """Return the cells of a numeric question in rising order: points and the ranges between them.

    A percentage lies from 0 to 100; another number from 0 (or the least number that a rule names) upwards without end.
    """
    named = {
        float(comparison.value)
        for condition in conditions
        for comparison in condition.comparisons
        if comparison.name == question.id and not isinstance(comparison.value, str)
    }
    if question.kind == "percent":
        edges = sorted({edge for edge in named if 0 <= edge <= _PERCENT} | {0.0, _PERCENT})
    else:
        edges = sorted(named | {0.0})
    found: list[Cell] = []
    for index, edge in enumerate(edges):
        found.append(Cell(edge, edge))
        if index + 1 < len(edges):
            found.append(Cell(edge, edges[index + 1]))
    if question.kind != "percent":
        found.append(Cell(edges[-1], math.inf))
    return found


def joined(run: Sequence[Cell]) -> Cell:
    """Return the range that neighbouring cells cover together."""
    return Cell(run[0].low, run[-1].high)


def words(run: Sequence[Cell], unit: str = "") -> str:
    """Return neighbouring cells in words: ``more than 25 %``, ``10 % to 25 %``, ``less than 10 %``, ``exactly 0 %``."""
    first, last = run[0], run[-1]
    mark = f" {unit}" if unit else ""
    low, high = f"{first.low:g}{mark}", f"{last.high:g}{mark}"
    if len(run) == 1 and first.point:
        return f"exactly {low}"
    if math.isinf(last.high):
        return f"{low} or more" if first.point else f"more than {low}"
    match first.point, last.point:
        case True, True:
            return f"{low} to {high}"
        case True, False:
            return f"{low} or more, but less than {high}" if first.low else f"less than {high}"
        case False, True:
            return f"more than {low}, up to {high}"
        case _:
            return f"between {low} and {high}"


def spans(run: Sequence[Cell]) -> str:
    """Return neighbouring cells for an id: ``10-25``, or ``5-inf`` where there is no upper end."""
    cell = joined(run)
    return f"{cell.low:g}-{cell.high:g}"


def runs(chosen: Sequence[bool], of: Sequence[Cell]) -> list[list[Cell]]:
    """Return the longest stretches of neighbouring cells that are chosen."""
    found: list[list[Cell]] = []
    before = False
    for cell, wanted in zip(of, chosen, strict=True):
        if wanted and before:
            found[-1].append(cell)
        elif wanted:
            found.append([cell])
        before = wanted
    return found
