"""What the numbers look like: each with its definition, its two moments, and the facts (versions) that it came from. Pure values."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from tocsin.incidents.model import Precision


class Counted(msgspec.Struct, frozen=True):
    """One thing that was counted, and the fact that it came from."""

    what: str
    at: datetime
    fact: int


class Number(msgspec.Struct, frozen=True, kw_only=True, tag_field="form"):
    """What every number says of itself. Where ``available`` is false there is no value, and ``reason`` tells why; it is never 0 instead."""

    id: str
    name: str
    definition: str
    """What is measured, in words, with the two moments or the window."""
    text: str
    """The value for people to read, such as ``47m``; ``not available: …`` where there is none."""
    available: bool = True
    reason: str = ""
    missing: tuple[str, ...] = ()
    """Milestones that are not known."""
    facts: tuple[int, ...] = ()
    """Versions of the facts that the number came from."""
    says: str = ""
    claims: str = ""
    """A figure that the procedure itself states, where it differs …"""
    claims_because: str = ""
    """… and why."""


class Duration(Number, frozen=True, kw_only=True, tag="duration"):
    """Wall time from one milestone to another, in whole seconds."""

    start: str
    end: str
    seconds: int | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    from_fact: int = 0
    to_fact: int = 0
    precision: Precision = "exact"
    """``estimated`` or ``range`` where one of the moments is."""
    low: int | None = None
    """The least that it can be, in seconds, where a moment is a range."""
    high: int | None = None
    target: int | None = None
    """Seconds."""
    target_kept: bool | None = None


class Count(Number, frozen=True, kw_only=True, tag="count"):
    """How many, in a window."""

    value: int | None = None
    counted: tuple[Counted, ...] = ()
    from_at: datetime | None = None
    to_at: datetime | None = None


class Ratio(Number, frozen=True, kw_only=True, tag="ratio"):
    """Criteria that were verified, of all that apply."""

    verified: int | None = None
    waived: int | None = None
    total: int | None = None
    share: float | None = None
    """Verified of all, 0 to 1."""


class Beat(msgspec.Struct, frozen=True):
    """One update of a cadence."""

    seconds: int
    """Since the milestone."""
    at: datetime
    fact: int
    message: str
    number: int = 0


class Cadence(Number, frozen=True, kw_only=True, tag="cadence"):
    """When an audience was told, counted from a milestone."""

    audience: str
    beats: tuple[Beat, ...] = ()
    from_at: datetime | None = None
    from_fact: int = 0
    largest_gap: int | None = None
    """Seconds between two neighbouring moments; the milestone is the first of them."""
    gap_from: datetime | None = None
    gap_to: datetime | None = None


class Mitigated(msgspec.Struct, frozen=True):
    """One mitigation from start to completion."""

    mitigation: str
    what: str
    from_at: datetime
    from_fact: int
    seconds: int | None = None
    """None while it is not in place."""
    to_at: datetime | None = None
    to_fact: int = 0


class Mitigations(Number, frozen=True, kw_only=True, tag="mitigation"):
    """Durations of the mitigations of one kind."""

    kind: str
    each: tuple[Mitigated, ...] = ()


class Recorded(msgspec.Struct, frozen=True):
    """A figure that a person recorded."""

    id: str
    name: str
    value: float | str
    unit: str
    source: str
    estimate: bool
    by: str
    fact: int
    text: str


Metric = Duration | Count | Ratio | Cadence | Mitigations


class MetricsView(msgspec.Struct, frozen=True):
    """Every number about one incident."""

    incident: str
    as_of: datetime
    playbook: str
    """``<id> <version>`` of the pinned playbook, whose definitions these are."""
    canonical: tuple[Duration, ...]
    """The durations that are the same under every playbook."""
    metrics: tuple[Metric, ...]
    """The playbook's own."""
    figures: tuple[Recorded, ...]
    figures_missing: tuple[str, ...]
    """Required figures that nobody has recorded."""


class Tally(msgspec.Struct, frozen=True):
    """Obligations by what became of them. ``score`` is kept / (kept + late + missed); waived ones stand apart; None where none is judged yet."""

    kept: int = 0
    late: int = 0
    missed: int = 0
    waived: int = 0
    open: int = 0
    overdue: int = 0
    score: float | None = None


class Judged(msgspec.Struct, frozen=True):
    """One obligation with what became of it."""

    id: str
    rule: str
    name: str
    owner: str
    audience: str
    kind: str
    state: Literal["kept", "late", "missed", "waived", "open", "overdue", "void"]
    from_at: datetime
    due_at: datetime
    done_at: datetime | None
    fact: int
    """The fact that kept it; 0 where there is none."""
    late_by: int | None
    """Seconds after the due time at which it was done, or that an overdue one is over by now."""
    reason: str = ""
    cites: str = ""


class Promises(msgspec.Struct, frozen=True):
    """Promised times of the next update: how many were kept, of those whose time has come."""

    kept: int
    due: int
    open: int
    text: str
    each: tuple[Judged, ...]


class AdherenceView(msgspec.Struct, frozen=True):
    """How an incident kept to its playbook."""

    incident: str
    as_of: datetime
    total: Tally
    by_audience: dict[str, Tally]
    by_owner: dict[str, Tally]
    promises: Promises
    obligations: tuple[Judged, ...]
    note: str = ""


class Finding(msgspec.Struct, frozen=True):
    """An anti-pattern that shows in the record."""

    detector: str
    name: str
    detect: str
    at: datetime
    sentence: str
    facts: tuple[int, ...]
    says: str
    remedy: str
    seconds: int | None = None


class Reminder(msgspec.Struct, frozen=True):
    """An anti-pattern that people watch for; or a detector that could not judge, and why."""

    detector: str
    name: str
    says: str
    remedy: str
    why: str = ""


class HealthView(msgspec.Struct, frozen=True):
    """Process health of one incident."""

    incident: str
    as_of: datetime
    findings: tuple[Finding, ...]
    reminders: tuple[Reminder, ...]
    not_judged: tuple[Reminder, ...]
