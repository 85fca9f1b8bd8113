"""The status page itself, as versioned facts: its name and texts, the order of components, states that people set by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tocsin.comms.status.names import public_id
from tocsin.comms.status.vocabulary import State
from tocsin.engine.model import Command, Event

PAGE: Final = "main"
"""The id of the one status page: ``status_page:main``."""
KEPT: Final = timedelta(days=100)
"""How long states that were set by hand are remembered after their end: the page shows ninety days."""
Moment = Annotated[datetime, Meta(tz=True)]
Line = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=4000)]


class SaveStatusPage(Command, frozen=True):
    """Write down the status page as it is from now on."""

    name: Annotated[str, Meta(max_length=80)] = "Our services"
    """Whose page it is: the name of the product or the company."""
    about: Text = ""
    """A few sentences below the state."""
    header: Text = ""
    """A notice above everything else; empty: none."""
    support_url: Line = ""
    """Where readers get help: an https:// or mailto: address."""
    on: bool = True
    """Whether the page is shown at all."""
    subscribing: bool = True
    """Whether readers may subscribe by mail and webhook; feeds are always there."""
    order: tuple[str, ...] = ()
    """Services in the order in which their components stand; others follow by name. A group stands where its first component does."""
    hidden: tuple[str, ...] = ()
    """Services whose component is not shown for now."""


class SetComponentState(Command, frozen=True):
    """Say by hand what state a component is in, whatever is computed, until a time."""

    service: Annotated[str, Meta(min_length=1, max_length=200)]
    state: State
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    """Why; kept in the record, not shown to the public."""
    until: Moment


class ClearComponentState(Command, frozen=True):
    """Let a component's state be computed again. A second time is no error."""

    service: Annotated[str, Meta(min_length=1, max_length=200)]


class WriteToSubscriber(Command, frozen=True):
    """Send somebody who subscribed a message of ours: a confirmation, a challenge, a notice that we stopped. Asked by the journal of subscribers."""

    subscriber: str
    kind: str
    channel: str
    number: int
    """Counts the messages to this subscriber, so that each has a key of its own."""


class NoteRemoved(Command, frozen=True):
    """A manager removed a subscriber. The record keeps who did it, and no address."""

    subscriber: str
    channel: str


class StatusPageSaved(Event, frozen=True, tag="status_page.saved"):
    """The page was written down."""

    page: SaveStatusPage


class StateSet(Event, frozen=True, tag="status_page.state_set"):
    """A component's state was set by hand."""

    service: str
    state: State
    reason: str
    until: datetime


class StateCleared(Event, frozen=True, tag="status_page.state_cleared"):
    """A component's state is computed again."""

    service: str


class SubscriberRemoved(Event, frozen=True, tag="status_page.subscriber_removed"):
    """A manager removed a subscriber."""

    subscriber: str
    channel: str


EVENTS: Final = (StatusPageSaved, StateSet, StateCleared, SubscriberRemoved)


class Override(msgspec.Struct, frozen=True):
    """A state that somebody set by hand; it holds when since <= t < until."""

    service: str
    state: State
    reason: str
    since: datetime
    until: datetime
    by: str


class StatusPage(msgspec.Struct, frozen=True):
    """The page as it is now."""

    id: str = PAGE
    version: int = 0
    saved: SaveStatusPage = SaveStatusPage()
    overrides: tuple[Override, ...] = ()

    def override_at(self, service: str, at: datetime) -> Override | None:
        """Return what was set by hand for a service at a moment; the newest where there are several."""
        return next((one for one in reversed(self.overrides) if one.service == service and one.since <= at < one.until), None)


class Component(msgspec.Struct, frozen=True):
    """What the page shows of a service."""

    service: str
    name: str
    group: str
    about: str
    since: datetime
    changed_at: datetime

    @property
    def id(self) -> str:
        """What the public calls it by."""
        return public_id(f"component:{self.service}")


class PublicWindow(msgspec.Struct, frozen=True):
    """One window of maintenance that was announced."""

    id: str
    """The plan's."""
    title: str
    text: str
    services: tuple[str, ...]
    since: datetime
    until: datetime
