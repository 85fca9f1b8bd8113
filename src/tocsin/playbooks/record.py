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
    required: bool = True
    kind: Literal["text", "list", "choice", "time", "number"] = "text"
    choices: tuple[str, ...] = ()
    prefill: str = ""
    """Where its value comes from when nobody types one, such as ``incident.impact`` or ``assessment.what_changed``."""


class Message(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template. ``body`` is Jinja; it may use ``f.<field>``, ``incident``, ``number``, ``sent_at``, ``next_update``, ``eta``, ``roles``, ``milestones``."""

    id: str
    name: str
    kind: Literal["page", "first_post", "initial", "update", "resolved", "thanks", "bridge", "roles", "executive", "email", "mitigation"]
    audiences: tuple[str, ...]
    subject: str = ""
    body: str
    fields: tuple[MessageField, ...] = ()
    next_update: Literal["required", "optional", "none"] = "none"
    """``required``: a time, or ``when resolved``."""
    next_update_default: Duration | None = None
    eta: Literal["required", "optional", "none"] = "none"
    """``required``: a time or ``unknown``."""
    statuses: tuple[str, ...] = ()
    numbered: bool = False
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
    target: Duration | None = None
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
    kind: Literal["count", "percent", "money", "yes_no", "text"] = "count"
    required: bool = False


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
    asks: str = ""
    """What people should write, where the record cannot."""
    required: bool = True
    parts: tuple[str, ...] = ()
    """Named parts, such as the four areas of preventive measures or ``well, improve, key insight``."""


class AgendaItem(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One slot of the review meeting."""

    says: str
    minutes: int


class PublishTarget(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place where a finished postmortem goes."""

    id: str
    name: str
    sanitised: bool = False
    kind: Literal["folder", "git", "webhook"] = "folder"
    where: str = ""


class PostmortemKind(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of postmortem, chosen by the kind of cause."""

    id: str
    name: str
    sections: tuple[Section, ...]
    for_causes: tuple[str, ...] = ()


class Approver(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who must sign."""

    id: str
    name: str
    by: str
    """A role or contact."""


class Review(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The postmortem process."""

    kinds: tuple[PostmortemKind, ...]
    agenda: tuple[AgendaItem, ...] = ()
    agenda_says: str = ""
    approvals: tuple[Approver, ...] = ()
    approvals_if: str = "true"
    targets: tuple[PublishTarget, ...] = ()
    writers: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    blameless: bool = True


class ActionGroup(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of action items."""

    id: str
    name: str


class FollowUp(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A review of the action items, a while after resolution."""

    id: str
    name: str
    after: Duration
    every: Duration | None = None


class Actions(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an action item must have and when items are reviewed."""

    groups: tuple[ActionGroup, ...] = ()
    priorities: tuple[str, ...] = ()
    requires: tuple[Literal["owner", "due", "priority", "group", "ticket"], ...] = ("owner", "due")
    owner_must_be_person: bool = True
    follow_ups: tuple[FollowUp, ...] = ()


class Accepted(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contradiction of the procedure that the playbook keeps, with the reason and the value that is in force."""

    finding: str
    """The id that the lint printed."""
    because: str
    in_force: str
