"""Where the time comes from. Nothing else in the product reads a clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A source of the present moment (aware, UTC)."""

    virtual: bool

    def now(self) -> datetime:
        """Return the present moment."""
        ...


class SystemClock:
    """The machine's clock."""

    virtual = False

    def now(self) -> datetime:
        """Return the present moment of the machine."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is set; for drills, demonstrations and tests."""

    virtual = True

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the moment at which the clock stands."""
        with self._lock:
            return self._now

    def set(self, to: datetime) -> None:
        """Move the clock to a later moment; an earlier one is ignored, time does not run back."""
        with self._lock:
            self._now = max(self._now, to.astimezone(UTC))
