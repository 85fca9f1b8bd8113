"""What being on call costs people: pages, how many of them at night, how often it broke into what they did, hours of duty. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from tocsin.engine.model import micros, moment
from tocsin.insights.period import Period, buckets
from tocsin.oncall.model import Hours
from tocsin.oncall.walltime import read_clock

HOURS: Final = 24
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOUR: Final = 3600
_MINUTE: Final = 60
_SATURDAY: Final = 5
_MOST_KNOWN: Final = 500_000


class Call(msgspec.Struct, frozen=True, gc=False):
    """A page that called somebody. Times are microseconds since 1970 UTC."""

    person: str
    page: str
    opened: int
    until: int
    """When it was acknowledged or ended; where neither happened, when it last called them."""
    incident: str
    group: str
    service: str
    high: bool
    """Whether it was urgent."""


class Felt(NamedTuple):
    """A call as the person felt it, on their own clock."""

    call: Call
    weekday: int
    """0 is Monday."""
    hour: int
    night: bool


class Person(msgspec.Struct, frozen=True):
    """One person's share."""

    person: str
    pages: int
    nights: int | None
    """Pages at night, on their own clock; None where nobody has said what night is."""
    interruptions: int
    """Stretches in which at least one page waited for them: pages that overlap break in once."""
    weekends: int
    hours: float | None = None
    """Hours on call; None where that was not asked."""


class Week(msgspec.Struct, frozen=True):
    """Pages of one week or month."""

    name: str
    begin: datetime
    end: datetime
    pages: int
    nights: int | None
    interruptions: int


class Clocks:
    """Says when calls came on the clock of who was called, and remembers it: one for each process."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Hours | None], dict[int, tuple[int, int, bool]]] = {}
        """By zone and by which hours are night: a moment -> weekday, hour, and whether it was night."""
        self._count = 0

    def felt(self, calls: Iterable[Call], zones: Mapping[str, str], night: Hours | None) -> list[Felt]:
        """Return calls as they were felt. zones: of each person, UTC where there is none; night: which hours are, None where nobody says."""
        if self._count > _MOST_KNOWN:
            self._known, self._count = {}, 0
        begin, end = (read_clock(text) for text in (night.start, night.end)) if night is not None else (0, 0)
        clocks: dict[str, tuple[ZoneInfo, dict[int, tuple[int, int, bool]]]] = {}
        made = []
        for call in calls:
            person, opened = call.person, call.opened
            if person not in clocks:
                zone = zones.get(person) or "UTC"
                clocks[person] = ZoneInfo(zone), self._known.setdefault((zone, night), {})
            zone_, known = clocks[person]
            local = known.get(opened)
            if local is None:
                at = moment(opened).astimezone(zone_)
                second = at.hour * _HOUR + at.minute * _MINUTE + at.second
                dark = night is not None and (begin <= second < end if begin < end else second >= begin or second < end)
                local = known[opened] = at.weekday(), at.hour, dark
                self._count += 1
            made.append(Felt(call, *local))
        return made


def people(calls: Iterable[Felt], night: Hours | None, hours: Mapping[str, float] | None) -> list[Person]:
    """Return everybody who was called or on call, the most interrupted first. calls: oldest first; hours: on call, None where not asked."""
    # pages, nights, weekends, interruptions, until when the last one lasted
    sums: dict[str, list[int]] = {name: [0, 0, 0, 0, -1] for name in hours or ()}
    for call, weekday, _, dark in calls:
        own = sums.get(call.person)
        if own is None:
            own = sums[call.person] = [0, 0, 0, 0, -1]
        own[0] += 1
        own[1] += dark
        own[2] += weekday >= _SATURDAY
        if call.opened > own[4]:
            own[3] += 1
            own[4] = call.until
        elif call.until > own[4]:
            own[4] = call.until
    made = [
        Person(name, pages, None if night is None else nights, broken, weekends, None if hours is None else hours.get(name, 0.0))
        for name, (pages, nights, weekends, broken, _) in sums.items()
    ]
    return sorted(made, key=lambda one: (-one.interruptions, -one.pages, -(one.hours or 0), one.person))


def interruptions(calls: Iterable[Call]) -> int:
    """Return how often somebody was interrupted: pages that overlap count once. calls: oldest first."""
    count, over = 0, -1
    for call in calls:
        if call.opened > over:
            count += 1
            over = call.until
        elif call.until > over:
            over = call.until
    return count


def over_time(calls: Sequence[Felt], period: Period, night: Hours | None) -> list[Week]:
    """Return how much everybody was called in each week or month."""
    steps = buckets(period)
    begins = [micros(step.begin) for step in steps]
    inside: list[list[Felt]] = [[] for _ in steps]
    for one in calls:
        number = bisect_right(begins, one.call.opened) - 1
        if 0 <= number < len(steps):
            inside[number].append(one)
    made = []
    for step, found in zip(steps, inside, strict=True):
        own: defaultdict[str, list[Call]] = defaultdict(list)
        for one in found:
            own[one.call.person].append(one.call)
        nights = None if night is None else sum(one.night for one in found)
        made.append(Week(step.name, step.begin, step.end, len(found), nights, sum(interruptions(some) for some in own.values())))
    return made


def by_hour(calls: Iterable[Felt]) -> list[list[int]]:
    """Return how many pages came in each hour of the week, on the clock of who was called: seven days from Monday, 24 hours each."""
    grid = [[0] * HOURS for _ in DAYS]
    for one in calls:
        grid[one.weekday][one.hour] += 1
    return grid
