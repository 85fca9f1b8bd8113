"""What is written down and told: messages, metrics, figures, postmortem kinds, action items."""

from __future__ import annotations

from typing import Literal

import msgspec

from tocsin.playbooks.base import Part
from tocsin.playbooks.durations import Duration


class MessageField(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field of a message."""

    id: str
    label: str
    """What the form calls it."""
    required: bool = True
    """Whether the message is refused without it."""
    kind: Literal["text", "list", "choice", "time", "number"] = "text"
    """What its value is."""
    choices: tuple[str, ...] = ()
    """The values to choose from; with ``choice`` only."""
    prefill: str = ""
    """Where its value comes from when nobody types one, such as ``incident.impact`` or ``assessment.what_changed``."""


class Message(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template. ``body`` is Jinja; it may use ``f.<field>``, ``incident``, ``number``, ``sent_at``, ``next_update``, ``eta``, ``roles``, ``milestones``."""

    id: str
    name: str
    kind: Literal["page", "first_post", "initial", "update", "resolved", "thanks", "bridge", "roles", "executive", "email", "mitigation"]
    """What it is for; an obligation may ask for one kind (``update_kind``)."""
    audiences: tuple[str, ...]
    """Who gets it."""
    subject: str = ""
    """A template of one line; the name stands in where it is empty."""
    body: str
    """The template of its text."""
    fields: tuple[MessageField, ...] = ()
    """What people fill in."""
    next_update: Literal["required", "optional", "none"] = "none"
    """``required``: a time, or ``when resolved``."""
    next_update_default: Duration | None = None
    """The usual promise, offered in the form."""
    eta: Literal["required", "optional", "none"] = "none"
    """``required``: a time or ``unknown``."""
    statuses: tuple[str, ...] = ()
    """The words of status that it may carry; the stage's public word where none is given."""
    numbered: bool = False
    """Whether updates to its audiences are counted."""
    rules: tuple[str, ...] = ()
    """Wording rules by id, see docs/reference/playbooks.md: ``facts_only``, ``cause_preliminary``, ``apology``, ``no_names``."""
    if_: str = msgspec.field(default="true", name="if")


class Metric(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number about one incident, computed from the record. Exactly one of the forms; aggregates may be called mean, one incident's value not."""

    id: str
    name: str
    start: str | None = None
    """Duration form: from this milestone …"""
    end: str | None = None
    """… to this one."""
    count: Literal["people_engaged", "updates", "entries", "pages", "roles_held"] | None = None
    """Count form: what is counted."""
    after: str | None = None
    """Count form: counted from this milestone …"""
    within: Duration | None = None
    """… for this long."""
    ratio_of: str | None = None
    """Ratio form: criteria of this checklist that were verified (ticked), of all."""
    cadence_to: str | None = None
    """Cadence form: moments of updates to this audience since ``after``."""
    mitigation: str | None = None
    """Duration of mitigations of this kind, from start to completion."""
    from_entry: str | None = None
    """Duration form: in place of ``start``, the first entry of this type."""
    target: Duration | None = None
    """The duration that is wanted at most."""
    claims: str = ""
    """A figure that the procedure itself states, where it differs …"""
    claims_because: str = ""
    """… and why."""
    says: str = ""


class Figure(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure that people record with its source and whether it is an estimate, such as failed requests."""

    id: str
    name: str
    unit: str = ""
    """Its unit."""
    kind: Literal["count", "percent", "money", "yes_no", "text"] = "count"
    """What its value is."""
    required: bool = False
    """Whether the postmortem asks for it."""


class Section(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section of a postmortem."""

    id: str
    title: str
    content: Literal[
        "summary",
        "header",
        "impact",
        "timeline",
        "milestones",
        "durations",
        "roles",
        "decisions",
        "updates",
        "adherence",
        "figures",
        "why_chain",
        "causes",
        "root_cause",
        "contributing_factors",
        "why_not_caught",
        "went_well",
        "went_poorly",
        "lessons",
        "preventive_measures",
        "action_items",
        "approvals",
        "follow_ups",
        "mitigations",
        "checklists",
        "process_health",
        "free",
    ]
    """What the record fills in, or which question people answer."""
    asks: str = ""
    """What people should write, where the record cannot."""
    required: bool = True
    """Whether the document marks it while it is empty."""
    parts: tuple[str, ...] = ()
    """Named parts, such as the four areas of preventive measures or ``well, improve, key insight``."""


class AgendaItem(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One slot of the review meeting."""

    says: str
    minutes: int
    """How long."""


class PublishTarget(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place where a finished postmortem goes."""

    id: str
    name: str
    sanitised: bool = False
    """Whether it gets the variant without names, internal ids and addresses."""
    kind: Literal["folder", "git", "webhook"] = "folder"
    """How it gets there."""
    where: str = ""
    """A name within the place that the installation sets for this kind."""


class PostmortemKind(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of postmortem, chosen by the kind of cause."""

    id: str
    name: str
    sections: tuple[Section, ...]
    """Its sections, in order."""
    for_causes: tuple[str, ...] = ()
    """Causes of an incident (``cause``) that choose this kind."""


class Approver(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who must sign."""

    id: str
    name: str
    by: str
    """A role or contact."""


class Review(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The postmortem process."""

    kinds: tuple[PostmortemKind, ...]
    """The kinds of postmortem; the first is the usual one."""
    agenda: tuple[AgendaItem, ...] = ()
    """The slots of the meeting."""
    agenda_says: str = ""
    """Where and when the meeting is, in words."""
    approvals: tuple[Approver, ...] = ()
    """Who must sign before it is published."""
    approvals_if: str = "true"
    """Condition under which signatures are wanted."""
    targets: tuple[PublishTarget, ...] = ()
    """Where a finished postmortem goes."""
    writers: tuple[str, ...] = ()
    """Roles whose holders are the authors where none are named."""
    rules: tuple[str, ...] = ()
    """Rules of the review, in words or as ids of wording rules."""
    blameless: bool = True
    """Whether systems are looked at and not persons."""


class ActionGroup(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of action items."""

    id: str
    name: str


class FollowUp(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A review of the action items, a while after resolution."""

    id: str
    name: str
    after: Duration
    """How long after the resolution."""
    every: Duration | None = None
    """How often it comes back."""


class Actions(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an action item must have and when items are reviewed."""

    groups: tuple[ActionGroup, ...] = ()
    """Groups of action items."""
    priorities: tuple[str, ...] = ()
    """The priorities to choose from."""
    requires: tuple[Literal["owner", "due", "priority", "group", "ticket"], ...] = ("owner", "due")
    """What an item must have; what is missing is listed with it."""
    owner_must_be_person: bool = True
    """Whether a team or role as owner is pointed out."""
    follow_ups: tuple[FollowUp, ...] = ()
    """When the items are looked at again."""


class Accepted(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contradiction of the procedure that the playbook keeps, with the reason and the value that is in force."""

    finding: str
    """The id that the lint printed."""
    because: str
    """Why the procedure says so, or what it leaves open."""
    in_force: str
    """What holds here."""
