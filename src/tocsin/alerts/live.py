"""The alerts that fire, and those that ended a little while ago, in memory: found by who sent them and by fingerprint. Pure.

100,000 of them take some forty megabytes, so they are objects with slots; they change only after a commit.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from copy import copy
from typing import Final

from tocsin.alerts.model import ENDED, Status

Scope = str
"""Who says so: the source's word and the intake key, apart from which the same fingerprint means another alert."""

MOST_ENDED: Final = 200_000
"""Ended alerts that are kept in memory at most; the oldest go first."""


def scope_of(source: str, key: str) -> Scope:
    """Return the scope of an alert's fingerprint."""
    return f"{source}\n{key}"


class Live:
    """One alert, as the journal knows it. Times are microseconds since 1970 UTC; 0 where there is none."""

    __slots__ = (
        "acknowledged", "content", "ended", "expires", "fingerprint", "fired", "group", "id", "incidents", "muted", "scope", "started", "state",
        "told",
    )  # fmt: skip

    def __init__(
        self, id_: int, scope: Scope, fingerprint: str, state: Status, content: int, told: int, started: int, expires: int,
        group: str = "", muted: str = "", incidents: tuple[str, ...] = (), ended: int = 0, fired: int = 1, *, acknowledged: bool = False,
    ) -> None:  # fmt: skip
        self.id = id_
        self.scope = scope
        self.fingerprint = fingerprint
        self.state: Status = state
        self.content = content
        """A digest of what a repeat could change."""
        self.told = told
        """The start that the sender named."""
        self.started = started
        self.expires = expires
        self.group = group
        self.muted = muted
        self.incidents = incidents
        self.ended = ended
        self.fired = fired
        self.acknowledged = acknowledged

    def copy(self) -> Live:
        """Return another one with the same values."""
        return copy(self)

    def values(self) -> tuple[object, ...]:
        """Return all that it holds, for comparison."""
        return tuple(getattr(self, name) for name in self.__slots__)


def _by_expiry(live: Live) -> tuple[int, int]:
    return live.expires, live.id


class Index:
    """All live alerts. Read by drafts, changed by ``put`` after their commit."""

    def __init__(self) -> None:
        self.by_print: dict[Scope, dict[str, Live]] = {}
        self.by_id: dict[int, Live] = {}
        self.firing = 0
        self._expiry: list[tuple[int, int]] = []
        self._ended: deque[tuple[int, int]] = deque()

    def get(self, scope: Scope, fingerprint: str) -> Live | None:
        """Return the newest occurrence of an alert; None where none is remembered."""
        return self.by_print.get(scope, {}).get(fingerprint)

    def put(self, live: Live) -> None:
        """Keep an alert as it is now."""
        before = self.by_id.get(live.id)
        if before is not None and before.state != ENDED:
            self.firing -= 1
        self.by_id[live.id] = live
        found = self.by_print.setdefault(live.scope, {})
        older = found.get(live.fingerprint)
        if older is None or older.id <= live.id:
            found[live.fingerprint] = live
            if older is not None and older.id != live.id:
                self.by_id.pop(older.id, None)
        if live.state != ENDED:
            self.firing += 1
            if live.expires and (before is None or before.state == ENDED or not before.expires or live.expires < before.expires):
                self.arm(live)
        elif before is None or before.state != ENDED:
            self._ended.append((live.ended, live.id))

    def move(self, live: Live, expires: int) -> None:
        """Remember that an alert was heard of again, and when it expires now."""
        sooner = expires and (not live.expires or expires < live.expires)
        live.expires = expires
        if sooner and live.state != ENDED:
            self.arm(live)

    def arm(self, live: Live) -> None:
        """Remember when an alert expires. One that is heard of again stays where it is in the heap, and is put back when it comes up."""
        heapq.heappush(self._expiry, (live.expires, live.id))

    def next_expiry(self) -> int | None:
        """Return when the next alert expires, unless it is heard of before; what is at the top has been looked at."""
        while self._expiry:
            at, id_ = self._expiry[0]
            live = self.by_id.get(id_)
            if live is None or live.state == ENDED or not live.expires:
                heapq.heappop(self._expiry)
            elif live.expires > at:
                heapq.heapreplace(self._expiry, (live.expires, id_))
            else:
                return at
        return None

    def expired(self, now: int) -> list[Live]:
        """Return the alerts that have expired, and change nothing: what a draft does with them may come to nothing."""
        heap, found, places = self._expiry, [], [0]
        while places:
            place = places.pop()
            if place >= len(heap) or heap[place][0] > now:
                continue  # what is below it in the heap comes later
            live = self.by_id.get(heap[place][1])
            if live is not None and live.state != ENDED and 0 < live.expires <= now:
                found.append(live)
            places += (2 * place + 1, 2 * place + 2)
        return sorted({live.id: live for live in found}.values(), key=_by_expiry)

    def forget(self, before: int, kept: frozenset[str] = frozenset()) -> None:
        """Forget alerts that ended before a moment, and the oldest where there are too many. kept: incidents whose alerts stay."""
        again: list[tuple[int, int]] = []
        while self._ended and (self._ended[0][0] < before or len(self._ended) > MOST_ENDED):
            entry = self._ended.popleft()
            live = self.by_id.get(entry[1])
            if live is None or live.state != ENDED or live.ended != entry[0]:
                continue  # it fires again, or it ended anew and stands further back
            if kept.intersection(live.incidents) and len(self._ended) <= MOST_ENDED:
                again.append(entry)
                continue
            del self.by_id[live.id]
            found = self.by_print[live.scope]
            if found.get(live.fingerprint) is live:
                del found[live.fingerprint]
                if not found:
                    del self.by_print[live.scope]
        self._ended.extendleft(reversed(again))

    def __iter__(self) -> Iterator[Live]:
        return iter(list(self.by_id.values()))

    def __len__(self) -> int:
        return len(self.by_id)
