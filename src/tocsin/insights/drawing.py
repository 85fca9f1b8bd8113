"""Where the lines, bars and cells of a chart go: percent across, pixels down, so that a template can draw it at any width without a style. Pure.

Text stands beside what it means and never scales with the drawing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from tocsin.playbooks.durations import Duration as Span
from tocsin.playbooks.durations import format_span

TALL: Final = 220
"""Height of a chart over time in pixels."""
_MOST_TICKS: Final = 6
_MOST_LABELS: Final = 7
_APART: Final = 12
"""How many times the least a figure is the most, from where on a scale of equal steps would hide the small ones."""
_LADDER: Final = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 86400, 3 * 86400, 7 * 86400, 28 * 86400, 182 * 86400, 364 * 86400)
_EVEN: Final = (
    1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 4 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400, 14 * 86400, 28 * 86400,
)  # fmt: skip
_HEAT_LEVELS: Final = 5


class Tick(msgspec.Struct, frozen=True):
    """A line of the scale."""

    y: float
    text: str


class Label(msgspec.Struct, frozen=True):
    """A word below the drawing."""

    x: float
    text: str
    anchor: str


class Dot(msgspec.Struct, frozen=True):
    """A value. ``href``: what is behind it."""

    x: float
    y: float
    says: str
    href: str
    few: bool = False


class Line(msgspec.Struct, frozen=True):
    """Values that belong together. ``kind`` names its look, ``segments`` are (x1, y1, x2, y2)."""

    kind: str
    name: str
    dots: tuple[Dot, ...]
    segments: tuple[tuple[float, float, float, float], ...]


class Lines(msgspec.Struct, frozen=True):
    """A chart of lines over time."""

    height: int
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    lines: tuple[Line, ...]
    log: bool
    least: float
    most: float
    """What the scale begins and ends with."""


class Part(msgspec.Struct, frozen=True):
    """A part of a bar. ``kind`` names its look."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    says: str
    href: str


class Bars(msgspec.Struct, frozen=True):
    """A chart of bars over time, each of several parts."""

    height: int
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    parts: tuple[Part, ...]
    kinds: tuple[tuple[str, str], ...]
    """Look and name of each kind of part."""


class Cell(msgspec.Struct, frozen=True):
    """A cell of a heat map."""

    x: float
    y: int
    width: float
    level: int
    """0 (nothing) to 4."""
    count: int
    says: str


class Heat(msgspec.Struct, frozen=True):
    """A heat map: rows of cells, a word before each row, words below."""

    height: int
    row: int
    rows: tuple[str, ...]
    cells: tuple[Cell, ...]
    labels: tuple[Label, ...]
    levels: tuple[tuple[int, str], ...]
    """Level and what it stands for."""


class Scale(msgspec.Struct, frozen=True):
    """From a value to pixels down."""

    least: float
    most: float
    height: int
    log: bool
    ticks: tuple[Tick, ...]

    def y(self, value: float) -> float:
        """Return how far down a value stands."""
        return round(self.height * (1 - self.share(value)), 1)

    def share(self, value: float) -> float:
        """Return where between its ends a value stands, 0 to 1."""
        if self.log:
            value = max(value, self.least)
            found = math.log(value / self.least) / math.log(self.most / self.least)
        else:
            found = (value - self.least) / (self.most - self.least)
        return min(1.0, max(0.0, found))


Point = tuple[float | None, str, str, bool]
"""A value (None: not known), what it says, what is behind it, and whether few cases are."""


