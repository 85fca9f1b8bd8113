"""How bad is it: the severity scale, the questions that lead to a level, and when to declare."""

from __future__ import annotations

from typing import Literal

from tocsin.playbooks.base import Part
from tocsin.playbooks.durations import Duration

Mode = Literal["full", "single_responder", "ticket_only"]
Urgency = Literal["high", "low", "none"]


class Step(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that the level asks people to do, in order, with the time it should have been done by."""

    do: str
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
    says: str
    """The procedure's own wording in short, such as ``immediately`` or ``next business day``."""


class Severity(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One level of the scale."""

    id: str
    name: str
    rank: int
    """Place on the common scale that all playbooks share: 0 is all hands, 4 is cosmetic. The crosswalk compares ranks, never labels."""
    aliases: tuple[str, ...] = ()
    definition: str
    signs: tuple[str, ...] = ()
    """Criteria that a person can tick one by one."""
    examples: tuple[str, ...] = ()
    mode: Mode = "full"
    urgency: Urgency = "high"
    page_word: str = ""
    """The word that a page starts with, such as CRITICAL."""
    response: Response
    team: tuple[str, ...] = ()
    """Roles or contacts that answer at this level."""
    page: tuple[str, ...] = ()
    """Roles or contacts that are paged at once."""
    mandatory_roles: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    expected_duration: Duration | None = None
    """When the incident outlasts this, the overrun rule applies."""
    review: Literal["required", "recommended", "none"] = "none"


class Question(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question of the classification; its answer is a variable of the rules' conditions."""

    id: str
    ask: str
    kind: Literal["yes_no", "percent", "number", "choice", "text"] = "yes_no"
    choices: tuple[str, ...] = ()
    unit: str = ""
    help: str = ""


class ClassifyRule(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """If ``when`` holds, the level is at least ``severity``. Rules are tried in order; the first that holds decides."""

    severity: str
    when: str
    """A condition (CEL) over the ids of the questions, such as ``users_percent > 25.0 || core_function``."""
    because: str
    """The criterion in words; shown as the reason for the level."""


class Unsure(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is assumed where nobody knows the answer."""

    use: str
    says: str


class Classify(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Questions, rules and what happens in the gaps between them."""

    questions: tuple[Question, ...]
    rules: tuple[ClassifyRule, ...]
    otherwise: str
    """The level where no rule holds: a gap is decided here, openly."""
    otherwise_because: str
    unsure: Unsure


class AssessmentField(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the written first assessment (what is broken, who is affected, when, what changed …)."""

    id: str
    ask: str
    required: bool = False


class Mark(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A yes-or-no circumstance that people set on an incident and that conditions may use as ``marks.<id>``."""

    id: str
    ask: str
    default: bool = False


class DeclareRule(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reason to declare an incident; any one is enough."""

    when: str
    because: str = ""
