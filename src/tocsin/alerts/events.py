"""What can happen to alerts and receipts. Tags are stable names."""

from __future__ import annotations

from tocsin.alerts.model import Outcome, Rejected, Route, Signal
from tocsin.engine.model import Event


class Received(Event, frozen=True, tag="receipt.received"):
    """A monitoring tool sent a request; it was understood, and each of its alerts had an outcome."""

    source: str
    body: bytes
    """The body as it came, compressed (zlib)."""
    size: int
    outcomes: tuple[Outcome, ...] = ()
    rejected: Rejected | None = None


class Fired(Event, frozen=True, tag="alert.fired"):
    """An occurrence began. The fact's time is when the trouble began, as far as the tool knows."""

    source: str
    signal: Signal
    route: Route
    receipt: str = ""


class Changed(Event, frozen=True, tag="alert.changed"):
    """It still fires, and the tool says something else about it (another value, say)."""

    signal: Signal
    receipt: str = ""


class FiredAgain(Event, frozen=True, tag="alert.fired_again"):
    """It had ended and fires again. ``paged``: who is paged for it; nobody where people work on its incident already."""

    signal: Signal
    route: Route
    paged: tuple[str, ...] = ()
    receipt: str = ""


class Ended(Event, frozen=True, tag="alert.resolved"):
    """It fires no longer. The fact's time is when that was so, as far as the tool knows."""

    receipt: str = ""


class AlertAcknowledged(Event, frozen=True, tag="alert.acknowledged"):
    """A person is on it."""

    person: str


class LinkedTo(Event, frozen=True, tag="alert.linked"):
    """It belongs to an incident from now on."""

    incident: str


class PageFailed(Event, frozen=True, tag="alert.page_failed"):
    """A page could not be sent."""

    key: str
    channel: str
    why: str


ALERT_EVENTS: tuple[type[Event], ...] = (Fired, Changed, FiredAgain, Ended, AlertAcknowledged, LinkedTo, PageFailed)
RECEIPT_EVENTS: tuple[type[Event], ...] = (Received,)
