"""Commands about an incident's course: declare, change, move through the stages, merge, take in from elsewhere."""

from __future__ import annotations

from typing import Any

from tocsin.engine.model import Command
from tocsin.incidents.command_fields import Line, Name, Text, Time


class Declare(Command, frozen=True):
    """Declare an incident. Without a severity the playbook's default holds."""

    title: Line
    playbook: str | None = None
    severity: str | None = None
    service: str = ""
    impact: str = ""
    detected_by: str = ""
    """How it came to light, in the playbook's words (``detection_sources``); duties may hang on it."""
    cause: str = ""
    topic: str = ""
    marks: dict[str, bool] = {}
    assessment: dict[str, str] = {}
    started_at: Time | None = None
    detected_at: Time | None = None
    lead: Name | None = None
    triage: bool = False
    """Start in the playbook's triage stage, before it is certain that this is an incident."""
    private: bool = False
    alerts: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    at: Time | None = None
    id: str | None = None
    """An id of the playbook's pattern; made when it is not given."""


class Update(Command, frozen=True):
    """Change what the incident says of itself."""

    title: Line | None = None
    impact: str | None = None
    service: str | None = None
    topic: str | None = None
    cause: str | None = None
    detected_by: str | None = None
    """How it came to light, in the playbook's words (``detection_sources``); duties may hang on it."""


class ChangeSeverity(Command, frozen=True):
    """Raise the severity, or lower it with a reason."""

    severity: str
    reason: str = ""
    because: tuple[str, ...] = ()
    at: Time | None = None


class SetMark(Command, frozen=True):
    """Set a circumstance of the playbook, such as ``customer_visible``."""

    mark: str
    value: bool = True


class MoveStage(Command, frozen=True):
    """Move to another stage of the playbook."""

    stage: Name
    reason: str = ""
    confirm: str = ""
    """Repeats the gate's sentence where it wants one; any text will do, it is kept."""
    at: Time | None = None


class Resolve(Command, frozen=True):
    """Move to the playbook's resolved stage, through its gate."""

    reason: str = ""
    confirm: str = ""
    at: Time | None = None


class Close(Command, frozen=True):
    """Move to the playbook's closed stage."""

    reason: str = ""
    confirm: str = ""
    at: Time | None = None


class Reopen(Command, frozen=True):
    """Move back from resolved or closed."""

    reason: Text
    at: Time | None = None


class Dismiss(Command, frozen=True):
    """It was not an incident."""

    reason: Text
    at: Time | None = None


class Relapse(Command, frozen=True):
    """It is not stable: restart the stability window and move back."""

    text: Text
    at: Time | None = None


class Merge(Command, frozen=True):
    """This incident is the same as ``into``, which goes on."""

    into: Name
    reason: str = ""


class Unmerge(Command, frozen=True):
    """Take a merge back: it is another incident after all."""

    reason: Text


class Release(Command, frozen=True):
    """Let go of an incident that had been merged into this one."""

    source: str
    title: str


class Absorb(Command, frozen=True):
    """Take over from a merged incident."""

    source: str
    title: str


class ImportedEntry(Command, frozen=True):
    """One line of a timeline written elsewhere; unknown kinds are kept as given."""

    at: Time
    type: str
    text: str


class ImportedMilestone(Command, frozen=True):
    """A milestone stated elsewhere."""

    at: Time
    approximate: bool = False
    wording: str = ""


class Import(Command, frozen=True):
    """Take in an incident that was written down elsewhere. What its source does not say stays unknown."""

    title: Line
    source: str = ""
    """Where it was written down, in one line."""
    reference: str = ""
    """What its source calls it."""
    playbook: str | None = None
    severity: str | None = None
    """As its source words it: taken where the playbook knows the word, otherwise kept as text with the severity unset."""
    service: str = ""
    impact: dict[str, Any] = {}
    milestones: dict[str, ImportedMilestone | None] = {}
    timeline: tuple[ImportedEntry, ...] = ()
    factors: tuple[str, ...] = ()
    action_items: tuple[str, ...] = ()
    stated: tuple[dict[str, Any], ...] = ()
    notes: str = ""
    order_flags: tuple[Any, ...] = ()
    """What the source says of milestones that lie before the one they are measured from."""
    given: dict[str, Any] = {}
    """Whatever else the source says, kept as it is."""
