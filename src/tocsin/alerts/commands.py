"""What monitoring tools, people and incidents can ask of receipts and alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from tocsin.alerts.model import Rejected, Signal
from tocsin.engine.model import Command


class TakeIn(Command, frozen=True):
    """Keep a request, decide what becomes of each of its alerts, and tell them."""

    source: str
    body: bytes
    size: int
    signals: tuple[Signal, ...] = ()
    rejected: Rejected | None = None


class Receive(Command, frozen=True):
    """Tell an alert what a request said of it."""

    source: str
    signal: Signal
    receipt: str = ""


class AcknowledgeAlert(Command, frozen=True):
    """Say that you are on it. A second time is no error."""

    person: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None


class LinkTo(Command, frozen=True):
    """Tell an alert that it belongs to an incident."""

    incident: str


class NotePageFailure(Command, frozen=True):
    """Write down that a page could not be sent."""

    key: str
    channel: str
    why: str
