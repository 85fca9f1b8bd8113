"""Ninety days as a row of bars in one small picture: what is worse stands higher, so that colour is not the only sign. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from tocsin.comms.status.history import Day

STEP: Final = 4
"""Width of a day; a bar is three wide."""
HEIGHT: Final = 28
_HEIGHTS: Final[dict[str, int]] = {
    "unknown": 4, "operational": 14, "under_maintenance": 14, "degraded_performance": 19, "partial_outage": 24, "major_outage": 28,
}  # fmt: skip


class Bars(NamedTuple):
    """One path for all days of a state: ``width`` is that of its stroke."""

    state: str
    path: str
    width: int


def bars(days: Sequence[Day], since: datetime) -> list[Bars]:
    """Return the paths. since: earlier days are not known.

    Days that follow one another are one line, which the style cuts into bars by its dashes: sixty components stay a small page.
    """
    paths: dict[str, list[str]] = {}
    begin = 0
    states = ["unknown" if day.day.date() < since.date() and day.worst == "operational" else day.worst for day in days]
    for number, state in enumerate(states):
        if number + 1 < len(states) and states[number + 1] == state:
            continue
        height = _HEIGHTS.get(state, HEIGHT)
        middle = HEIGHT - height / 2
        paths.setdefault(state, []).append(f"M{begin * STEP} {middle:g}H{number * STEP + STEP - 1}")
        begin = number + 1
    return [Bars(state, "".join(parts), _HEIGHTS.get(state, HEIGHT)) for state, parts in paths.items()]
