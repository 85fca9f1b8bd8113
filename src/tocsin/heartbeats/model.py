"""A heartbeat: who is to report how often, and what its silence means."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tocsin.engine.model import Command, Event

_Name = Annotated[str, Meta(max_length=200)]
_Said = Annotated[str, Meta(max_length=2000)]


class SaveHeartbeat(Command, frozen=True):
    """Write down who is to report, as it is from now on."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    every: str
    """How often it reports, a duration such as ``5m``."""
    grace: str = "0m"
    """How much later it may be."""
    service: _Name = ""
    severity: _Name = ""
    """The word of the alert that its silence is."""
    muted: bool = False
    """Whether its silence is only written down."""
    about: _Said = ""


class NewAddress(Command, frozen=True):
    """Give it another secret address; the old one is no longer taken."""


class Miss(Command, frozen=True):
    """It did not report in time."""

    last_at: datetime
    due_at: datetime


class Fail(Command, frozen=True):
    """It reports that it failed."""

    note: _Said = ""


class Recover(Command, frozen=True):
    """It reports again."""


class HeartbeatSaved(Event, frozen=True, tag="heartbeat.saved"):
    """A heartbeat was written down. ``secret``: the end of its address."""

    heartbeat: SaveHeartbeat
    secret: str


class HeartbeatMissed(Event, frozen=True, tag="heartbeat.missed"):
    """It did not report in time. The fact's time is when it was due."""

    last_at: datetime


class HeartbeatFailed(Event, frozen=True, tag="heartbeat.failed"):
    """It reported that it failed."""

    note: str = ""


class HeartbeatBack(Event, frozen=True, tag="heartbeat.back"):
    """It reports again."""


HEARTBEAT_EVENTS: tuple[type[Event], ...] = (HeartbeatSaved, HeartbeatMissed, HeartbeatFailed, HeartbeatBack)

State = Literal["well", "missed", "failed"]


class Heartbeat(msgspec.Struct, frozen=True):
    """A heartbeat as it is now. When it last reported stands in a row of its own: reports are too many to be facts."""

    id: str
    version: int = 0
    saved: SaveHeartbeat | None = None
    secret: str = ""
    state: State = "well"
    since: datetime | None = None
    """Since when it is missed or failed."""
    last_at: datetime | None = None
    """The report before its silence."""
