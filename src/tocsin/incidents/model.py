"""What an incident is at one moment: the fold of its facts. Bounded: the timeline itself stays in the log."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

Precision = Literal["exact", "estimated", "range"]


class Pin(msgspec.Struct, frozen=True):
    """The playbook text that an incident was declared under."""

    id: str
    version: int
    digest: str


class Moment(msgspec.Struct, frozen=True, omit_defaults=True):
    """One candidate for a milestone. ``source`` is the version of the fact that it came from."""

    at: datetime
    source: int
    precision: Precision = "exact"
    until: datetime | None = None
    """The end of a range."""
    by: str = ""
    note: str = ""
    explicit: bool = False
    """Stated by a person, not derived from something that happened."""


class Circumstances(msgspec.Struct, frozen=True):
    """What the playbook's conditions look at, from ``at`` on."""

    at: datetime
    source: int
    severity: str
    rank: int
    mode: str
    marks: dict[str, bool]
    service: str
    detected_by: str
    cause: str

    def values(self) -> dict[str, Any]:
        """Return the variables of a condition."""
        return {
            "rank": self.rank, "severity": self.severity, "mode": self.mode, "marks": self.marks,
            "service": self.service, "detected_by": self.detected_by, "cause": self.cause,
        }  # fmt: skip


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one fact stated of the circumstances; ``None``: nothing."""

    at: datetime
    source: int
    severity: str | None = None
    rank: int | None = None
    mode: str | None = None
    marks: dict[str, bool] = {}
    service: str | None = None
    detected_by: str | None = None
    cause: str | None = None


class Holding(msgspec.Struct, frozen=True):
    """Who holds a role, since when."""

    person: str
    since: datetime
    source: int


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """A measured value."""

    measure: str
    value: float
    unit: str = ""


class Seen(msgspec.Struct, frozen=True):
    """A reading with its time."""

    at: datetime
    value: float
    unit: str
    source: int


class Series(msgspec.Struct, frozen=True):
    """The first and the last reading of a measure, and the largest."""

    first: Seen
    last: Seen
    largest: Seen


class Mitigation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something done to stop the harm."""

    id: str
    kind: str
    text: str
    by: str
    started_at: datetime
    started: int
    completed_at: datetime | None = None
    completed: int = 0
    before: str = ""
    after: str = ""
    effective: bool | None = None
    verified_at: datetime | None = None
    verified: int = 0
    verification: str = ""


