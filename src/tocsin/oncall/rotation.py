"""Turns of one layer: who has which stretch of time. Pure arithmetic on wall times and instants (see walltime.py).

A turn begins at a wall time, so a weekly hand-off at 09:00 stays at 09:00 over a change of the clock and that week lasts an hour more or less.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import Final, NamedTuple

from tocsin.oncall.model import Hours, Layer
from tocsin.oncall.walltime import (
    DAY,
    FIRST_MONDAY,
    HOUR,
    WEEK,
    WEEKDAYS,
    day_of,
    instant_of,
    midnight,
    months_between,
    months_later,
    read_clock,
    read_wall,
    seconds,
    wall_of,
    week_of,
)
from tocsin.playbooks.durations import Duration

_LENGTHS: Final = {"hour": HOUR, "day": DAY, "week": WEEK}
_SHORTEST_MONTH: Final = 28 * DAY
FOREVER: Final = 1 << 62


class Piece(NamedTuple):
    """A stretch [start, end) of instants in which a turn's people are on call; ``turn`` counts from 0 at the layer's start."""

    start: int
    end: int
    turn: int


class Compiled(NamedTuple):
    """A layer with its texts read. Seconds throughout."""

    zone: str
    anchor: int
    """The wall time at which turn 0 begins."""
    length: int
    """Of a turn; 0 where it is counted in months or shifts."""
    months: int
    """Of a turn; 0 where it is counted in something else."""
    shifts: int
    """How many served stretches make a turn; 0 where it is counted in something else."""
    lasts: int
    """How much of each turn counts; 0: all of it."""
    windows: tuple[tuple[int, int], ...]
    """Hours as begin after Monday 00:00 and length, by begin; none: always."""
    groups: tuple[tuple[str, ...], ...]
    ahead: int
    begins: int
    until: int


@lru_cache(maxsize=8192)
def compiled(layer: Layer, zone: str) -> Compiled:
    """Read a layer. zone: the schedule's, for a layer without one.

    Raises:
        ValueError: a text of it is not a time or a duration; the message says what to write.

    """
    zone = layer.zone or zone
    anchor = read_wall(layer.start) if layer.start else 0
    length = _LENGTHS.get(layer.unit, 0) * layer.every
    lasts = int(Duration.parse(layer.lasts).total_seconds()) if layer.lasts else 0
    begins = seconds(layer.begins) if layer.begins is not None else (instant_of(zone, anchor) if layer.start else -FOREVER)
    until = seconds(layer.until) if layer.until is not None else FOREVER
    return Compiled(
        zone, anchor, length, layer.every if layer.unit == "month" else 0, layer.every if layer.unit == "shift" else 0, lasts,
        _windows(layer.hours), layer.groups, layer.ahead, begins, until,
    )  # fmt: skip


def _windows(hours: tuple[Hours, ...]) -> tuple[tuple[int, int], ...]:
    found: dict[int, int] = {}
    for one in hours:
        begin, end = read_clock(one.start), read_clock(one.end)
        length = end - begin if end > begin else end - begin + DAY
        if one.lasts:
            length = int(Duration.parse(one.lasts).total_seconds())
        for day in one.days:
            at = WEEKDAYS.index(day) * DAY + begin
            found[at] = max(found.get(at, 0), length)
    return tuple(sorted(found.items()))


def people_of(layer: Compiled, turn: int, further: int = 0) -> tuple[str, ...]:
    """Return who has a turn. further: so many groups after that."""
    return layer.groups[(turn + layer.ahead + further) % len(layer.groups)] if layer.groups else ()


def turn_begins(layer: Compiled, turn: int) -> int:
    """Return the wall time at which a turn begins (of a layer whose turns are not counted in shifts)."""
    return months_later(layer.anchor, turn * layer.months) if layer.months else layer.anchor + turn * layer.length


def turn_at(layer: Compiled, instant: int) -> int:
    """Return the last turn that has begun at an instant (of a layer whose turns are not counted in shifts)."""
    wall = wall_of(layer.zone, instant)
    turn = months_between(layer.anchor, wall) // layer.months if layer.months else (wall - layer.anchor) // layer.length
    # The wall shows times twice, or not at all, near a change of the clock; only instants are in order.
    while instant_of(layer.zone, turn_begins(layer, turn)) > instant:
        turn -= 1
    while instant_of(layer.zone, turn_begins(layer, turn + 1)) <= instant:
        turn += 1
    return turn


def hand_offs(layer: Compiled, start: int, end: int) -> list[int]:
    """Return the instants at which a turn begins, from the begin of the one at ``start`` to the end of the one that runs at ``end``."""
    turn = turn_at(layer, start)
    found: list[int] = []
    while True:
        at = instant_of(layer.zone, turn_begins(layer, turn))
        if not found or at > found[-1]:
            found.append(at)
        if at >= end:
            return found
        turn += 1


def pieces(layer: Compiled, start: int, end: int) -> list[Piece]:
    """Return the stretches of a layer within [start, end), cut to it, by start. Turns follow one another; those without time are left out."""
    start, end = max(start, layer.begins), min(end, layer.until)
    if start >= end or not layer.groups:
        return []
    found = _served(layer, start, end) if layer.shifts else _turns(layer, start, end)
    if layer.windows and not layer.shifts:
        found = _within(layer, found)
    return found


def _turns(layer: Compiled, start: int, end: int) -> list[Piece]:
    if len(layer.groups) == 1 and not layer.lasts:
        return [Piece(start, end, 0)]  # one group after itself: its turns cannot be told apart
    shortest = layer.months * _SHORTEST_MONTH if layer.months else layer.length
    turn = turn_at(layer, start) - (-(-layer.lasts // shortest) if layer.lasts > shortest else 0)
    found = []
    wall = turn_begins(layer, turn)
    at = instant_of(layer.zone, wall)
    while at < end:
        following = turn_begins(layer, turn + 1)
        after = instant_of(layer.zone, following)
        stops = instant_of(layer.zone, wall + layer.lasts) if layer.lasts else after
        begin, stop = max(at, start), min(stops, end)
        if begin < stop:
            found.append(Piece(begin, stop, turn))
        turn, wall, at = turn + 1, following, after
    return found


def _window_numbers(layer: Compiled, start: int, end: int) -> range:
    """Return the numbers of the windows that may touch [start, end). Windows are numbered on, from the week of 1970-01-05."""
    longest = max(length for _, length in layer.windows)
    low, high = wall_of(layer.zone, start) - longest - DAY, wall_of(layer.zone, end) + DAY
    return range(_number_from(layer, low), _number_from(layer, high))


def _number_from(layer: Compiled, wall: int) -> int:
    """Return the number of the first window that begins at a wall time or later."""
    monday = week_of(wall)
    return (monday // WEEK) * len(layer.windows) + bisect_left(layer.windows, (wall - monday, 0))


def _window(layer: Compiled, number: int) -> tuple[int, int]:
    """Return the instants between which a window lies."""
    week, place = divmod(number, len(layer.windows))
    begin, length = layer.windows[place]
    wall = week * WEEK + FIRST_MONDAY + begin
    return instant_of(layer.zone, wall), instant_of(layer.zone, wall + length)


def _served(layer: Compiled, start: int, end: int) -> list[Piece]:
    if not layer.windows:
        return []
    first = _number_from(layer, layer.anchor)
    found = []
    for number in _window_numbers(layer, start, end):
        begin, stop = _window(layer, number)
        begin, stop = max(begin, start), min(stop, end)
        if begin < stop:
            found.append(Piece(begin, stop, (number - first) // layer.shifts))
    return found


def _within(layer: Compiled, turns: list[Piece]) -> list[Piece]:
    """Cut turns to the layer's hours."""
    if not turns:
        return []
    end = max(piece.end for piece in turns)
    opened: list[tuple[int, int]] = []
    for number in _window_numbers(layer, turns[0].start, end):
        begin, stop = _window(layer, number)
        if opened and begin <= opened[-1][1]:
            opened[-1] = (opened[-1][0], max(opened[-1][1], stop))
        elif begin < stop:
            opened.append((begin, stop))
    begins = [begin for begin, _ in opened]
    found = []
    for piece in turns:
        place = max(bisect_right(begins, piece.start) - 1, 0)
        while place < len(opened) and opened[place][0] < piece.end:
            begin, stop = max(piece.start, opened[place][0]), min(piece.end, opened[place][1])
            if begin < stop:
                found.append(Piece(begin, stop, piece.turn))
            place += 1
    return sorted(found)


