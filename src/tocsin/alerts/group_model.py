"""A group of alerts at one moment, what opens one, and what it wants to hear from the alerts' journal. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from tocsin.alerts.route_model import Handling
from tocsin.alerts.routing import UNKNOWN, Known, Routed, rank
from tocsin.paging.commands import Carried, Urgency

Phase = Literal["new", "pending", "muted", "firing", "acknowledged", "flapping", "resolved", "closed"]
"""Where a group is in its life; ``lifecycle`` says what leads where."""
Shows = Literal["firing", "muted", "none"]
"""Whether some of its alerts fire and may call people, only such as may not, or none."""
LOUDNESS: Final[dict[Urgency | None, int]] = {None: 0, "low": 1, "high": 2}
MOST_MOMENTS: Final = 1000
"""Moments that are kept to count by."""


class Lead(msgspec.Struct, frozen=True, omit_defaults=True):
    """The alert that speaks for its group: the worst, and the oldest of equals."""

    alert: str
    title: str
    level: str = ""
    severity: str = ""
    word: str = ""
    """What a page starts with."""
    value: str = ""
    threshold: str = ""
    dashboard: str = ""
    runbook: str = ""
    summary: str = ""
    started_at: datetime | None = None
    labels: dict[str, str] = {}

    @property
    def rank(self) -> int:
        """How bad it is: 0 is the worst."""
        return rank(self.level)


class Opening(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a group is opened with: its route's decision, frozen."""

    key: str
    route: str
    handling: Handling
    service: str = ""
    urgency: Urgency | None = None
    policy: str = ""
    targets: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    """What its alerts have in common."""
    playbook: str = ""
    severity: str = ""
    """The playbook's id of the first alert's severity, where it has it."""
    why: str = ""


def opening_of(routed: Routed, labels: dict[str, str]) -> Opening:
    """Return what a group is opened with. labels: of ``routing.group_labels``."""
    return Opening(
        routed.key, routed.route, routed.handling, routed.service, routed.urgency, routed.policy, routed.targets, labels,
        routed.known.playbook, routed.severity, routed.why,
    )  # fmt: skip


def lead_of(
    alert: str, routed: Routed, *, title: str, level: str = "", severity: str = "", value: str = "", threshold: str = "", summary: str = "",
    started_at: datetime | None = None, labels: dict[str, str] | None = None, links: dict[str, str] | None = None,
) -> Lead:  # fmt: skip
    """Return an alert as the one that speaks for its group; links that it lacks are the service's."""
    links = links or {}
    known: Known = routed.known
    return Lead(
        alert, title, level or "", severity, routed.word, value, threshold, links.get("dashboard") or known.links.get("dashboard", ""),
        links.get("runbook") or known.links.get("runbook", ""), summary, started_at, labels or {},
    )  # fmt: skip


class Held(msgspec.Struct, frozen=True):
    """Pages that were held back."""

    since: datetime
    until: datetime
    count: int = 0
    reasons: tuple[str, ...] = ()


class Noticed(msgspec.Struct, frozen=True):
    """What channels were last told."""

    at: datetime
    firing: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    more: int = 0


class Group(msgspec.Struct, frozen=True, omit_defaults=True):
    """A group as it is now."""

    id: str
    version: int = 0
    phase: Phase = "new"
    shows: Shows = "none"
    title: str = ""
    opening: Opening | None = None
    urgency: Urgency | None = None
    """The loudest that it was."""
    lead: Lead | None = None
    opened_at: datetime | None = None
    waits_until: datetime | None = None
    counted: tuple[datetime, ...] = ()
    """When alerts began, while it waits for more of them."""
    pages: tuple[str, ...] = ()
    """Pages that are open for it."""
    unanswered: tuple[str, ...] = ()
    """Those of them that everybody was tried for."""
    paged: tuple[datetime, ...] = ()
    """When it called people, within the span of its limit."""
    paged_at: datetime | None = None
    held: Held | None = None
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    because: str = ""
    """Why it calls nobody, where it does not."""
    loud: bool = False
    """A person wants it to call people though it is muted."""
    resolved_at: datetime | None = None
    resolved_by: str = ""
    closes_at: datetime | None = None
    changes: tuple[datetime, ...] = ()
    """When it ended or began again, within the span of its flapping limit."""
    calm_at: datetime | None = None
    incident: str = ""
    incident_open: bool = False
    lingers: bool = False
    """Its incident is over and it fires on: people are called when it is heard of again, and at the latest when it need wait no longer."""
    declared: bool = False
    notice_at: datetime | None = None
    noticed: Noticed | None = None

    @property
    def handling(self) -> Handling:
        """The settings that it was opened with."""
        return self.opening.handling if self.opening is not None else Handling()

    @property
    def open(self) -> bool:
        """Whether alerts may still join it."""
        return self.phase not in ("new", "closed")


class Attention(msgspec.Struct, frozen=True):
    """What a group wants to hear of; see ``wants``."""

    phase: Phase
    shows: Shows
    rank: int
    loudness: int
    every: bool = False
    """Each further alert: it waits for more of them."""
    loud: bool = False
    until: datetime | None = None
    """Alerts that begin from then on belong to another group."""
    still: bool = False
    """Each repeat: its incident is over, and it ought to have ended."""

    def joins(self, now: datetime) -> bool:
        """Tell whether an alert that begins now joins the group."""
        return self.phase not in ("new", "closed") and (self.until is None or now < self.until)


def attention(group: Group) -> Attention:
    """Return what a group wants to hear of."""
    window = group.handling.window
    return Attention(
        group.phase,
        group.shows,
        group.lead.rank if group.lead is not None else UNKNOWN + 1,
        LOUDNESS[group.urgency],
        every=group.phase == "pending" and group.handling.threshold is not None,
        loud=group.loud,
        until=group.opened_at + window if window is not None and group.opened_at is not None else None,
        still=group.lingers,
    )


def shows_of(firing: int, muted: int, *, loud: bool = False) -> Shows:
    """Return what a group shows with so many alerts that may call people and so many that may not."""
    if firing or (loud and muted):
        return "firing"
    return "muted" if muted else "none"


def wants(
    mind: Attention, firing: int, muted: int, *, came: int = 0, lead: int = UNKNOWN, urgency: Urgency | None = None, again: bool = False,
) -> bool:  # fmt: skip
    """Tell whether a group is to be told (``NoteAlerts``) how its alerts stand now.

    came: alerts that began and may call people, since it was last told. lead: the rank of the worst that fires. urgency: the loudest
    of those that fire. again: one that fires was heard of again. For a storm of equal alerts the answer is yes once.
    """
    shows = shows_of(firing, muted, loud=mind.loud)
    if shows != mind.shows:
        return True
    if shows != "firing":
        return False
    return bool(came and mind.every) or (mind.still and bool(came or again)) or lead < mind.rank or LOUDNESS[urgency] > mind.loudness


def carried(lead: Lead | None) -> Carried:
    """Return what a page says of its group beside the title."""
    if lead is None:
        return Carried()
    return Carried(
        lead.word, lead.value, lead.threshold, lead.dashboard, lead.runbook, lead.severity, lead.summary, lead.started_at, lead.labels,
    )  # fmt: skip
