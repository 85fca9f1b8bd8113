"""What a lane needs of the outbox that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tocsin.engine.clock import Clock
from tocsin.engine.ports import Channel
from tocsin.engine.waiting import Outcome, Waiting


class Post(Protocol):
    """What a lane needs of its outbox. All may be called from any thread."""

    clock: Clock

    def channel(self, name: str) -> Channel | None:
        """Return the channel of that name."""
        ...

    def send(self, row: Waiting) -> tuple[Outcome, float | None]:
        """Send a message; return what became of it, and for how many seconds its place asks to be left alone."""
        ...

    def timed_out(self, row: Waiting, why: str) -> Outcome:
        """Return what becomes of a message that failed for now."""
        ...

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Have results recorded; ``Lane.settled`` is called once they are on disk."""
        ...

    def wake_by(self, at: float) -> None:
        """Have ``Lane.look`` called at that moment (monotonic seconds) at the latest."""
        ...
