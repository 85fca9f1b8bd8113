"""How bad is it: the severity scale, the questions that lead to a level, and when to declare."""

from __future__ import annotations

from typing import Literal

from tocsin.playbooks.base import Part
from tocsin.playbooks.durations import Duration

Mode = Literal["full", "single_responder", "ticket_only"]
Urgency = Literal["high", "low", "none"]
ComponentState = Literal["operational", "degraded_performance", "partial_outage", "major_outage"]
"""What a status page says of a component, from well to worst."""


class Step(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that the level asks people to do, in order, with the time it should have been done by."""

    do: str
    """What to do, as an instruction."""
    within: Duration | None = None
    """Counted from the declaration."""
    decision: bool = False
    """True where the step is a decision that has to be recorded as one."""


class Response(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How quickly the level must be answered."""

    acknowledge_within: Duration | None = None
    """From the page to a person's acknowledgement."""
    respond_within: Duration | None = None
    """From the page to somebody at work on it; a clock of its own, apart from acknowledgement."""
    calendar: str = "always"
    """The calendar in which both times count."""
    says: str
    """The procedure's own wording in short, such as ``immediately`` or ``next business day``."""


class Severity(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One level of the scale."""

    id: str
    name: str
    rank: int
    """Place on the common scale that all playbooks share: 0 is all hands, 4 is cosmetic. The crosswalk compares ranks, never labels."""
    aliases: tuple[str, ...] = ()
    """Other spellings that mean this level; case does not matter."""
    definition: str
    """When the level applies, in one or two sentences."""
    signs: tuple[str, ...] = ()
    """Criteria that a person can tick one by one."""
    examples: tuple[str, ...] = ()
    """Incidents that had this level."""
    mode: Mode = "full"
    """``full``: roles and a lead; ``single_responder``: one person does it all; ``ticket_only``: nobody is called and no role is filled."""
    urgency: Urgency = "high"
    """How loudly it calls; ``none`` pages nobody."""
    page_word: str = ""
    """The word that a page starts with, such as CRITICAL."""
    response: Response
    """How quickly it must be answered."""
    team: tuple[str, ...] = ()
    """Roles or contacts that answer at this level."""
    page: tuple[str, ...] = ()
    """Roles or contacts that are paged at once."""
    mandatory_roles: tuple[str, ...] = ()
    """Roles that must be held; who is missing is shown on the incident."""
    steps: tuple[Step, ...] = ()
    """What the level asks people to do, in order."""
    expected_duration: Duration | None = None
    """When the incident outlasts this, the overrun rule applies."""
    review: Literal["required", "recommended", "none"] = "none"
    """Whether a postmortem is required, recommended or not asked for."""
    component: ComponentState = "degraded_performance"
    """What the status page shows the affected component as, once the public was told of such an incident and until an update says otherwise."""

    @property
    def calls(self) -> bool:
        """Whether it calls people at all."""
        return self.mode != "ticket_only" and self.urgency != "none"


class Question(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question of the classification; its answer is a variable of the rules' conditions."""

    id: str
    ask: str
    """The question as people read it."""
    kind: Literal["yes_no", "percent", "number", "choice", "text"] = "yes_no"
    """What an answer is."""
    choices: tuple[str, ...] = ()
    """The answers to choose from; with ``choice`` only."""
    unit: str = ""
    """The unit of a number."""
    help: str = ""
    """What helps people to answer."""


class ClassifyRule(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """If ``when`` holds, the level is at least ``severity``. Rules are tried in order; the first that holds decides."""

    severity: str
    """The level that the rule leads to."""
    when: str
    """A condition (CEL) over the ids of the questions, such as ``users_percent > 25.0 || core_function``."""
    because: str
    """The criterion in words; shown as the reason for the level."""


class Unsure(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is assumed where nobody knows the answer."""

    use: str
    """The level."""
    says: str


class Classify(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Questions, rules and what happens in the gaps between them."""

    questions: tuple[Question, ...]
    """What is asked, in order."""
    rules: tuple[ClassifyRule, ...]
    """Tried in order; the first that holds decides."""
    otherwise: str
    """The level where no rule holds: a gap is decided here, openly."""
    otherwise_because: str
    """Why that level; shown as its reason."""
    unsure: Unsure
    """What holds where the answers that are missing could change the level."""


class AssessmentField(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the written first assessment (what is broken, who is affected, when, what changed …)."""

    id: str
    ask: str
    """The question as people read it."""
    required: bool = False
    """Whether the assessment is incomplete without it."""


class Mark(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A yes-or-no circumstance that people set on an incident and that conditions may use as ``marks.<id>``."""

    id: str
    ask: str
    """The question as people read it."""
    default: bool = False
    """What holds until somebody sets it."""


class Detection(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of ``detection_sources`` is assumed until somebody says another, by where an incident is declared from."""

    alert: str = ""
    """From an alert that a tool sent."""
    report: str = ""
    """From a report that somebody from outside the team sent."""
    person: str = ""
    """By hand, from nothing else."""


class DeclareRule(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reason to declare an incident; any one is enough."""

    when: str
    """The reason, in words."""
    because: str = ""
    """Why that is a reason."""
