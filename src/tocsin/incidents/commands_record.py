"""Commands about what is written down: entries with their corrections and pins, milestones, figures, alerts, links."""

from __future__ import annotations

from tocsin.engine.model import Command
from tocsin.incidents.command_fields import Name, Number, Text, Time
from tocsin.incidents.model import Link, Precision, Reading


class Pin(Command, frozen=True):
    """Pin a line of the timeline above it. A second time is no error."""

    fact: Number


class Unpin(Command, frozen=True):
    """Take a pinned line down."""

    fact: Number


class LogEntry(Command, frozen=True):
    """Add a typed entry to the timeline; ``at`` back-dates it."""

    kind: Name
    text: Text
    by: str = ""
    at: Time | None = None
    reading: Reading | None = None
    field: str = ""
    attachments: tuple[str, ...] = ()


class CorrectEntry(Command, frozen=True):
    """Correct an entry by its number; what is not given stays as it was."""

    entry: Number
    text: Text | None = None
    at: Time | None = None
    by: str | None = None
    kind: str | None = None
    reading: Reading | None = None
    reason: str = ""


class Redact(Command, frozen=True):
    """Take the content of an entry or message out of the record for good (a leaked secret); that it stood there stays."""

    fact: Number
    reason: Text


class Assess(Command, frozen=True):
    """Write the first assessment: answers to the playbook's questions."""

    answers: dict[str, str]
    by: str = ""
    at: Time | None = None


class SetMilestone(Command, frozen=True):
    """State when something happened; where a time is known already this corrects it and leaves the old one in the record."""

    milestone: Name
    when: Time
    precision: Precision = "exact"
    until: Time | None = None
    note: str = ""


class RecordFigure(Command, frozen=True):
    """Record a figure of the impact; a second time corrects it."""

    figure: Name
    value: float | str
    """A number, also as text: ``1,000``, ``12.5 %``, ``about 40,000``."""
    unit: str = ""
    source: str = ""
    estimate: bool = False


class LinkAlert(Command, frozen=True):
    """Link an alert."""

    alert: Name


class AddLink(Command, frozen=True):
    """Name the record of the same thing in another system."""

    link: Link


class UnlinkAlert(Command, frozen=True):
    """Take an alert out that does not belong here."""

    alert: Name
    reason: str = ""


class RemoveLink(Command, frozen=True):
    """Take out a link that is wrong."""

    link: Link
