"""A change that was made on purpose. Records ``change:<id>``: written once, never again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tocsin.alerts.reading import Change
from tocsin.engine.model import Command, Event

LONGEST_TITLE = 300
"""Characters."""


class NoteChange(Command, frozen=True):
    """Write down a change, so that whoever looks for a cause finds it."""

    title: Annotated[str, Meta(min_length=1, max_length=LONGEST_TITLE)]
    at: Annotated[datetime, Meta(tz=True)] | None = None
    """When it was made; None: now."""
    service: Annotated[str, Meta(max_length=200)] = ""
    source: Annotated[str, Meta(max_length=200)] = ""
    """What made it: a pipeline, a host."""
    links: dict[str, str] = {}
    details: dict[str, Any] = {}
    receipt: str = ""
    """The request that told of it."""


class ChangeNoted(Event, frozen=True, tag="change.noted"):
    """Something was changed on purpose."""

    change: Change
    receipt: str = ""


class NotedChange(msgspec.Struct, frozen=True):
    """A change as it was written down."""

    id: str
    version: int = 0
    change: Change | None = None
    receipt: str = ""


def noted(change: Change, receipt: str = "") -> NoteChange:
    """Return the command that writes down what a sender told."""
    title = change.title[:LONGEST_TITLE] or "Change without a name"
    return NoteChange(title, change.at, change.service[:200], change.source[:200], change.links, change.details, receipt)
