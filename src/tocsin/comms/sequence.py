"""A row of updates judged: promises that were broken, the longest silence, times out of order, an end before the beginning. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

import msgspec

OUT_OF_ORDER: Final = "times do not follow the order of the list"
ENDED_FIRST: Final = "resolved before started"


class Sent(msgspec.Struct, frozen=True):
    """One update: when it was sent, and by when it promised the next one."""

    at: datetime
    next_by: datetime | None = None
    ends: bool = False
    """It says that it is over: no more is promised, and a promise that waits is kept by it."""


class Judged(msgspec.Struct, frozen=True):
    """What stands out in a row of updates. Positions count from 0 in the order given."""

    late: tuple[int, ...]
    """Updates whose promise was broken: the next one came after the promised time, or none came and that time has passed."""
    longest_gap: timedelta | None
    """The longest time between two updates; None of fewer than two."""
    out_of_order: tuple[int, ...]
    """Updates whose time does not fit their place in the list."""
    duration: timedelta | None
    """From beginning to end; None where one is not known, or the end lies before the beginning."""
    flags: tuple[str, ...]
    """In words, for people."""


def judge(
    updates: Sequence[Sent], *, now: datetime | None = None, order: Literal["oldest first", "newest first"] = "oldest first",
    started: datetime | None = None, ended: datetime | None = None,
) -> Judged:  # fmt: skip
    """Judge updates in the order in which they are listed; those of one minute keep it.

    now: promises that lie before it and were followed by nothing are broken. started, ended: where they are known apart from the updates.
    An update at the very moment of the promise is in time.
    """
    listed = list(enumerate(updates))
    if order == "newest first":
        listed.reverse()
    out = _misplaced([(position, one.at) for position, one in listed])
    in_time = sorted(listed, key=lambda pair: pair[1].at)
    late = []
    for place, (position, one) in enumerate(in_time):
        if one.next_by is None or one.ends:
            continue
        following = in_time[place + 1][1].at if place + 1 < len(in_time) else None
        if (following is not None and following > one.next_by) or (following is None and now is not None and now > one.next_by):
            late.append(position)
    times = [one.at for _, one in in_time]
    gaps = [after - before for before, after in pairwise(times)]
    begin, end = started or (times[0] if times else None), ended or (times[-1] if times and in_time[-1][1].ends else None)
    duration = end - begin if begin is not None and end is not None and end >= begin else None
    flags = [OUT_OF_ORDER] if out else []
    if begin is not None and end is not None and end < begin:
        flags.append(ENDED_FIRST)
    return Judged(tuple(sorted(late)), max(gaps, default=None), tuple(out), duration, tuple(flags))


def _misplaced(listed: Sequence[tuple[int, datetime]]) -> list[int]:
    """Return the fewest positions without which the times would never go back: all but the longest row of times that never falls.

    Where there are several such rows, the newest update is taken to be right.
    """
    best: list[tuple[int, int | None]] = []
    for place, (_, at) in enumerate(listed):
        length, before = 1, None
        for earlier in range(place):
            if listed[earlier][1] <= at and best[earlier][0] + 1 >= length:
                length, before = best[earlier][0] + 1, earlier
        best.append((length, before))
    kept: set[int] = set()
    place_: int | None = max(range(len(best)), key=lambda number: (best[number][0], number), default=None)
    while place_ is not None:
        kept.add(place_)
        place_ = best[place_][1]
    return sorted(position for number, (position, _) in enumerate(listed) if number not in kept)
