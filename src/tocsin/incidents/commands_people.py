"""Commands about who works on an incident, who is called to it and who may read it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tocsin.engine.model import Command
from tocsin.incidents.command_fields import Name, Text, Time


class Acknowledge(Command, frozen=True):
    """Say that you are on it. A second time is no error."""

    person: Name | None = None
    at: Time | None = None


class AssignRole(Command, frozen=True):
    """Give a role to a person, or hand it over from whoever holds it."""

    role: Name
    person: Name
    note: str = ""
    at: Time | None = None


class VacateRole(Command, frozen=True):
    """Take a role from its holder without naming another."""

    role: Name
    note: str = ""
    at: Time | None = None


class Invite(Command, frozen=True):
    """Call people in."""

    people: Annotated[tuple[Name, ...], Meta(min_length=1)]
    why: str = ""
    at: Time | None = None


class Uninvite(Command, frozen=True):
    """Have somebody who holds no role read a private incident no more."""

    person: Name
    reason: str = ""


class SetPrivacy(Command, frozen=True):
    """Make the incident private, readable by those whom it names only, or public."""

    private: bool
    reason: Text


class Escalate(Command, frozen=True):
    """Call the people of one of the playbook's escalation rules now, whatever its clock says."""

    rule: Name
    why: str = ""
    at: Time | None = None


class Join(Command, frozen=True):
    """Take part."""

    person: Name
    at: Time | None = None


class Leave(Command, frozen=True):
    """Take part no longer. Whoever holds a role that the severity wants filled names who takes it."""

    person: Name
    to: str = ""
    """Who takes the roles that the person holds; without one, those that may stand empty do."""
    note: str = ""
    at: Time | None = None


class OfferRole(Command, frozen=True):
    """Ask a person to take a role; it is theirs when they accept, and its holder's until then."""

    role: Name
    person: Name
    note: str = ""
    at: Time | None = None


class AcceptRole(Command, frozen=True):
    """Take a role that was offered to the person who sends this."""

    role: Name
    at: Time | None = None


class DeclineRole(Command, frozen=True):
    """Decline a role that was offered, or withdraw the offer."""

    role: Name
    note: str = ""
    at: Time | None = None
