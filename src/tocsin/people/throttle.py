"""How often somebody may guess: buckets of tries that fill again with time. Pure but for what it remembers."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from math import ceil
from typing import Final

_MOST_KEYS: Final = 20_000


@dataclass(frozen=True)
class Limit:
    """So many tries at once, and one more every so many seconds."""

    tries: int
    every: float


PER_NAME_AND_ADDRESS: Final = Limit(5, 60.0)
"""Somebody who mistypes their own password."""
PER_ADDRESS: Final = Limit(30, 20.0)
"""An office, or one machine that guesses names."""
PER_NAME: Final = Limit(50, 30.0)
"""Many machines that guess one name. Wide, so that nobody is locked out of their own account at night by somebody who knows their name."""


class Throttle:
    """Counts tries by name and address. ``take`` before a try is judged, ``give_back`` when it was right."""

    def __init__(self) -> None:
        self._full_at: dict[tuple[str, ...], float] = {}
        """Per key: when its bucket will be full again (seconds of a clock that only goes forward)."""

    def take(self, name: str, address: str, now: float) -> int:
        """Use up one try; return 0, or in how many seconds there is one again (then nothing was used up)."""
        waits = [self._wait(key, limit, now) for key, limit in _keys(name, address)]
        if max(waits) > 0:
            return ceil(max(waits))
        if len(self._full_at) > _MOST_KEYS:
            self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        for key, limit in _keys(name, address):
            self._full_at[key] = max(self._full_at.get(key, now), now) + limit.every
        return 0

    def give_back(self, name: str, address: str, now: float) -> None:
        """Give a try back: it was right, so the name's tries from this address are whole again."""
        for key, limit in _keys(name, address):
            if len(key) == 3:  # noqa: PLR2004 (the kind of key, name and address)
                self._full_at.pop(key, None)
            elif key in self._full_at:
                self._full_at[key] = max(self._full_at[key] - limit.every, now)

    def _wait(self, key: tuple[str, ...], limit: Limit, now: float) -> float:
        """Return the seconds until a bucket has a try."""
        missing = max(self._full_at.get(key, now) - now, 0.0)
        return max(missing - (limit.tries - 1) * limit.every, 0.0)


def _keys(name: str, address: str) -> list[tuple[tuple[str, ...], Limit]]:
    who, where = name.strip().casefold()[:200], network_of(address)
    return [(("both", who, where), PER_NAME_AND_ADDRESS), (("address", where), PER_ADDRESS), (("name", who), PER_NAME)]


def network_of(address: str) -> str:
    """Return what one sender has: the address itself, or the /64 network of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
