"""Shifts as lanes of text: one line for each person, time from left to right. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from tocsin.cli import output

_NAME: Final = 18
NOBODY: Final = "nobody"


def lanes(
    shifts: Sequence[Mapping[str, Any]], gaps: Sequence[Mapping[str, Any]], start: datetime, end: datetime, zone: tzinfo, width: int
) -> list[str]:  # fmt: skip
    """Return the lines of a chart: days above, a lane for each person in the order in which they come, and one for the time without anybody.

    width: of the whole line in characters. A full block is a cell in which the person is on call for at least half of the time.
    """
    cells = max(width - _NAME - 2, 20)
    step = (end - start) / cells
    rows: dict[str, list[tuple[datetime, datetime]]] = {}
    for shift in sorted(shifts, key=lambda one: one["start"]):
        name = shift["name"] + (f" ({shift['role']})" if shift["role"] else "")
        rows.setdefault(name, []).append(_ends(shift))
    if gaps:
        rows[NOBODY] = [_ends(gap) for gap in gaps]
    drawn = [" " * (_NAME + 2) + _days(start, end, zone, cells)]
    for name, spans in rows.items():
        mark = "!" if name == NOBODY else "█"
        bar = "".join(_cell(start + step * place, step, spans, mark) for place in range(cells))
        label = name if len(name) <= _NAME else name[: _NAME - 1] + "…"
        drawn.append(f"{label.ljust(_NAME)}  {output.tone(bar, 'bad') if name == NOBODY else bar}")
    return drawn


def _ends(span: Mapping[str, Any]) -> tuple[datetime, datetime]:
    start, end = output.moment(span["start"]), output.moment(span["end"])
    assert start is not None
    assert end is not None
    return start, end


def _cell(start: datetime, step: timedelta, spans: Sequence[tuple[datetime, datetime]], mark: str) -> str:
    covered = sum((max(min(end, start + step) - max(begin, start), timedelta()) for begin, end in spans), timedelta())
    return mark if covered * 2 >= step else "·"


def _days(start: datetime, end: datetime, zone: tzinfo, cells: int) -> str:
    """Return the days above a chart, each at the cell in which it begins; those that find no room are left out."""
    line = [" "] * (cells + 12)
    day = start.astimezone(zone).date()
    free = 0
    while True:
        begin = datetime(day.year, day.month, day.day, tzinfo=zone)
        if begin >= end:
            break
        place = max(int((begin - start) / (end - start) * cells), 0)
        text = f"{day:%a} {day.day}"
        if place >= free and place + len(text) <= cells:
            line[place : place + len(text)] = text
            free = place + len(text) + 1
        day += timedelta(days=1)
    return "".join(line).rstrip()
