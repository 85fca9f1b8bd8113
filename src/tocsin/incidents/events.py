"""What can happen to an incident. Tags are stable names; ``sets`` lists the milestones that the fact is a candidate for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from tocsin.engine.model import Event
from tocsin.incidents.model import Left, Link, Pin, Precision, Reading


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


class MilestoneSet(Event, frozen=True, tag="incident.milestone_set"):
    """A person states when something happened. ``replaces`` names the facts whose candidates it corrects."""

    milestone: str
    at: datetime
    precision: Precision = "exact"
    until: datetime | None = None
    note: str = ""
    replaces: tuple[int, ...] = ()


class DetailsChanged(Event, frozen=True, tag="incident.details_changed"):
    """Title, impact, service, topic or kind of cause; ``None``: unchanged."""

    title: str | None = None
    impact: str | None = None
    service: str | None = None
    topic: str | None = None
    cause: str | None = None


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


class Acknowledged(Event, frozen=True, tag="incident.acknowledged"):
    """A person acknowledged."""

    person: str
    sets: tuple[str, ...] = ("acknowledged",)


class RoleAssigned(Event, frozen=True, tag="incident.role_assigned"):
    """Somebody holds a role; ``previous`` is who held it before (a hand-over where it was somebody else)."""

    role: str
    person: str
    previous: str = ""
    leads: bool = False
    hand_over: bool = False
    note: str = ""
    conflicts: tuple[str, ...] = ()
    """Sentences about one person with two roles."""
    sets: tuple[str, ...] = ()


class RoleVacated(Event, frozen=True, tag="incident.role_vacated"):
    """Nobody holds the role any more."""

    role: str
    person: str
    note: str = ""


class PersonInvited(Event, frozen=True, tag="incident.person_invited"):
    """Somebody was called in."""

    person: str
    why: str = ""


class PersonUninvited(Event, frozen=True, tag="incident.person_uninvited"):
    """Somebody may no longer read the incident while it is private; what they did in it stays in the record."""

    person: str
    reason: str = ""


class PrivacyChanged(Event, frozen=True, tag="incident.privacy_changed"):
    """The incident became private (readable by those whom it names), or public again."""

    private: bool
    reason: str = ""
    by: str = ""
    """Who did it: a private incident names them."""


class PersonJoined(Event, frozen=True, tag="incident.person_joined"):
    """Somebody takes part."""

    person: str


class PersonLeft(Event, frozen=True, tag="incident.person_left"):
    """Somebody no longer takes part; that they did stays known."""

    person: str
    note: str = ""


class HandOverOffered(Event, frozen=True, tag="incident.hand_over_offered"):
    """The holder of a role, or somebody for them, asks a person to take it; it is theirs when they accept."""

    role: str
    person: str
    previous: str = ""
    note: str = ""


class HandOverDeclined(Event, frozen=True, tag="incident.hand_over_declined"):
    """The offer of a role was declined by the person who was asked, or withdrawn by somebody else."""

    role: str
    person: str
    note: str = ""


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


class PageNoted(Event, frozen=True, tag="incident.page_noted"):
    """Something happened to a page of the incident: somebody was called, could not be reached, answered, did not answer."""

    page: str
    what: str
    """``opened``, ``acknowledged``, ``notice_failed``, ``exhausted`` … as the page's own fact is called."""
    text: str
    person: str = ""
    called: tuple[str, ...] = ()
    """Everybody whom it called; they may read the incident."""


class LinkAdded(Event, frozen=True, tag="incident.link_added"):
    """The same thing has a record elsewhere."""

    link: Link


class LinkRemoved(Event, frozen=True, tag="incident.link_removed"):
    """A link was wrong."""

    link: Link


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


class Escalated(Event, frozen=True, tag="incident.escalated"):
    """More people were called by a rule of the playbook."""

    rule: str
    to: tuple[str, ...]
    says: str
    when: Literal["unacknowledged", "not_triaged", "age", "no_progress", "severity_raised", "overrun", "specialist"]


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


EVENTS: tuple[type[Event], ...] = (
    Declared, MilestoneSet, DetailsChanged, SeverityChanged, MarkSet, Acknowledged, RoleAssigned, RoleVacated, PersonInvited, PersonUninvited, PrivacyChanged, PersonJoined,
    EntryLogged, EntryCorrected, Redacted, MitigationStarted, MitigationCompleted, MitigationVerified, StageMoved, WindowRestarted, CheckTicked,
    CheckUnticked, CheckWaived, UpdatePosted, DeliveryFailed, FigureRecorded, AlertLinked, AlertChanged, PageNoted, LinkAdded,
    ObligationWarned, ObligationBreached, ObligationDone, ObligationWaived, Escalated, Merged, Absorbed, PostmortemMoved, Imported,
    PersonLeft, HandOverOffered, HandOverDeclined, EntryPinned, EntryUnpinned, AlertUnlinked, LinkRemoved, ObligationRestored, Unmerged, Released,
)  # fmt: skip
