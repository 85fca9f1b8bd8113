"""Facts of what is written down: milestones, entries with their corrections and pins, figures, alerts, links."""

from __future__ import annotations

from datetime import datetime

from tocsin.engine.model import Event
from tocsin.incidents.model import Left, Link, Precision, Reading


class MilestoneSet(Event, frozen=True, tag="incident.milestone_set"):
    """A person states when something happened. ``replaces`` names the facts whose candidates it corrects."""

    milestone: str
    at: datetime
    precision: Precision = "exact"
    until: datetime | None = None
    note: str = ""
    replaces: tuple[int, ...] = ()


class EntryPinned(Event, frozen=True, tag="incident.entry_pinned"):
    """A line of the timeline was pinned above it."""

    fact: int


class EntryUnpinned(Event, frozen=True, tag="incident.entry_unpinned"):
    """A line is no longer pinned."""

    fact: int


class EntryLogged(Event, frozen=True, tag="incident.entry_logged"):
    """A typed entry of the timeline."""

    kind: str
    text: str
    by: str = ""
    reading: Reading | None = None
    progress: bool = False
    field: str = ""
    """The line of the first assessment that it answers."""
    attachments: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()


class EntryCorrected(Event, frozen=True, tag="incident.entry_corrected"):
    """An entry was wrong; the old one stays in the record. The fact's time is the corrected time."""

    entry: int
    """Version of the fact that is corrected."""
    kind: str
    text: str
    by: str = ""
    reading: Reading | None = None
    progress: bool = False
    field: str = ""
    reason: str = ""
    replaces: tuple[int, ...] = ()
    """The entry and its earlier corrections."""
    sets: tuple[str, ...] = ()


class Redacted(Event, frozen=True, tag="incident.redacted"):
    """The content of a fact was taken away."""

    fact: int
    was: str
    """What type of fact it was."""
    reason: str
    entry: int = 0
    """The entry that it corrected, where it was a correction."""
    by: str = ""
    """Whose entry it was: that they took part stays known."""
    attachments: tuple[str, ...] = ()
    """What was attached to it: it stays as private as the incident is."""
    left: Left | None = None
    """What stays known of it, so that nothing that was done or promised is undone by it."""


class FigureRecorded(Event, frozen=True, tag="incident.figure_recorded"):
    """A figure of the impact, with its source."""

    figure: str
    value: float | str
    unit: str = ""
    source: str = ""
    estimate: bool = False


class AlertLinked(Event, frozen=True, tag="incident.alert_linked"):
    """An alert belongs to the incident."""

    alert: str
    title: str
    state: str
    started_at: datetime
    received_at: datetime
    labels: dict[str, str] = {}
    links: dict[str, str] = {}
    sets: tuple[str, ...] = ("alerted", "detected")


class AlertUnlinked(Event, frozen=True, tag="incident.alert_unlinked"):
    """An alert does not belong to the incident after all."""

    alert: str
    title: str
    reason: str = ""


class AlertChanged(Event, frozen=True, tag="incident.alert_changed"):
    """A linked alert changed its state."""

    alert: str
    title: str
    state: str


class LinkAdded(Event, frozen=True, tag="incident.link_added"):
    """The same thing has a record elsewhere."""

    link: Link


class LinkRemoved(Event, frozen=True, tag="incident.link_removed"):
    """A link was wrong."""

    link: Link
