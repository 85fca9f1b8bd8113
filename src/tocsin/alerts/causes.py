"""The groups that alerts may join, as the journal of alerts counts them. What is called for them is decided by the group's record. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from datetime import datetime
from typing import Any, Final

from tocsin.alerts.group_model import LOUDNESS, MOST_MOMENTS, Attention, Group, Lead, Opening, attention, wants
from tocsin.alerts.routing import UNKNOWN
from tocsin.engine.model import micros
from tocsin.paging.commands import Urgency

NOBODY_YET: Final = UNKNOWN + 1
"""The rank of a group's worst alert where none fires."""
_NEW: Final = Attention("new", "none", NOBODY_YET, 0)


def group_id(number: int) -> str:
    """Return the id of a group's record."""
    return f"G-{number}"


class Cause:
    """One group: how many of its alerts fire, and what is not yet told of them. Times are microseconds since 1970 UTC; 0 where there is none."""

    __slots__ = (
        "again", "came", "changed", "closed", "ended", "fires_for", "firing", "how", "id", "key", "last", "lead", "loudest", "mind", "mute", "muted",
        "number", "opened", "opening", "rank", "still", "taken_at", "taken_by", "total",
    )  # fmt: skip

    def __init__(self, number: int, key: str, opened: int) -> None:
        self.id = group_id(number)
        self.number = number
        self.key = key
        self.opened = opened
        self.last = opened
        self.changed = opened
        self.ended = 0
        self.firing = 0
        """Alerts that fire and may call people."""
        self.muted = 0
        """Alerts that fire and may not."""
        self.total = 0
        self.taken_at = 0
        self.taken_by = ""
        self.closed = False
        self.fires_for = 0
        """After how long an alert that is not heard of counts as ended; 0: never."""
        self.still: bool | None = None
        """Whether its record wants to hear of mere repeats; None: not looked up since the start."""
        # What follows is of the transaction under way only.
        self.mind: Attention | None = None
        """What its record wants to hear of; None: not looked up yet."""
        self.opening: Opening | None = None
        self.lead: Lead | None = None
        """The worst alert that was told of in this transaction."""
        self.rank = NOBODY_YET
        """How bad that one is."""
        self.loudest: Urgency | None = None
        self.came: list[datetime] = []
        self.again = False
        """Whether an alert that fires was heard of again."""
        self.mute = ""
        self.how = ""

    def saved(self) -> Any:
        """Return all values, for ``restore``."""
        values = [getattr(self, name) for name in self.__slots__]
        return [list(value) if type(value) is list else value for value in values]

    def restore(self, saved: Any) -> None:
        """Have these values again."""
        for name, value in zip(self.__slots__, saved, strict=True):
            setattr(self, name, value)

    def copy(self) -> Cause:
        """Return another one with the same values."""
        made = copy(self)
        made.came = []
        made.again = False
        return made

    def settled(self) -> Cause:
        """Return itself as it is kept after the commit."""
        self.mind = self.opening = self.lead = self.loudest = None
        self.rank = NOBODY_YET
        self.came = []
        self.again = False
        self.mute = self.how = ""
        return self

    def look(self, group: Group | None) -> None:
        """Take over how its record stands."""
        if group is None or not group.version:
            self.mind, self.still = _NEW, False
            return
        self.mind = attention(group)
        self.still = self.mind.still
        self.closed = not group.open
        self.taken_at = micros(group.acknowledged_at) if group.acknowledged_at is not None else 0
        self.taken_by = group.acknowledged_by if group.acknowledged_at is not None else ""
        after = group.handling.resolve_after
        self.fires_for = int(after.total_seconds() * 1_000_000) if after is not None else 0

    def begin(self, now: int, at: datetime, *, muted: bool) -> None:
        """Count an alert that fires from now on."""
        if not self.firing and not self.muted:
            self.changed, self.ended = now, 0
        self.last = now
        if muted:
            self.muted += 1
            return
        self.firing += 1
        if len(self.came) < MOST_MOMENTS:
            self.came.append(at)

    def end(self, now: int, *, muted: bool) -> None:
        """Count an alert that fires no more."""
        if muted:
            self.muted = max(0, self.muted - 1)
        else:
            self.firing = max(0, self.firing - 1)
        self.last = now
        if not self.firing and not self.muted:
            self.changed = self.ended = now

    def turn(self, at: datetime, rank: int, urgency: Urgency | None, *, muted: bool) -> None:
        """Count an alert that fires as muted, or as one that may call people again. Both counts move at once: it never seems to have ended."""
        self.lead = None
        if muted:
            self.firing, self.muted = max(0, self.firing - 1), self.muted + 1
            return
        self.firing, self.muted = self.firing + 1, max(0, self.muted - 1)
        if len(self.came) < MOST_MOMENTS:
            self.came.append(at)
        self.worse(rank, urgency)

    def worse(self, rank: int, urgency: Urgency | None) -> bool:
        """Hear of an alert that fires and may call people; tell whether it is the worst so far in this transaction."""
        if LOUDNESS[urgency] > LOUDNESS[self.loudest]:
            self.loudest = urgency
        if rank >= self.rank:
            return False
        self.rank = rank
        return True

    def must_tell(self) -> bool:
        """Tell whether its record is to hear how its alerts stand."""
        assert self.mind is not None
        if self.opening is not None:
            return bool(self.firing or self.muted)
        rank = self.rank if self.firing else UNKNOWN
        return wants(self.mind, self.firing, self.muted, came=len(self.came), lead=rank, urgency=self.loudest, again=self.again)

    def row(self) -> tuple[Any, ...]:
        """Return its row, in the order of ``store.COUNTS``."""
        return (
            self.id, self.number, self.key, self.firing, self.muted, self.total, self.opened, self.last, self.changed, self.ended or None,
            self.taken_at or None, self.taken_by, int(self.closed),
        )  # fmt: skip


class Causes:
    """All groups that alerts may still join, or alerts of which still fire. Changed only after a commit."""

    def __init__(self) -> None:
        self.by_id: dict[str, Cause] = {}
        self.by_key: dict[str, str] = {}

    def put(self, cause: Cause) -> None:
        """Keep a group as it is now, or forget one that is over."""
        if cause.closed and not cause.firing and not cause.muted:
            self.by_id.pop(cause.id, None)
        else:
            self.by_id[cause.id] = cause
        if not cause.closed:
            self.by_key[cause.key] = cause.id
        elif self.by_key.get(cause.key) == cause.id:
            del self.by_key[cause.key]

    def __iter__(self) -> Iterator[Cause]:
        return iter(list(self.by_id.values()))
