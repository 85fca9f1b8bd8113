"""Moments and days on somebody's clock, as pages write them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime

from tocsin.oncall.walltime import day_of, seconds, show_wall, wall_of

FIRST_YEAR, LAST_YEAR = 1971, 2990
"""The years that one can reckon with."""
MOST_DIGITS = 18
_NUMBERS = re.compile(r"(\d+)")


def on_clock(zone: str) -> Callable[[datetime], str]:
    """Return a function that writes a moment on a clock: ``Mon 3 Nov 09:00``."""

    def shown(at: datetime) -> str:
        there = show_wall(wall_of(zone, seconds(at)))
        return f"{there:%a} {there.day} {there:%b %H:%M}"

    return shown


def field_of(zone: str) -> Callable[[datetime], str]:
    """Return a function that writes a moment as a field of a form has it: ``2025-11-03T09:00``."""

    def shown(at: datetime) -> str:
        return f"{show_wall(wall_of(zone, seconds(at))):%Y-%m-%dT%H:%M}"

    return shown


def today_of(zone: str, now: datetime) -> date:
    """Return the date that a zone's calendar shows."""
    return day_of(wall_of(zone, seconds(now)))


def day_asked(text: str, zone: str, now: datetime) -> date:
    """Return the date that a text names; today on the zone's calendar where it names none."""
    try:
        day = date.fromisoformat(text)
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            return day
    except ValueError:
        pass
    return today_of(zone, now)


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts names as people do: ``Team 2`` before ``Team 10``."""
    return tuple(
        (int(part), "") if part.isascii() and part.isdigit() and len(part) < MOST_DIGITS else (-1, part)
        for part in _NUMBERS.split(name.casefold())
        if part
    )


def clocks(mine: str, own: str, layers: Iterable[str], people: Iterable[str], most: int = 6) -> list[str]:
    """Return the clocks that a page can be read on: the reader's own first, then the schedule's, those of its layers and people, and UTC."""
    found = list(dict.fromkeys(one for one in (mine, own, *layers, *people) if one))[:most]
    return found if "UTC" in found else [*found, "UTC"]
