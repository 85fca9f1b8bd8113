"""How often somebody may ask for something: counts within a window, kept in memory. Pure: the time comes from outside."""

from __future__ import annotations

from collections import deque


class Pace:
    """Lets ``most`` requests of one key through in ``seconds``; forgets keys that have been quiet for as long."""

    def __init__(self, most: int, seconds: float, keys: int = 10_000) -> None:
        self._most = most
        self._seconds = seconds
        self._keys = keys
        self._seen: dict[str, deque[float]] = {}

    def wait(self, key: str, now: float) -> float:
        """Return 0 and count the request, or the seconds until the next one is let through."""
        times = self._seen.get(key)
        if times is None:
            if len(self._seen) >= self._keys:
                self._seen = {name: kept for name, kept in self._seen.items() if kept and now - kept[-1] < self._seconds}
            times = self._seen[key] = deque()
        while times and now - times[0] >= self._seconds:
            times.popleft()
        if len(times) >= self._most or len(self._seen) > self._keys:
            return self._seconds - (now - times[0]) if times else self._seconds
        times.append(now)
        return 0.0
