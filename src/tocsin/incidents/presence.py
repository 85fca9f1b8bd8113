"""Who has the room open at this moment. Kept in memory and forgotten: it is no part of the record. Pure; times are seconds of a running clock."""

from __future__ import annotations

from typing import Final

POSTED_EVERY: Final = 30.0
"""Seconds after which an open tab says again that it is there."""
LASTS: Final = 75.0
"""Seconds for which one word counts: a tab may miss a turn."""
_MOST: Final = 500
"""People that one room remembers."""


class Presence:
    """The people in each room, as far as this node knows. One thread writes; others may read at any time, for what they read is never changed."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[str, float]] = {}

    def here(self, room: str, now: float) -> tuple[str, ...]:
        """Return who is there, in the order in which they came."""
        return tuple(who for who, until in self._rooms.get(room, {}).items() if until > now)

    def came(self, room: str, who: str, now: float) -> tuple[str, ...]:
        """Note that somebody is there; return everybody who is."""
        people = {name: until for name, until in self._rooms.get(room, {}).items() if until > now}
        if who in people or len(people) < _MOST:
            people[who] = now + LASTS
        others = {name: inside for name, inside in self._rooms.items() if name != room and any(until > now for until in inside.values())}
        self._rooms = {**others, room: people}
        return tuple(people)

    def went(self, room: str, who: str) -> None:
        """Note that somebody closed the room. Another tab of theirs says within its turn that they are there."""
        people = {name: until for name, until in self._rooms.get(room, {}).items() if name != who}
        self._rooms = {**self._rooms, room: people}
