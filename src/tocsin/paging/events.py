"""What can happen to a page and to an escalation policy. Tags are stable names; other packages react to these."""

from __future__ import annotations

from datetime import datetime

from tocsin.engine.model import Event
from tocsin.paging.commands import Carried, Urgency
from tocsin.paging.model import Policy
from tocsin.paging.page import Called, Cause, Missing, Notice


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
    number: int = 0


class StepBegan(Event, frozen=True, tag="page.step_began"):
    """A step began to call: whom, because of what, by which ways and when."""

    run: int
    step: int
    cause: Cause
    urgency: Urgency
    called: tuple[Called, ...] = ()
    missing: tuple[Missing, ...] = ()
    next_at: datetime | None = None
    """When the next step begins unless somebody acknowledges; None for steps by age and for the last resort."""
    round: int = 0
    by_age: bool = False
    turn: int | None = None
    """Whose turn it is the next time that this step runs, counted through its people."""


class StepPassed(Event, frozen=True, tag="page.step_passed"):
    """A step was left out, because its hours do not hold now."""

    step: int
    why: str
    round: int = 0


class StepHeld(Event, frozen=True, tag="page.step_held"):
    """A step waits until its hours begin."""

    step: int
    until: datetime
    round: int = 0


class Notified(Event, frozen=True, tag="page.notified"):
    """It was decided to notify people; the messages leave by the outbox."""

    notices: tuple[Notice, ...]


class NoticeSent(Event, frozen=True, tag="page.notice_sent"):
    """A notification has left the house."""

    key: str
    receipt: str = ""


class NoticeFailed(Event, frozen=True, tag="page.notice_failed"):
    """A notification could not be sent; ``final``: nor will it be."""

    key: str
    channel: str
    why: str
    final: bool = True


class PageAcknowledged(Event, frozen=True, tag="page.acknowledged"):
    """A person is on it, until the lease runs out."""

    person: str
    lease_until: datetime | None = None
    via: str = ""
    awaited: int = 0
    """How many more people have to acknowledge before nobody is called any more."""


class PageJoined(Event, frozen=True, tag="page.joined"):
    """Another person is on a page that was acknowledged already."""

    person: str
    via: str = ""


class LeaseRenewed(Event, frozen=True, tag="page.lease_renewed"):
    """Whoever has it says so again, long after the first time."""

    person: str
    lease_until: datetime


class LeaseRanOut(Event, frozen=True, tag="page.lease_ran_out"):
    """It was acknowledged, and is not resolved: people are called again."""

    person: str


class PageEscalated(Event, frozen=True, tag="page.escalated"):
    """A person asked for the next step now."""

    why: str = ""


class PageHanded(Event, frozen=True, tag="page.handed"):
    """It was given to somebody else, who is called now."""

    to: tuple[str, ...]
    why: str = ""


class PageSnoozed(Event, frozen=True, tag="page.snoozed"):
    """Nobody is called until a moment."""

    until: datetime
    why: str = ""


class SnoozeEnded(Event, frozen=True, tag="page.snooze_ended"):
    """The moment has come: people are called again."""


class PageRaised(Event, frozen=True, tag="page.raised"):
    """It is more urgent, belongs to an incident, or its alerts say something new."""

    urgency: Urgency | None = None
    carries: Carried | None = None
    incident: str | None = None
    why: str = ""


class Replanned(Event, frozen=True, tag="page.replanned"):
    """Somebody's rules have changed: whom the runs call now, by which ways and when."""

    runs: dict[str, tuple[Called, ...]]
    """Number of the run -> its people."""
    people: tuple[str, ...] = ()
    """Whose rules have changed."""


class PageExhausted(Event, frozen=True, tag="page.exhausted"):
    """Every step was tried and nobody acknowledged: the page is shown as unanswered, and the last resort is called."""

    last_resort: tuple[str, ...] = ()
    goes_on: bool = False
    """Whether the policy begins again all the same."""
    why: str = ""


class PageResolved(Event, frozen=True, tag="page.resolved"):
    """It is over. ``person``: who ended it; empty where its cause ended by itself."""

    person: str = ""
    why: str = ""


class Told(Event, frozen=True, tag="page.told"):
    """Whoever had been notified hears that it is over."""

    people: tuple[str, ...]


class PolicySaved(Event, frozen=True, tag="policy.saved"):
    """An escalation policy was written down. A hole that somebody accepted stands in its waiver."""

    policy: Policy


class PolicyRetired(Event, frozen=True, tag="policy.retired"):
    """No new page uses it any more."""

    why: str = ""


PAGE_EVENTS: tuple[type[Event], ...] = (
    PageOpened, StepBegan, StepPassed, StepHeld, Notified, NoticeSent, NoticeFailed, PageAcknowledged, PageJoined, LeaseRenewed, LeaseRanOut,
    PageEscalated, PageHanded, PageSnoozed, SnoozeEnded, PageRaised, Replanned, PageExhausted, PageResolved, Told,
)  # fmt: skip
POLICY_EVENTS: tuple[type[Event], ...] = (PolicySaved, PolicyRetired)
