"""What can happen to a group of alerts. Tags are stable names; other packages react to these."""

from __future__ import annotations

from tocsin.engine.model import Event
from tocsin.paging.commands import Carried, Urgency


class GroupOpened(Event, frozen=True, tag="group.opened"):
    """Alerts of one cause began to come."""

    key: str
    """Route and label values that make alerts one group."""
    title: str
    route: str = ""
    service: str = ""
    urgency: Urgency | None = None
    """None: only recorded, nobody is called."""
    why: str = ""
    """Why it went this way, in a sentence."""
    first: str = ""
    """The id of its first alert."""


class GroupPaged(Event, frozen=True, tag="group.paged"):
    """People are to be called for it."""

    page: str
    """The id of the page that is opened."""
    title: str
    urgency: Urgency
    policy: str = ""
    service: str = ""
    targets: tuple[str, ...] = ()
    incident: str = ""
    """The incident that it belongs to."""
    why: str = ""
    carries: Carried = Carried()


class GroupAcknowledged(Event, frozen=True, tag="group.acknowledged"):
    """A person is on it. ``pages``: the pages that are open for it."""

    person: str
    pages: tuple[str, ...] = ()


class GroupResolved(Event, frozen=True, tag="group.resolved"):
    """None of its alerts fires any more, or a person (``by``) ended it."""

    by: str = ""
    pages: tuple[str, ...] = ()
    why: str = ""
