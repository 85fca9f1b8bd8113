"""Signals that enter the journal directly, as every way in does it in the end."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.world import World
from tocsin.alerts.arrival import Arrived, Taken
from tocsin.alerts.handlers import enter, journal_of
from tocsin.alerts.journal import Alerts
from tocsin.alerts.model import Signal
from tocsin.alerts.reading import Reading


def fires(name: str = "DiskFull", status: Any = "firing", **more: Any) -> Signal:
    """A signal of one alert."""
    labels = {"alertname": name, "env": "prod", **more.pop("labels", {})}
    return Signal(
        more.pop("fingerprint", name), status, more.pop("title", f"{name} on db-1"), labels, severity="critical", level="critical", **more
    )


def say(world: World, *signals: Signal, source: str = "generic", key: str = "first") -> Taken:
    """Have one request with these signals taken in; return what became of it."""
    return asyncio.run(enter(world.app.runtime, Arrived(source, Reading(signals), b"{}", key)))


def outcomes(world: World, *signals: Signal, **more: Any) -> list[tuple[str, int]]:
    """Take signals in and return each one's outcome and alert."""
    return [(outcome.what, outcome.alert) for outcome in say(world, *signals, **more).outcomes]


def alert(world: World, number: int) -> dict[str, Any]:
    """An alert as the API shows it."""
    shown: dict[str, Any] = world.get(f"/alerts/A-{number}")
    return shown


def what_happened(world: World, number: int) -> list[str]:
    """The words of an alert's history."""
    return [entry["what"] for entry in alert(world, number)["history"]]


def journal(world: World) -> Alerts:
    """The journal of alerts."""
    return journal_of(world.app.runtime)
