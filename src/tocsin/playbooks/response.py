"""Who answers and when they are called: roles, audiences, calendars, escalation, on-call duties, contacts."""

from __future__ import annotations

from typing import Literal

import msgspec

from tocsin.playbooks.base import Part
from tocsin.playbooks.durations import Duration

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Role(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role that a person holds during an incident."""

    id: str
    name: str
    short: str = ""
    """What people call it, such as IC."""
    does: str
    """What the holder does."""
    lead: bool = False
    """The role whose assignment is the milestone ``lead_assigned`` and whose holder decides at the gates."""
    on_call: bool = False
    """The role that whoever acknowledges the page holds."""
    hands_on: bool = False
    """Whether the holder works on systems by hand; a lead that is not hands-on is noticed when logging actions of their own."""
    writes_review: bool = False
    """Whether the holder is a writer of the postmortem."""
    may_share_with: tuple[str, ...] = ()
    """Roles that the same person may hold besides; other pairs are said openly on the incident."""
    assign: Literal["declarer", "on_call", "manual"] = "manual"
    """Who holds the role when the incident is declared; ``manual``: nobody until someone is named."""


class Audience(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is told what is going on. The words are the playbook's own."""

    id: str
    name: str
    public: bool = False
    """Outside the organisation: wording rules and the status page apply."""
    channels: tuple[str, ...] = ("console", "file")
    """The ways that messages to it leave: ``console`` prints, ``file`` writes into the outbox folder."""
    where: str = ""
    """The place in words or a naming pattern, such as ``#incidents`` or ``status page``."""


class Calendar(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Time that counts. ``always`` needs no definition. A deadline in a calendar is reached after that much counted time."""

    id: str
    name: str
    kind: Literal["hours", "next_business_day", "next_sprint"] = "hours"
    """``hours`` counts open hours; the others fall due at the end of a day."""
    zone: str = "UTC"
    """The time zone (IANA) of its clock."""
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    """The days of the week that count."""
    start: str = "09:00"
    """When a counted day opens (included)."""
    end: str = "17:00"
    """When a counted day closes (excluded)."""
    holidays: tuple[str, ...] = ()
    """Dates (``2026-12-25``) that do not count."""
    sprint_starts: str | None = None
    """The first day of any one sprint (a date), for ``next_sprint``."""
    sprint_length: Duration | None = None
    """The length of a sprint, in whole days or weeks."""


class Escalation(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Call more people. ``age`` rules run on the age of the incident whatever was acknowledged."""

    id: str
    when: Literal["unacknowledged", "not_triaged", "age", "no_progress", "severity_raised", "overrun", "specialist"]
    """What makes it fire."""
    after: Duration | None = None
    """How long; not used for ``severity_raised``, ``overrun`` and ``specialist``."""
    if_: str = msgspec.field(default="true", name="if")
    """Condition, see docs/reference/playbooks.md."""
    to: tuple[str, ...]
    """Roles or contacts to call."""
    says: str = ""


class Contact(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person, group or place outside the incident's roles that can be called, such as a vice president or a specialist team."""

    id: str
    name: str
    kind: Literal["position", "team", "group", "service", "policy", "link"] = "position"
    """What it is."""
    where: str = ""
    """Where it is reached."""


class Document(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A companion document."""

    id: str
    title: str
    link: str = ""
    """Where it is."""
    about: str = ""
    """What it is for."""


class Naming(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Patterns. Fields: ``{id}`` ``{id_lower}`` ``{date}`` (YYYYMMDD) ``{date_dashed}`` ``{random}`` ``{random_lower}`` ``{topic}`` ``{number}``."""

    incident: str = "INC-{date}-{random}"
    """The id of a new incident."""
    channel: str = "#incident-{date}-{random_lower}"
    """The name of its channel."""
    bridge: str = ""
    """The link of its call; empty where there is none."""
    thread_open_after_close: bool = True
    """Whether its channel stays open for documentation."""


class Duty(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that the person on call must do or have."""

    id: str
    says: str
    within: Duration | None = None
    """How soon."""


class Pay(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What on-call duty earns."""

    id: str
    per: Literal["week", "incident", "overnight_page"]
    """What is paid for."""
    amount: float = 0
    """How much, in ``unit``."""
    unit: str
    """A currency (``USD``) or ``hours_off``."""
    if_: str = msgspec.field(default="true", name="if")
    says: str = ""


class OnCall(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rota's terms: how it turns, what it asks and what it pays."""

    rotation: Literal["weekly", "daily", "none"] = "none"
    """How often the person changes."""
    hand_off_day: Weekday | None = None
    """The day of the change, for a weekly rotation."""
    hand_off_time: str = "09:00"
    """The hour of the change."""
    hand_off_summary: bool = False
    """Whether a written summary is due at every hand-off."""
    duties: tuple[Duty, ...] = ()
    """What the person on call must do or have."""
    pay: tuple[Pay, ...] = ()
    """What the duty earns."""
    schedule_link: str = ""
    """Where the schedule is, while another system keeps it."""
    terms: dict[str, str] = {}
    """Words that carry money or a deadline and what they mean here, such as ``overnight``."""
