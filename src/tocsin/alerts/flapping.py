"""Whether a group flaps: it ends and begins again more often than its route allows. Pure."""

from __future__ import annotations

from datetime import datetime

from tocsin.alerts.route_model import Calm


def flaps(changes: tuple[datetime, ...], limit: Calm | None, now: datetime) -> bool:
    """Tell whether one more change now is one too many. changes: when it ended or began again before."""
    if limit is None:
        return False
    return 1 + sum(1 for at in changes if at > now - limit.within) >= limit.changes


def says(limit: Calm) -> str:
    """Return in a sentence why a group that flaps is quiet."""
    minutes = int(limit.within.total_seconds() // 60)
    span = f"{minutes} minutes" if minutes else f"{int(limit.within.total_seconds())} seconds"
    return f"It ended and began again {limit.changes} times within {span}; it stays quiet until it was calm for {int(limit.calm.total_seconds() // 60)} minutes."