def spans(values: Sequence[float], height: int = TALL) -> Scale:
    """Return the scale of durations in seconds: of equal ratios where the largest is many times the smallest, of equal steps from 0 otherwise."""
    known = [value for value in values if value > 0]
    if not known:
        return Scale(0, 60, height, log=False, ticks=(Tick(height, "0m"), Tick(0, "1m")))
    least, most = min(known), max(known)
    log = most > _APART * least
    if log:
        low = max((step for step in _LADDER if step <= least), default=_LADDER[0])
        high = min((step for step in _LADDER if step >= most), default=math.ceil(most))
        found = _thin([step for step in _LADDER if low <= step <= high])
        scale = Scale(low, high, height, log=True, ticks=())
    else:
        step = next((step for step in _EVEN if most / step <= _MOST_TICKS), math.ceil(most / _MOST_TICKS))
        high = step * math.ceil(most / step)
        found = [step * number for number in range(high // step + 1)]
        scale = Scale(0, high, height, log=False, ticks=())
    return msgspec.structs.replace(scale, ticks=tuple(Tick(scale.y(at), format_span(Span(seconds=at))) for at in found))


def counts(most: float, height: int = TALL) -> Scale:
    """Return the scale of counts, from 0."""
    step = _round_step(most)
    high = step * max(1, math.ceil(most / step))
    scale = Scale(0, high, height, log=False, ticks=())
    return msgspec.structs.replace(scale, ticks=tuple(Tick(scale.y(at), f"{at:,}") for at in range(0, high + 1, step)))


def shares(height: int = TALL) -> Scale:
    """Return the scale of shares, 0 to 1."""
    scale = Scale(0, 1, height, log=False, ticks=())
    return msgspec.structs.replace(scale, ticks=tuple(Tick(scale.y(part / 4), f"{part * 25} %") for part in range(5)))


def lines(scale: Scale, names: Sequence[str], series: Sequence[tuple[str, str, Sequence[Point]]]) -> Lines:
    """Return lines over as many steps as there are names. A step without a value breaks its line: nothing is drawn where nothing is known."""
    made = []
    for kind, name, points in series:
        dots: list[Dot] = []
        segments: list[tuple[float, float, float, float]] = []
        last: Dot | None = None
        for number, (value, says, href, few) in enumerate(points):
            if value is None:
                last = None
                continue
            dot = Dot(_middle(number, len(names)), scale.y(value), says, href, few)
            if last is not None:
                segments.append((last.x, last.y, dot.x, dot.y))
            dots.append(dot)
            last = dot
        made.append(Line(kind, name, tuple(dots), tuple(segments)))
    return Lines(scale.height, scale.ticks, labels(names), tuple(made), scale.log, scale.least, scale.most)


def bars(
    names: Sequence[str], kinds: Sequence[tuple[str, str]], values: Sequence[Sequence[tuple[float, str, str]]], scale: Scale | None = None
) -> Bars:
    """Return stacked bars. kinds: look and name, from the bottom up; values: of each step one (count, says, href) for each kind."""
    scale = scale or counts(max((sum(value for value, _, _ in step) for step in values), default=0))
    wide = 100 / max(1, len(names))
    parts = []
    for number, step in enumerate(values):
        low = 0.0
        for (kind, _), (value, says, href) in zip(kinds, step, strict=True):
            if value:
                top, bottom = scale.y(low + value), scale.y(low)
                parts.append(
                    Part(kind, round(number * wide + wide * 0.15, 3), top, round(wide * 0.7, 3), round(bottom - top, 1), says, href)
                )
            low += value
    return Bars(scale.height, scale.ticks, labels(names), tuple(parts), tuple(kinds))


def heat(rows: Sequence[str], grid: Sequence[Sequence[int]], says: Sequence[Sequence[str]], words: Sequence[str], row: int = 26) -> Heat:
    """Return a heat map. words: below the columns, one for each, empty where none stands."""
    most = max((count for line in grid for count in line), default=0)
    columns = max((len(line) for line in grid), default=1)
    wide = 100 / columns
    cells = tuple(
        Cell(round(x * wide, 3), y * row, round(wide, 3), level(count, most), count, says[y][x])
        for y, line in enumerate(grid)
        for x, count in enumerate(line)
    )
    below = tuple(Label(round((x + 0.5) * wide, 3), word, "middle") for x, word in enumerate(words) if word)
    return Heat(row * len(rows), row, tuple(rows), cells, below, levels(most))


def level(count: int, most: int) -> int:
    """Return how dark a cell is: 0 for nothing, 1 to 4 by quarters of the most."""
    return 0 if not count else min(_HEAT_LEVELS - 1, -(-count * (_HEAT_LEVELS - 1) // max(most, 1)))


def levels(most: int) -> tuple[tuple[int, str], ...]:
    """Return each level with the counts that it stands for."""
    found: dict[int, list[int]] = {}
    for count in range(1, most + 1):
        found.setdefault(level(count, most), []).append(count)
    return tuple((number, f"{own[0]}" if own[0] == own[-1] else f"{own[0]}–{own[-1]}") for number, own in sorted(found.items()))


def labels(names: Sequence[str]) -> tuple[Label, ...]:
    """Return words below the steps, only as many as have room, the newest always among them."""
    count = len(names)
    each = max(1, -(-count // _MOST_LABELS))
    chosen = range((count - 1) % each, count, each) if count else range(0)
    return tuple(Label(_middle(number, count), names[number], _anchor(number, count)) for number in chosen)


def _middle(number: int, count: int) -> float:
    return round((number + 0.5) * 100 / count, 3)


def _anchor(number: int, count: int) -> str:
    return "middle" if count <= 2 or 0 < number < count - 1 else "start" if number == 0 else "end"  # noqa: PLR2004 (one or two stand well inside)


def _round_step(most: float) -> int:
    raw = max(1.0, most / (_MOST_TICKS - 1))
    power = 10 ** math.floor(math.log10(raw))
    return int(next(power * step for step in (1, 2, 5, 10) if power * step >= raw))


def _thin(ticks: list[int]) -> list[int]:
    each = max(1, -(-len(ticks) // _MOST_TICKS))
    return ticks[::each]
