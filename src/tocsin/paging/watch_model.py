"""The pager's watch over itself, as values: what it is set to, what it found, what happened. Records ``pager:main``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from tocsin.engine.model import Command, Event

STREAM_ID = "main"


class SetPager(Command, frozen=True):
    """Say how the pager watches itself, and who is called when nobody else answers. What is left out is switched off."""

    last_resort: tuple[str, ...] = ()
    """Who is called where a policy has no last resort of its own, and who hears that the pager itself is in trouble."""
    synthetic_every: str = ""
    """How often a page is sent through the whole path to nobody's harm; empty: never."""
    synthetic_to: tuple[str, ...] = ()
    """Whom it is sent to: best a person whose ways are machines'. Without anybody it is written to the outbox folder."""
    heartbeat_url: Annotated[str, Meta(max_length=2000)] = ""
    """The address of a watcher outside, told at intervals that the pager is well; its alarm is the silence. Empty: none."""
    heartbeat_every: str = "5m"


class BeginWatch(Command, frozen=True):
    """Begin to watch; a second time changes nothing."""


class NoteSynthetic(Command, frozen=True):
    """The synthetic page has left."""

    page: str


class PagerSet(Event, frozen=True, tag="pager.set"):
    """How the pager watches itself from now on."""

    settings: SetPager


class TroubleFound(Event, frozen=True, tag="pager.trouble_found"):
    """The audit found what must not be. ``pages``: those that wait for nothing, or too long."""

    problems: tuple[str, ...]
    pages: tuple[str, ...] = ()
    refusals: int = 0
    """The number of the newest refused reaction that was seen."""


class TroubleOver(Event, frozen=True, tag="pager.trouble_over"):
    """Nothing of it is there any more."""


class SyntheticBegan(Event, frozen=True, tag="pager.synthetic_began"):
    """A page was sent on its way only to see whether it arrives."""

    page: str


class SyntheticArrived(Event, frozen=True, tag="pager.synthetic_arrived"):
    """It has left the house."""

    page: str
    seconds: float
    """From its opening to the moment at which it had left."""


class Pager(msgspec.Struct, frozen=True):
    """The watch as it stands."""

    id: str
    version: int = 0
    settings: SetPager = SetPager()
    problems: tuple[str, ...] = ()
    since: datetime | None = None
    """Since when there is trouble."""
    refusals: int = 0
    synthetic: str = ""
    """The synthetic page that is on its way."""
    synthetic_at: datetime | None = None
    """When the newest one began."""
    arrived_at: datetime | None = None
    seconds: float | None = None
    """How long the newest one that arrived took."""


class Audit(msgspec.Struct, frozen=True):
    """What a look at the tables found."""

    idle: tuple[str, ...] = ()
    """Live pages that wait for nothing and are not exhausted."""
    late: tuple[str, ...] = ()
    """Live pages whose time has passed by more than a minute."""
    stuck: int = 0
    """Messages of pages that should have left more than a minute ago and were not even tried."""
    refusals: tuple[tuple[int, str], ...] = ()
    """Refused reactions since the last look: number and what was refused."""
    beaten: bool = True
    """Whether the heartbeat of this interval is decided already."""
    call: tuple[tuple[str, str, str], ...] = ()
    """How the last resort is told: channel, address, person."""
    astray: tuple[str, ...] = ()
    """Live pages that would be woken later than they want to be: somebody's hand was in the database."""


PAGER_EVENTS: tuple[type[Event], ...] = (PagerSet, TroubleFound, TroubleOver, SyntheticBegan, SyntheticArrived)
