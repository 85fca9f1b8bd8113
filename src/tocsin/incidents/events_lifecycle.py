"""Facts of an incident's course: declared, severity, marks, stages, windows, merges, postmortem, taken in from elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from tocsin.engine.model import Event
from tocsin.incidents.model import Pin


class Declared(Event, frozen=True, tag="incident.declared"):
    """An incident begins under a playbook."""

    title: str
    playbook: Pin
    severity: str
    rank: int
    mode: str
    stage: str
    stage_kind: str
    service: str = ""
    impact: str = ""
    detected_by: str = ""
    cause: str = ""
    topic: str = ""
    marks: dict[str, bool] = {}
    private: bool = False
    sets: tuple[str, ...] = ("declared",)
    because: tuple[str, ...] = ()
    """The criteria that led to the severity."""


class DetailsChanged(Event, frozen=True, tag="incident.details_changed"):
    """Title, impact, service, topic, kind of cause or how it was detected; ``None``: unchanged."""

    title: str | None = None
    impact: str | None = None
    service: str | None = None
    topic: str | None = None
    cause: str | None = None
    detected_by: str | None = None


class SeverityChanged(Event, frozen=True, tag="incident.severity_changed"):
    """The severity was raised or lowered."""

    severity: str
    rank: int
    mode: str
    previous: str
    reason: str = ""
    because: tuple[str, ...] = ()


class MarkSet(Event, frozen=True, tag="incident.mark_set"):
    """A circumstance was set, such as ``customer_visible``."""

    mark: str
    value: bool


class StageMoved(Event, frozen=True, tag="incident.stage_moved"):
    """The incident moved to another stage."""

    stage: str
    stage_kind: str
    previous: str
    reason: str = ""
    gate: str = ""
    backward: bool = False
    sets: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    """Milestones that no longer hold (a reopened incident is not resolved)."""
    window: str = ""
    """The stability window that starts."""
    ends: bool = False
    confirmed: str = ""


class WindowRestarted(Event, frozen=True, tag="incident.window_restarted"):
    """A relapse: the stability window must run again from its beginning."""

    window: str
    text: str


class Merged(Event, frozen=True, tag="incident.merged"):
    """This incident is the same as another one, which goes on."""

    into: str
    reason: str = ""


class Absorbed(Event, frozen=True, tag="incident.absorbed"):
    """Another incident was merged into this one."""

    source: str
    title: str


class Unmerged(Event, frozen=True, tag="incident.unmerged"):
    """It is not the same as the other one after all, and goes on where it stood."""

    into: str
    """The incident that it had been merged into."""
    ended: bool
    """Whether the stage in which it stands ends an incident."""
    reason: str = ""


class Released(Event, frozen=True, tag="incident.released"):
    """An incident that had been merged into this one goes on by itself."""

    source: str
    title: str


class PostmortemMoved(Event, frozen=True, tag="incident.postmortem_moved"):
    """Something happened to the incident's postmortem."""

    what: Literal["drafted", "met", "approved", "published"]
    by: str = ""
    sets: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


class Imported(Event, frozen=True, tag="incident.imported"):
    """The record was written elsewhere and taken in."""

    title: str
    source: str
    given: dict[str, Any]
    """What the source says beside timeline and milestones."""
    since: datetime | None = None
    """When the stage was reached in which the record was found."""
