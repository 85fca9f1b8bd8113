"""What can happen to a page. Tags are stable names; other packages react to these."""

from __future__ import annotations

from datetime import datetime

from tocsin.engine.model import Event
from tocsin.paging.commands import Carried, Urgency
from tocsin.paging.model import Policy


class PageOpened(Event, frozen=True, tag="page.opened"):
    """People are to be called; the policy is frozen as it was at this moment."""

    title: str
    urgency: Urgency
    policy: Policy
    service: str = ""
    group: str = ""
    incident: str = ""
    why: str = ""
    carries: Carried = Carried()
    origin: str = "person"


class PageAcknowledged(Event, frozen=True, tag="page.acknowledged"):
    """A person is on it, until the lease runs out."""

    person: str
    lease_until: datetime | None = None
    via: str = ""


class PageResolved(Event, frozen=True, tag="page.resolved"):
    """It is over. ``person``: who ended it; empty where its cause ended by itself."""

    person: str = ""
    why: str = ""


class PageExhausted(Event, frozen=True, tag="page.exhausted"):
    """Every step was tried and nobody acknowledged: the page is shown as unanswered, and the last resort is called."""

    last_resort: tuple[str, ...] = ()
