"""Facts of who works on an incident, who is called to it and who may read it."""

from __future__ import annotations

from typing import Literal

from tocsin.engine.model import Event


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


class PageNoted(Event, frozen=True, tag="incident.page_noted"):
    """Something happened to a page of the incident: somebody was called, could not be reached, answered, did not answer."""

    page: str
    what: str
    """``opened``, ``acknowledged``, ``notice_failed``, ``exhausted`` … as the page's own fact is called."""
    text: str
    person: str = ""
    called: tuple[str, ...] = ()
    """Everybody whom it called; they may read the incident."""


class Escalated(Event, frozen=True, tag="incident.escalated"):
    """More people were called by a rule of the playbook."""

    rule: str
    to: tuple[str, ...]
    says: str
    when: Literal["unacknowledged", "not_triaged", "age", "no_progress", "severity_raised", "overrun", "specialist"]
