"""A playbook: a team's whole procedure as data, strict and immutable."""

from __future__ import annotations

from tocsin.playbooks.base import Part
from tocsin.playbooks.process import (
    Checklist,
    Command,
    Detector,
    EntryType,
    Gate,
    Investigation,
    Measure,
    Milestone,
    MitigationKind,
    Obligation,
    RunbookRef,
    Stage,
    Transition,
    Window,
)
from tocsin.playbooks.record import Accepted, Actions, Figure, Message, Metric, Review
from tocsin.playbooks.response import Audience, Calendar, Contact, Document, Escalation, Naming, OnCall, Role
from tocsin.playbooks.scale import AssessmentField, Classify, DeclareRule, Detection, Mark, Severity


class Lifecycle(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The graph of stages."""

    initial: str
    """The stage of an incident that is declared."""
    triage: str = ""
    """The stage of an incident that is not declared yet, where the procedure has one."""
    stages: tuple[Stage, ...]
    """The stages in the order in which they are shown."""
    transitions: tuple[Transition, ...]
    """The moves that are allowed."""


class Playbook(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One team's procedure. Ids are unique within their list; every reference names an id that exists (``load`` checks both)."""

    playbook: str
    """The playbook's id, such as ``s2-nine-stage``."""
    version: int
    """A number that grows with every version that is published."""
    title: str
    summary: str
    """What it asks for, in a few sentences."""
    principles: tuple[str, ...] = ()
    """What it is built on, one sentence each."""
    scope: str = ""
    """What it is for."""
    severities: tuple[Severity, ...]
    """The scale, worst level first."""
    default_severity: str = ""
    """The level of an incident that is declared without one."""
    classify: Classify
    """How answers lead to a level."""
    assessment: tuple[AssessmentField, ...] = ()
    """The written first assessment."""
    marks: tuple[Mark, ...] = ()
    """Circumstances that people set and conditions may use."""
    detection_sources: tuple[str, ...] = ()
    """The words for how an incident was detected."""
    detection: Detection = Detection()
    """Which of them is assumed at first."""
    declare: tuple[DeclareRule, ...] = ()
    """Reasons to declare."""
    roles: tuple[Role, ...]
    """The roles that people hold."""
    audiences: tuple[Audience, ...]
    """Who is told."""
    calendars: tuple[Calendar, ...] = ()
    """Calendars beside ``always``."""
    escalations: tuple[Escalation, ...] = ()
    """Who is called when it gets worse or takes too long."""
    lifecycle: Lifecycle
    """The graph of stages."""
    gates: tuple[Gate, ...] = ()
    """What must hold before a move."""
    checklists: tuple[Checklist, ...] = ()
    """Criteria that are ticked or waived."""
    windows: tuple[Window, ...] = ()
    """Stretches of stability."""
    measures: tuple[Measure, ...] = ()
    """Quantities that are read during an incident."""
    milestones: tuple[Milestone, ...] = ()
    """Moments beside the canonical ones."""
    entry_types: tuple[EntryType, ...]
    """The kinds of timeline entries."""
    obligations: tuple[Obligation, ...] = ()
    """The duties with a time."""
    detectors: tuple[Detector, ...] = ()
    """Habits that show in the record."""
    mitigations: tuple[MitigationKind, ...] = ()
    """Ways to stop the harm."""
    investigation: tuple[Investigation, ...] = ()
    """Time boxes of looking for the cause."""
    messages: tuple[Message, ...] = ()
    """The templates of what is told."""
    status_labels: tuple[str, ...] = ()
    """The words of status, in their order."""
    metrics: tuple[Metric, ...] = ()
    """Numbers about one incident."""
    figures: tuple[Figure, ...] = ()
    """Figures of the impact."""
    review: Review
    """The postmortem process."""
    actions: Actions = Actions()
    """What action items must have."""
    naming: Naming = Naming()
    """Patterns of names."""
    on_call: OnCall = OnCall()
    """The rota's terms."""
    contacts: tuple[Contact, ...] = ()
    """Who or what can be called beside the roles."""
    documents: tuple[Document, ...] = ()
    """Companion documents."""
    runbooks: tuple[RunbookRef, ...] = ()
    """Runbooks to read."""
    commands: tuple[Command, ...] = ()
    """The procedure's own commands, and ours for them."""
    service_aliases: dict[str, tuple[str, ...]] = {}
    """One service, several names: the name of the record and what other systems call it."""
    accepted: tuple[Accepted, ...] = ()
    """Contradictions that it keeps, with what is in force."""

    def severity(self, label: str) -> Severity | None:
        """Return the level with this id or alias, without regard to letter case; None where there is none."""
        wanted = label.casefold()
        for level in self.severities:
            if wanted == level.id.casefold() or wanted in (alias.casefold() for alias in level.aliases):
                return level
        return None

    def stage(self, stage_id: str) -> Stage | None:
        """Return the stage with this id; None where there is none."""
        return next((stage for stage in self.lifecycle.stages if stage.id == stage_id), None)

    def role(self, role_id: str) -> Role | None:
        """Return the role with this id or short name; None where there is none."""
        wanted = role_id.casefold()
        return next((role for role in self.roles if wanted in (role.id.casefold(), role.short.casefold())), None)

    @property
    def lead(self) -> Role | None:
        """The role that leads; None where the procedure has no such role."""
        return next((role for role in self.roles if role.lead), None)

    def checklist(self, checklist_id: str) -> Checklist | None:
        """Return the checklist with this id; None where there is none."""
        return next((checklist for checklist in self.checklists if checklist.id == checklist_id), None)

    def gate(self, gate_id: str) -> Gate | None:
        """Return the gate with this id; None where there is none."""
        return next((gate for gate in self.gates if gate.id == gate_id), None)

    def window(self, window_id: str) -> Window | None:
        """Return the stability window with this id; None where there is none."""
        return next((window for window in self.windows if window.id == window_id), None)

    def entry_type(self, type_id: str) -> EntryType | None:
        """Return the entry type with this id, without regard to letter case; None where there is none."""
        return next((kind for kind in self.entry_types if kind.id.casefold() == type_id.casefold()), None)

    def message(self, message_id: str) -> Message | None:
        """Return the message template with this id; None where there is none."""
        return next((message for message in self.messages if message.id == message_id), None)


CANONICAL_MILESTONES: dict[str, str] = {
    "impact_started": "first",
    "detected": "first",
    "alerted": "first",
    "acknowledged": "first",
    "response_started": "first",
    "declared": "first",
    "lead_assigned": "first",
    "first_update_sent": "first",
    "cause_identified": "first",
    "mitigation_started": "first",
    "mitigation_effective": "last",
    "mitigated": "last",
    "fix_deployed": "last",
    "stable_since": "last",
    "resolved": "last",
    "closed": "last",
    "postmortem_drafted": "first",
    "postmortem_met": "first",
    "postmortem_published": "first",
    "postmortem_approved": "last",
}
"""The moments that the engine itself knows, and which one counts where there are several. Playbooks add their own."""
