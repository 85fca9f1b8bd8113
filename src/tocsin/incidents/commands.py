"""What people, alerts and timers can ask of an incident. The same values are the bodies of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

from tocsin.engine.model import Command
from tocsin.incidents.model import Link, Precision, Reading
from tocsin.playbooks.scale import ComponentState

Time = Annotated[datetime, Meta(tz=True)]
"""A moment with a zone."""
Line = Annotated[str, Meta(min_length=1, max_length=300)]
Text = Annotated[str, Meta(min_length=1, max_length=100_000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]
"""The number of a fact in its record."""


class Declare(Command, frozen=True):
    """Declare an incident. Without a severity the playbook's default holds."""

    title: Line
    playbook: str | None = None
    severity: str | None = None
    service: str = ""
    impact: str = ""
    detected_by: str = ""
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


class Acknowledge(Command, frozen=True):
    """Say that you are on it. A second time is no error."""

    person: Name | None = None
    at: Time | None = None


class AssignRole(Command, frozen=True):
    """Give a role to a person, or hand it over from whoever holds it."""

    role: Name
    person: Name
    note: str = ""
    at: Time | None = None


class VacateRole(Command, frozen=True):
    """Take a role from its holder without naming another."""

    role: Name
    note: str = ""
    at: Time | None = None


class Invite(Command, frozen=True):
    """Call people in."""

    people: Annotated[tuple[Name, ...], Meta(min_length=1)]
    why: str = ""
    at: Time | None = None


class Uninvite(Command, frozen=True):
    """Have somebody who holds no role read a private incident no more."""

    person: Name
    reason: str = ""


class SetPrivacy(Command, frozen=True):
    """Make the incident private, readable by those whom it names only, or public."""

    private: bool
    reason: Text


class Escalate(Command, frozen=True):
    """Call the people of one of the playbook's escalation rules now, whatever its clock says."""

    rule: Name
    why: str = ""
    at: Time | None = None


class Join(Command, frozen=True):
    """Take part."""

    person: Name
    at: Time | None = None


class Leave(Command, frozen=True):
    """Take part no longer. Whoever holds a role that the severity wants filled names who takes it."""

    person: Name
    to: str = ""
    """Who takes the roles that the person holds; without one, those that may stand empty do."""
    note: str = ""
    at: Time | None = None


class OfferRole(Command, frozen=True):
    """Ask a person to take a role; it is theirs when they accept, and its holder's until then."""

    role: Name
    person: Name
    note: str = ""
    at: Time | None = None


class AcceptRole(Command, frozen=True):
    """Take a role that was offered to the person who sends this."""

    role: Name
    at: Time | None = None


class DeclineRole(Command, frozen=True):
    """Decline a role that was offered, or withdraw the offer."""

    role: Name
    note: str = ""
    at: Time | None = None


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


class StartMitigation(Command, frozen=True):
    """Begin a mitigation. ``done`` where it is already in place."""

    kind: Name
    text: Text
    by: str = ""
    before: str = ""
    after: str = ""
    done: bool = False
    confirmed: str = ""
    """For a dangerous kind: the guard that was checked."""
    at: Time | None = None


class CompleteMitigation(Command, frozen=True):
    """Say that a mitigation is in place."""

    mitigation: str
    text: str = ""
    after: str = ""
    at: Time | None = None


class VerifyMitigation(Command, frozen=True):
    """Say whether a mitigation helped."""

    mitigation: str
    effective: bool
    text: str = ""
    after: str = ""
    at: Time | None = None


class SetMilestone(Command, frozen=True):
    """State when something happened; where a time is known already this corrects it and leaves the old one in the record."""

    milestone: Name
    when: Time
    precision: Precision = "exact"
    until: Time | None = None
    note: str = ""


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


class Tick(Command, frozen=True):
    """Tick a criterion (``resolution.error_rate``) with what was seen."""

    item: Name
    evidence: str = ""
    at: Time | None = None


class Untick(Command, frozen=True):
    """Take a tick or waiver back."""

    item: Name
    reason: str = ""


class Waive(Command, frozen=True):
    """Pass a gate without a criterion; the reason is kept."""

    item: Name
    reason: Text
    at: Time | None = None


class PostUpdate(Command, frozen=True):
    """Tell an audience, by one of the playbook's messages."""

    message: Name
    fields: dict[str, Any] = {}
    status: str = ""
    next_at: Time | None = None
    next_in: str = ""
    """A duration from now, such as ``30m``."""
    when_resolved: bool = False
    eta: str = ""
    audiences: tuple[str, ...] = ()
    by: str = ""
    at: Time | None = None
    headline: Annotated[str, Meta(max_length=200)] = ""
    """What the status page calls the incident from now on; without one it keeps the subject of the first update."""
    components: dict[str, ComponentState] = {}
    """Service to what the status page says of it from now on; without any, what it said before, and at first what the severity asks for."""
    corrects: int = 0
    """The fact of an update that was wrong and that this one sets right."""


class SendAgain(Command, frozen=True):
    """Send a message once more on a way on which it failed."""

    fact: Number
    """The fact that told it."""
    audience: Name
    channel: Name


class RecordFigure(Command, frozen=True):
    """Record a figure of the impact."""

    figure: Name
    value: float | str
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


class MarkDone(Command, frozen=True):
    """Say that an obligation was met, by its id or mark."""

    obligation: Name
    evidence: str = ""
    by: str = ""
    at: Time | None = None


class WaiveObligation(Command, frozen=True):
    """Let an obligation go, with a reason."""

    obligation: Name
    reason: Text


class RestoreObligation(Command, frozen=True):
    """Take back that an obligation was waived or done."""

    obligation: Name
    reason: str = ""


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
