"""Read schedules: who is on call, coverage, shifts."""

from __future__ import annotations

from datetime import datetime

from tocsin.engine.model import Reader


def who_is_on_call(reader: Reader, schedule: str, at: datetime) -> tuple[str, ...] | None:
    """Return the ids of the people on call in a schedule at a moment; nobody is an empty tuple, None means that there is no such schedule."""
    return None
