"""Facts of what is done about an incident: mitigations, criteria, updates to audiences, obligations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tocsin.engine.model import Event


class MitigationStarted(Event, frozen=True, tag="incident.mitigation_started"):
    """Work on stopping the harm begins."""

    id: str
    kind: str
    text: str
    by: str = ""
    before: str = ""
    sets: tuple[str, ...] = ("mitigation_started", "response_started")


class MitigationCompleted(Event, frozen=True, tag="incident.mitigation_completed"):
    """It is in place."""

    id: str
    text: str = ""
    after: str = ""
    sets: tuple[str, ...] = ()


class MitigationVerified(Event, frozen=True, tag="incident.mitigation_verified"):
    """Its effect was checked."""

    id: str
    effective: bool
    text: str = ""
    after: str = ""
    sets: tuple[str, ...] = ()


class CheckTicked(Event, frozen=True, tag="incident.check_ticked"):
    """A criterion was verified."""

    checklist: str
    item: str
    evidence: str = ""


class CheckUnticked(Event, frozen=True, tag="incident.check_unticked"):
    """A tick was taken back."""

    checklist: str
    item: str
    reason: str = ""


class CheckWaived(Event, frozen=True, tag="incident.check_waived"):
    """A named person lets the incident pass without the criterion."""

    checklist: str
    item: str
    reason: str


class UpdatePosted(Event, frozen=True, tag="incident.update_posted"):
    """Somebody was told. ``values`` are frozen: the exact message can be rendered again from them and the pinned playbook."""

    message: str
    kind: str
    audiences: tuple[str, ...]
    number: int
    status: str
    fields: dict[str, Any]
    values: dict[str, Any]
    next_at: datetime | None = None
    when_resolved: bool = False
    eta: str = ""
    public: bool = False
    sets: tuple[str, ...] = ()
    step: str = ""
    """For the public: the status as one of the four words that status pages share."""
    headline: str = ""
    components: dict[str, str] = {}
    """Service to what the status page says of it, where that was chosen."""
    level: str = ""
    """What it says of the incident's own service where nothing was chosen: as the severity of that moment asks."""
    corrects: int = 0
    """The update that this one sets right."""


class DeliveryFailed(Event, frozen=True, tag="incident.delivery_failed"):
    """A message could not be sent."""

    key: str
    channel: str
    why: str


class ObligationWarned(Event, frozen=True, tag="incident.obligation_warned"):
    """A duty is nearly due."""

    obligation: str
    name: str
    due_at: datetime
    owner: str


class ObligationBreached(Event, frozen=True, tag="incident.obligation_breached"):
    """A duty was not done in time."""

    obligation: str
    name: str
    due_at: datetime
    owner: str
    told: tuple[str, ...] = ()


class ObligationDone(Event, frozen=True, tag="incident.obligation_done"):
    """People did what the mark names."""

    mark: str
    evidence: str = ""
    by: str = ""


class ObligationWaived(Event, frozen=True, tag="incident.obligation_waived"):
    """A named person lets a duty go."""

    obligation: str
    reason: str


class ObligationRestored(Event, frozen=True, tag="incident.obligation_restored"):
    """A waiver of a duty, or the word that it was done, was taken back."""

    obligation: str
    """The id under which it was waived; empty where it was not."""
    mark: str = ""
    """The mark by which it counted as done; empty where it did not."""
    reason: str = ""