class Tick(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a checklist item."""

    state: Literal["ticked", "waived"]
    by: str
    at: datetime
    source: int
    evidence: str = ""
    reason: str = ""


class WindowRun(msgspec.Struct, frozen=True):
    """A stability window that runs since ``started_at`` (``None``: stopped by a relapse) and how often it was restarted."""

    started_at: datetime | None
    restarts: int = 0
    source: int = 0


class UpdateRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """An update that was posted, as obligations need it."""

    at: datetime
    source: int
    message: str
    kind: str
    audiences: tuple[str, ...]
    number: int = 0
    next_at: datetime | None = None
    """The promised time of the next update."""
    when_resolved: bool = False
    """The promise is (also) kept by resolving."""


class Left(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stays known of an entry or message whose content was taken away: that it was there, and what followed from it. No word of it."""

    at: datetime
    kind: str = ""
    """The type of the entry."""
    field: str = ""
    """The line of the first assessment that it answered."""
    since: datetime | None = None
    """When that was first answered."""
    progress: bool = False
    moments: tuple[tuple[str, Moment], ...] = ()
    """Milestones that still rested on it."""
    update: UpdateRef | None = None
    """Whom the message told, as which number, and what was promised with it."""


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mark, approval or follow-up that people recorded as done, or an obligation that was waived."""

    at: datetime
    by: str
    source: int
    text: str = ""


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """A recorded figure with its source."""

    value: float | str
    unit: str
    source: str
    estimate: bool
    fact: int
    by: str = ""


class AlertRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """An alert that belongs to the incident."""

    id: str
    title: str
    state: str
    at: datetime
    source: int


class Said(msgspec.Struct, frozen=True):
    """The newest text of a kind."""

    at: datetime
    text: str
    source: int
    since: datetime | None = None
    """When something of the kind was first said, where that matters and was earlier."""


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record of the same thing in another system."""

    system: str
    id: str
    url: str = ""


class Offer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A role that a person was asked to take."""

    person: str
    by: str
    at: datetime
    source: int
    note: str = ""


class Incident(msgspec.Struct, frozen=True):
    """The state. ``version`` is that of the last fact; ``plan`` changes with anything that obligations depend on."""

    id: str
    version: int = 0
    plan: int = 0
    title: str = ""
    impact: str = ""
    topic: str = ""
    playbook: Pin | None = None
    stage: str = ""
    stage_kind: str = "open"
    stage_since: datetime | None = None
    ended: bool = False
    """Closed, dismissed or merged: nothing more is logged."""
    merged_into: str = ""
    imported: bool = False
    """Taken in from elsewhere: a record to read and count, without duties, timers or calls."""
    declared_at: datetime | None = None
    """When the record begins; for an incident taken in from elsewhere this is its earliest moment, not a declaration."""
    private: bool = False
    changes: tuple[Change, ...] = ()
    circumstances: tuple[Circumstances, ...] = ()
    """Follow from ``changes``: what held from each change on."""
    moments: dict[str, tuple[Moment, ...]] = {}
    roles: dict[str, Holding] = {}
    lead_role: str = ""
    """The role that leads by the playbook, once somebody has held it."""
    first_held: dict[str, Done] = {}
    """Role to its first holder."""
    engaged: dict[str, datetime] = {}
    """Who has taken part, since when."""
    invited: dict[str, datetime] = {}
    named: dict[str, bool] = {}
    """Everybody whom the record names, and whether they read it while it is private: ``False`` for who was uninvited. A token stands as ``token:ID``."""
    assessment: dict[str, Said] = {}
    readings: dict[str, Series] = {}
    last: dict[str, Said] = {}
    """The newest entry of each type."""
    first: dict[str, Said] = {}
    """The oldest entry of each type."""
    silent: dict[str, Said] = {}
    """The newest entry of each type whose content was taken away: when it was, without its text."""
    stages: dict[str, Done] = {}
    """Stage to when it was first entered."""
    progress_at: datetime | None = None
    mitigations: dict[str, Mitigation] = {}
    checks: dict[str, Tick] = {}
    """``<checklist>.<item>`` to what became of it."""
    windows: dict[str, WindowRun] = {}
    updates: tuple[UpdateRef, ...] = ()
    marks_done: dict[str, Done] = {}
    waived: dict[str, Done] = {}
    """Obligation id to its waiver."""
    warned: tuple[str, ...] = ()
    breached: dict[str, datetime] = {}
    figures: dict[str, Figure] = {}
    alerts: dict[str, AlertRef] = {}
    links: tuple[Link, ...] = ()
    entries: int = 0
    left: dict[str, datetime] = {}
    """Who no longer takes part, since when."""
    offers: dict[str, Offer] = {}
    """Role to who was asked to take it and has not answered."""
    pinned: tuple[int, ...] = ()
    """Facts that are pinned above the timeline, oldest pin first."""
    corrections: dict[str, tuple[int, ...]] = {}
    """Entry (its number as text: snapshots are JSON) to the facts that corrected it, oldest first."""

    @property
    def now_circumstances(self) -> Circumstances | None:
        """The circumstances in force."""
        return self.circumstances[-1] if self.circumstances else None

    @property
    def lead(self) -> str:
        """The person who leads; empty where nobody does."""
        holding = self.roles.get(self.lead_role)
        return holding.person if holding else ""

    @property
    def readers(self) -> frozenset[str]:
        """Who reads it while it is private."""
        return frozenset(who for who, reads in self.named.items() if reads)

    @property
    def severity(self) -> str:
        """The severity in force; empty where none was stated."""
        return self.circumstances[-1].severity if self.circumstances else ""
