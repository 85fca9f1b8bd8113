"""A slow and obvious answer to who is on call: walk through time minute by minute and watch the clock on the wall.

A hand-off happens when the clock has first shown its time, or a later one. So what counts at any moment is the latest time that the clock has
shown so far: it does not go back when the clock does, and it jumps over times that the clock leaves out. On that time everything is plain
arithmetic without zones.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.oncall.model import Hours, Layer
from tocsin.playbooks.durations import Duration

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def walk(zone: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield every minute from ``start`` to ``end`` with the latest wall time that the zone's clock has shown by then."""
    info = ZoneInfo(zone)
    at = start - 2 * DAY  # a clock that was set back shortly before has shown more than it shows now
    latest = datetime(1, 1, 1)  # noqa: DTZ001 (a wall time)
    while at < end:
        latest = max(latest, at.astimezone(info).replace(tzinfo=None))
        if at >= start:
            yield at, latest
        at += MINUTE


class Watch:
    """Somebody who keeps an eye on one layer and is told what the clock shows, never an earlier time than before."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._anchor = datetime.fromisoformat(layer.start)
        self._turn = 0
        self._began = _begin(layer, self._anchor, 0)
        self._next = _begin(layer, self._anchor, 1)
        self._lasts = Duration.parse(layer.lasts) if layer.lasts else None
        self._shifts = self._all_shifts()
        self._shift = next(self._shifts, None) if layer.unit == "shift" else None

    def groups(self, shown: datetime) -> set[tuple[str, ...]]:
        """Return the groups that are on call when the clock has shown ``shown``."""
        if self._layer.unit == "shift":
            return self._served(shown)
        while self._began > shown:
            self._turn_by(-1)
        while self._next <= shown:
            self._turn_by(1)
        if self._layer.hours and not any(_open(hours, shown) for hours in self._layer.hours):
            return set()
        if self._lasts is None:
            return {_group(self._layer, self._turn)}
        found = set()
        for turn in range(self._turn - (12 if self._lasts > self._next - self._began else 0), self._turn + 1):
            begin = _begin(self._layer, self._anchor, turn)
            if begin <= shown < begin + self._lasts:
                found.add(_group(self._layer, turn))
        return found

    def _turn_by(self, step: int) -> None:
        self._turn += step
        self._began, self._next = (_begin(self._layer, self._anchor, turn) for turn in (self._turn, self._turn + 1))

    def _served(self, shown: datetime) -> set[tuple[str, ...]]:
        while self._shift is not None and self._shift[2] <= shown:
            self._shift = next(self._shifts, None)
        if self._shift is None or shown < self._shift[1]:
            return set()
        return {_group(self._layer, self._shift[0] // self._layer.every)}

    def _all_shifts(self) -> Iterator[tuple[int, datetime, datetime]]:
        """Yield the shifts from the anchor on, one by one, with their numbers."""
        number, day = 0, self._anchor.date()
        while True:
            opened = sorted(found for found in (_windows(hours, day) for hours in self._layer.hours) if found is not None)
            for begin, end in opened:
                if begin >= self._anchor:
                    yield number, begin, end
                    number += 1
            day += DAY


def groups_at(layer: Layer, shown: datetime) -> set[tuple[str, ...]]:
    """Return the groups of a layer that are on call when the clock has shown ``shown``."""
    return Watch(layer).groups(shown)


def _group(layer: Layer, turn: int) -> tuple[str, ...]:
    return layer.groups[(turn + layer.ahead) % len(layer.groups)]


def _begin(layer: Layer, anchor: datetime, turn: int) -> datetime:
    step = layer.every * turn
    match layer.unit:
        case "hour":
            return anchor + timedelta(hours=step)
        case "day":
            return anchor + timedelta(days=step)
        case "week":
            return anchor + timedelta(weeks=step)
        case _:
            month = anchor.month - 1 + step
            year, month = anchor.year + month // 12, month % 12 + 1
            return anchor.replace(year=year, month=month, day=min(anchor.day, calendar.monthrange(year, month)[1]))


def _windows(hours: Hours, day: date) -> tuple[datetime, datetime] | None:
    if _DAYS[day.weekday()] not in hours.days:
        return None
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (a wall time)
    begin, end = (midnight + timedelta(hours=int(text[:2]), minutes=int(text[3:])) for text in (hours.start, hours.end))
    if hours.lasts:
        return begin, begin + Duration.parse(hours.lasts)
    return begin, end if end > begin else end + DAY


def _open(hours: Hours, shown: datetime) -> bool:
    days = (shown.date() - back * DAY for back in range(9 if hours.lasts else 2))
    return any(found is not None and found[0] <= shown < found[1] for found in (_windows(hours, day) for day in days))


def clock_changes(zone: str, start: datetime, end: datetime) -> list[datetime]:
    """Return the hours in which a zone's clock is changed, found by looking at every one of them."""
    info = ZoneInfo(zone)
    found = []
    at = start
    before = at.astimezone(info).utcoffset()
    while at < end:
        at += timedelta(hours=1)
        now = at.astimezone(info).utcoffset()
        if now != before:
            found.append(at)
        before = now
    return found


def utc(*parts: int) -> datetime:
    """Return a moment."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]
