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
from tocsin.playbooks.scale import AssessmentField, Classify, DeclareRule, Mark, Severity


class Lifecycle(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The graph of stages."""

    initial: str
    triage: str = ""
    """The stage of an incident that is not declared yet, where the procedure has one."""
    stages: tuple[Stage, ...]
    transitions: tuple[Transition, ...]


class Playbook(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One team's procedure. Ids are unique within their list; every reference names an id that exists (``load`` checks both)."""

    playbook: str
    """The playbook's id, such as ``s2-nine-stage``."""
    version: int
    title: str
    summary: str
    principles: tuple[str, ...] = ()
    scope: str = ""
    severities: tuple[Severity, ...]
    default_severity: str = ""
    classify: Classify
    assessment: tuple[AssessmentField, ...] = ()
    marks: tuple[Mark, ...] = ()
    detection_sources: tuple[str, ...] = ()
    declare: tuple[DeclareRule, ...] = ()
    roles: tuple[Role, ...]
    audiences: tuple[Audience, ...]
    calendars: tuple[Calendar, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    lifecycle: Lifecycle
    gates: tuple[Gate, ...] = ()
    checklists: tuple[Checklist, ...] = ()
    windows: tuple[Window, ...] = ()
    measures: tuple[Measure, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    entry_types: tuple[EntryType, ...]
    obligations: tuple[Obligation, ...] = ()
    detectors: tuple[Detector, ...] = ()
    mitigations: tuple[MitigationKind, ...] = ()
    investigation: tuple[Investigation, ...] = ()
    messages: tuple[Message, ...] = ()
    status_labels: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    figures: tuple[Figure, ...] = ()
    review: Review
    actions: Actions = Actions()
    naming: Naming = Naming()
    on_call: OnCall = OnCall()
    contacts: tuple[Contact, ...] = ()
    documents: tuple[Document, ...] = ()
    runbooks: tuple[RunbookRef, ...] = ()
    commands: tuple[Command, ...] = ()
    service_aliases: dict[str, tuple[str, ...]] = {}
    """One service, several names: the name of the record and what other systems call it."""
    accepted: tuple[Accepted, ...] = ()

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