def holidays_of(dates: tuple[str, ...], zone: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the holidays that touch [start, end) as instants, on a zone's clock, in order."""
    return [(begin, stop) for begin, stop in _all_holidays(dates, zone) if begin < end and stop > start]


@lru_cache(maxsize=1024)
def _all_holidays(dates: tuple[str, ...], zone: str) -> tuple[tuple[int, int], ...]:
    walls = sorted({midnight(day_of(read_wall(date))) for date in dates})
    return tuple((instant_of(zone, wall), instant_of(zone, wall + DAY)) for wall in walls)


def without(found: list[Piece], spans: list[tuple[int, int]]) -> list[Piece]:
    """Cut stretches of time out of pieces."""
    for begin, stop in spans:
        left = []
        for piece in found:
            if piece.end <= begin or piece.start >= stop:
                left.append(piece)
                continue
            if piece.start < begin:
                left.append(piece._replace(end=begin))
            if piece.end > stop:
                left.append(piece._replace(start=stop))
        found = left
    return found


def only_in(found: list[Piece], spans: list[tuple[int, int]]) -> list[Piece]:
    """Cut pieces to stretches of time."""
    return sorted(
        piece._replace(start=max(piece.start, begin), end=min(piece.end, stop))
        for begin, stop in spans
        for piece in found
        if piece.start < stop and piece.end > begin
    )
