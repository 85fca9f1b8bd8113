"""What happens to an incident: milestones, stages, gates, checklists, windows, obligations, detectors, mitigations."""

from __future__ import annotations

from typing import Literal

import msgspec

from tocsin.playbooks.base import Part
from tocsin.playbooks.durations import Duration

Comparator = Literal["<", "<=", ">", ">=", "==", "!="]


class Measure(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A quantity that people or probes read during an incident, such as an error rate."""

    id: str
    name: str
    unit: str = ""
    """The unit of its readings."""
    normal: float | None = None
    """Its usual value."""
    threshold: float | None = None
    """The alert threshold; part of what a page carries."""


class SetBy(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a milestone of the playbook's own is set; exactly one key. Nothing given: people set it."""

    hand_over_of: str | None = None
    """A role: the moment it is first handed from one person to another."""
    assigned: str | None = None
    """A role: the moment it is first held."""
    reading_of: str | None = None
    """A measure: the first reading for which ``op`` ``value`` holds, not before the milestone ``not_before``."""
    op: Comparator | None = None
    """How a reading is compared with ``value``."""
    value: float | None = None
    """What a reading is compared with."""
    not_before: str | None = None
    """A milestone; earlier readings do not count."""
    entry: str | None = None
    """An entry type: the first entry of that type."""
    mitigation: str | None = None
    """A kind of mitigation: its completion."""
    update_to: str | None = None
    """An audience: the first update sent to it."""


class Milestone(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A moment that matters, beside the canonical ones."""

    id: str
    name: str
    keep: Literal["first", "last"] = "first"
    """Which moment counts when there are several."""
    set_by: SetBy = SetBy()
    """What sets it; nothing: people do."""


class EntryType(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of timeline entry."""

    id: str
    name: str
    key: str = ""
    """The key that starts such an entry on a keyboard."""
    progress: bool = False
    """Whether such an entry counts as progress for the no-progress rule."""
    by_lead_only: bool = False
    """Whether only the lead may log it."""
    says: str = ""


class Stage(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place in the life of an incident."""

    id: str
    name: str
    does: str = ""
    """What people do here."""
    kind: Literal["open", "mitigated", "resolved", "closed", "dismissed"] = "open"
    """What the stage means to everything else; ``closed`` and ``dismissed`` end the incident."""
    sets: tuple[str, ...] = ()
    """Milestones that entering sets."""
    public: str = ""
    """What the status page calls it."""
    window: str = ""
    """A stability window that runs while the incident is here."""


class Transition(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An allowed move. ``gate`` must be met; a ``decision`` move is put to the lead as a question."""

    move_from: str
    """The stage that it leaves; ``*`` is any."""
    move_to: str
    """The stage that it enters."""
    gate: str = ""
    """The gate that must be met."""
    ask: str = ""
    """The question the lead answers by moving."""
    backward: bool = False
    """Whether it leads back; shown apart from the way ahead."""
    if_: str = msgspec.field(default="true", name="if")


class ChecklistItem(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One criterion. ``metric`` compares the last reading of a measure; ``timer`` needs a stability window to have run."""

    id: str
    says: str
    kind: Literal["manual", "metric", "timer", "no_alerts", "quiet"] = "manual"
    """Who judges it: ``manual`` and ``quiet`` a person, the others the record."""
    measure: str = ""
    """The measure, for ``metric``."""
    op: Comparator = "<"
    """How its last reading is compared with ``value``."""
    value: float | None = None
    """What its last reading is compared with."""
    window: str = ""
    """The stability window, for ``timer``."""
    for_: Duration | None = msgspec.field(default=None, name="for")
    """``quiet``: how long the last report must lie back."""


class Checklist(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Criteria that are ticked with evidence or waived with a reason, as one tier with one deadline."""

    id: str
    name: str
    items: tuple[ChecklistItem, ...]
    """The criteria, in order."""
    if_: str = msgspec.field(default="true", name="if")
    after: str = ""
    """The milestone from which ``within`` counts; empty where the checklist has no deadline of its own."""
    within: Duration | None = None
    """How long after ``after`` every criterion must be settled."""
    evidence: bool = False
    """Whether a person's tick must say what was seen; what the record judges shows it by itself."""


class Gate(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must hold before a transition."""

    id: str
    name: str
    checklists: tuple[str, ...] = ()
    """Checklists whose every item must be ticked, met or waived."""
    window: str = ""
    """A stability window that must have run; it cannot be waived."""
    requires: tuple[str, ...] = ()
    """Milestones that must be known."""
    roles: tuple[str, ...] = ()
    """Roles that must be held, where the level has more than a single responder."""
    confirm: str = ""
    """A sentence that the person who moves must confirm."""
    if_: str = msgspec.field(default="true", name="if")


class Window(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stretch of stability that must elapse. A relapse restarts it and moves the incident back."""

    id: str
    name: str
    length: Duration
    """How long it must stay stable."""
    starts: str
    """The milestone at which it starts."""
    back_to: str = ""
    """The stage that a relapse moves to."""
    watch: tuple[str, ...] = ()
    """What is watched meanwhile, in words."""
    if_: str = msgspec.field(default="true", name="if")


class Done(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What keeps an obligation; exactly one key."""

    milestone: str | None = None
    """The milestone is known."""
    role: str | None = None
    """The role has been held."""
    update_to: tuple[str, ...] | None = None
    """An update to any of these audiences."""
    update_kind: str | None = None
    """With ``update_to``: only a message of this kind (``initial``, ``update``, ``resolved``, ``email`` …)."""
    entry: str | None = None
    """An entry of this type was logged."""
    checklist: str | None = None
    """Every item of the checklist is settled."""
    stage: str | None = None
    """The incident has entered this stage."""
    mark: str | None = None
    """People mark it as done, with evidence; the value names what they do."""
    approval: str | None = None
    """A named approver signs the postmortem."""
    follow_up: str | None = None
    """The follow-up of the action items was held."""
    mitigation: str | None = None
    """A mitigation of this kind is in place."""
    assessment: Literal["required", "all"] | None = None
    """The questions of the first assessment are answered: those that are required, or all."""


class Obligation(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A duty with a due time. One-off (``within``), repeating (``every`` until ``until``) or at milestones (``at``)."""

    id: str
    name: str
    if_: str = msgspec.field(default="true", name="if")
    after: str
    """The milestone that starts the clock."""
    within: Duration | None = None
    """How long after ``after`` it is due, once."""
    every: Duration | None = None
    """How often it is due; every fulfilment starts the clock anew."""
    at: tuple[str, ...] | None = None
    """Milestones at each of which it falls due, ``grace`` later."""
    grace: Duration | None = None
    """How long after each milestone of ``at`` it is due."""
    until: str | None = None
    """The milestone that ends a repeating duty, and that makes a one-off one pointless where it was not due yet."""
    calendar: str = "always"
    """The calendar in which its time counts."""
    owner: str
    """A role, contact or team."""
    audience: str = ""
    """The audience that it is owed to."""
    done: Done
    """What keeps it."""
    warn: Duration | None = None
    """How long before the due time the owner is warned."""
    on_breach: tuple[str, ...] = ()
    """Roles or contacts that are told when it is broken."""


class Detector(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Process health: an anti-pattern, how it shows in the record, and the remedy."""

    id: str
    name: str
    detect: Literal["late_declaration", "lead_hands_on", "broken_promise", "premature_closure", "no_progress", "overrun", "none"]
    """``none``: told to people but not detected."""
    after: Duration | None = None
    """How long, for what is measured in time."""
    says: str
    remedy: str
    """What to do instead."""


class MitigationKind(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way to stop the harm."""

    id: str
    name: str
    how: str = ""
    """How it is done."""
    commands: tuple[str, ...] = ()
    """Commands to copy; Tocsin does not run them."""
    verify: str = ""
    """How one sees that it is in place."""
    dangerous: bool = False
    """Whether beginning it wants the guard to be confirmed."""
    guard: str = ""
    """What to make sure of first, for dangerous ones."""
    default_when: str = ""
    """When this is the safe default, in words."""


class Investigation(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One time box of the investigation."""

    id: str
    name: str
    time_box: Duration | None = None
    """The longest that it should take."""
    time_box_at_least: Duration | None = None
    """The shortest, where a range is given."""
    asks: tuple[str, ...] = ()
    """The questions that it answers."""
    commands: tuple[str, ...] = ()
    """Commands to copy; Tocsin does not run them."""


class RunbookRef(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A runbook, for now as an ordered list of steps to read."""

    id: str
    name: str
    matches: tuple[str, ...] = ()
    """Words of a failure that it is for."""
    steps: tuple[str, ...] = ()
    """What to do, in order."""
    link: str = ""
    """Where the whole runbook is."""


class Command(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command that the procedure names, and the product's own for it."""

    says: str
    run: str
    """The procedure's command, word for word."""
    ours: str = ""
    """The command of Tocsin that does it; empty where none does."""
