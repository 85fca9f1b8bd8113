"""What can happen to a group of alerts. Tags are stable names; other packages react to these."""

from __future__ import annotations

from datetime import datetime

from tocsin.alerts.group_model import Lead, Opening, Phase, Shows
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
    opening: Opening | None = None
    lead: Lead | None = None
    shows: Shows = "firing"
    because: str = ""
    """Why it is quiet, where it is."""


class GroupWaits(Event, frozen=True, tag="group.waits"):
    """Nobody is called yet: its alerts must fire for a while first, or more of them must come."""

    until: datetime | None = None
    """None: until enough alerts have come."""
    why: str = ""


class AlertsCounted(Event, frozen=True, tag="group.alerts_counted"):
    """Further alerts began while it waits for more of them."""

    at: tuple[datetime, ...]


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


class GroupQuiet(Event, frozen=True, tag="group.quiet"):
    """It fires, and nobody is called: it is only to be recorded, or people work on it already."""

    why: str


class GroupHeld(Event, frozen=True, tag="group.held"):
    """A page was due and is held back, because the group has had as many as its route allows; what is held is told in a digest."""

    until: datetime
    why: str
    """What the page would have been for."""


class GroupDigest(Event, frozen=True, tag="group.digest"):
    """What was held back since a moment, in sum."""

    since: datetime
    held: int
    """Pages that were not sent."""
    reasons: tuple[str, ...] = ()
    firing: int = 0
    """Alerts that fire now."""
    text: str = ""
    """All of this in a sentence."""


class GroupRaised(Event, frozen=True, tag="group.raised"):
    """It is worse than it was: open pages say so."""

    lead: Lead
    urgency: Urgency | None = None
    """None: as it was."""
    pages: tuple[str, ...] = ()
    why: str = ""
    carries: Carried = Carried()


class GroupAcknowledged(Event, frozen=True, tag="group.acknowledged"):
    """A person is on it. ``pages``: the pages that are open for it."""

    person: str
    pages: tuple[str, ...] = ()


class GroupLapsed(Event, frozen=True, tag="group.lapsed"):
    """Whoever was on it did not end it in time: people are called again."""

    person: str
    page: str = ""


class GroupMuted(Event, frozen=True, tag="group.muted"):
    """Nothing of it that fires may call people now. ``pages``: those that end with it; pages go on where the work was only announced."""

    why: str
    how: str = ""
    """``silence``, ``maintenance`` or ``inhibition``."""
    pages: tuple[str, ...] = ()


class GroupUnmuted(Event, frozen=True, tag="group.unmuted"):
    """It may call people again: what kept it quiet is over, or a person wants it so (``person``)."""

    why: str
    person: str = ""
    lead: Lead | None = None


class GroupResolved(Event, frozen=True, tag="group.resolved"):
    """None of its alerts fires any more, or a person (``by``) ended it."""

    by: str = ""
    pages: tuple[str, ...] = ()
    why: str = ""


class GroupReopened(Event, frozen=True, tag="group.reopened"):
    """It fires again, soon enough to be the same trouble."""

    why: str = ""
    lead: Lead | None = None
    shows: Shows = "firing"
    urgency: Urgency | None = None


class GroupFlapping(Event, frozen=True, tag="group.flapping"):
    """It ends and begins again so often that it stays quiet until it was calm for a while."""

    changes: int
    until: datetime
    """When it is calm, unless it changes again."""
    shows: Shows
    why: str = ""


class GroupStirred(Event, frozen=True, tag="group.stirred"):
    """It flaps still; it is calm later."""

    until: datetime
    shows: Shows = "firing"
    lead: Lead | None = None


class GroupCalm(Event, frozen=True, tag="group.calm"):
    """It flaps no longer."""

    phase: Phase
    """What it is from now on."""
    shows: Shows
    why: str = ""


class GroupClosed(Event, frozen=True, tag="group.closed"):
    """What fires from now on is another group."""


class GroupLinked(Event, frozen=True, tag="group.linked"):
    """It belongs to an incident. ``pages``: those that are open for it."""

    incident: str
    pages: tuple[str, ...] = ()


class GroupUnlinked(Event, frozen=True, tag="group.unlinked"):
    """It does not belong to the incident after all."""

    incident: str


class GroupDeclares(Event, frozen=True, tag="group.declares"):
    """Its route asks for an incident."""

    incident: str
    title: str
    playbook: str = ""
    severity: str = ""
    service: str = ""
    alert: str = ""


class IncidentOver(Event, frozen=True, tag="group.incident_over"):
    """The incident that it belongs to is resolved or has ended; whatever of the group fires on has its own way again."""

    incident: str
    pages: tuple[str, ...] = ()
    """Those that end with the incident: what fires on calls people by another."""
    until: datetime | None = None
    """Its senders have until then to say that it has ended; what fires then, or is heard of before, calls people. None: it does not fire."""
    by: str = ""
    """Who ended the incident; empty where no person did."""
    why: str = ""


class PageEnded(Event, frozen=True, tag="group.page_ended"):
    """One of its pages is over."""

    page: str


class PageUnanswered(Event, frozen=True, tag="group.page_unanswered"):
    """Everybody was tried for one of its pages, and nobody answered."""

    page: str


class GroupNotified(Event, frozen=True, tag="group.notified"):
    """Channels were told how it stands."""

    firing: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    more: int = 0
    """Alerts beyond those that are named."""
    why: str = ""


class NoticeFailed(Event, frozen=True, tag="group.notice_failed"):
    """A channel could not be told."""

    key: str
    channel: str
    why: str


GROUP_EVENTS: tuple[type[Event], ...] = (
    GroupOpened, GroupWaits, AlertsCounted, GroupPaged, GroupQuiet, GroupHeld, GroupDigest, GroupRaised, GroupAcknowledged, GroupLapsed,
    GroupMuted, GroupUnmuted, GroupResolved, GroupReopened, GroupFlapping, GroupStirred, GroupCalm, GroupClosed, GroupLinked, GroupUnlinked, GroupDeclares,
    IncidentOver, PageEnded, PageUnanswered, GroupNotified, NoticeFailed,
)  # fmt: skip
