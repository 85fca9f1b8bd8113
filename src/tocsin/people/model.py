"""Who there is: people and teams. Every change is a fact, so that any past moment can be asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from tocsin.engine.model import Command, Event


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way to reach a person."""

    kind: str
    """The word of a channel: ``email``, ``sms``, ``voice``, ``push``, ``ntfy``, ``webhook``, ``apprise``, ``console``, ``file``; others are only shown."""
    value: str
    """The address, number or subscription."""
    id: str = ""
    """Short and unique among the person's ways; the kind where it is left out, with a number from the second on (``sms-2``)."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a person is notified by which way, counted from the moment a page's step reaches them."""

    contact: str
    """The id of one of the person's ways, or a kind: all ways of it."""
    after: str = "0m"
    """A duration such as ``5m``."""
    urgency: Literal["high", "low", "any"] = "any"


class QuietHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When low urgency waits, on the person's own clock. High urgency ignores it."""

    start: str
    """``22:00``, included."""
    end: str
    """``07:00``, excluded; an end before the start is on the next day."""
    days: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    """The days on which it begins."""


class SavePerson(Command, frozen=True):
    """Write down a person as they are from now on."""

    name: str
    contacts: tuple[Contact, ...] = ()
    teams: tuple[str, ...] = ()
    zone: str = "UTC"
    active: bool = True
    rules: tuple[Rule, ...] = ()
    """How they want to be notified; without any, by every way at once."""
    quiet: tuple[QuietHours, ...] = ()


class PersonSaved(Event, frozen=True, tag="person.saved"):
    """A person was written down."""

    person: SavePerson


class CodeSent(Event, frozen=True, tag="person.code_sent"):
    """A code was sent by one of the person's ways. Only its digest is kept."""

    contact: Contact
    digest: str
    expires_at: datetime


class CodeRefused(Event, frozen=True, tag="person.code_refused"):
    """A wrong code was typed in."""

    contact: Contact


class CodeFailed(Event, frozen=True, tag="person.code_failed"):
    """The code could not be sent."""

    key: str
    why: str


class ContactVerified(Event, frozen=True, tag="person.contact_verified"):
    """The code that was sent by this way was typed in: it reaches the person."""

    contact: Contact


class Pending(msgspec.Struct, frozen=True):
    """A code that was sent and not yet typed in."""

    digest: str
    expires_at: datetime
    wrong: int = 0
    """How many wrong ones were typed in."""
    failed: str = ""
    """Why it could not be sent."""
    key: str = ""


class Person(msgspec.Struct, frozen=True):
    """A person as they are now."""

    id: str
    version: int = 0
    saved: SavePerson | None = None
    verified: dict[str, datetime] = {}
    """``kind:value`` of each way that was proved by a code, and when."""
    pending: dict[str, Pending] = {}
    """``kind:value`` of each way by which a code is under way."""

    def is_verified(self, contact: Contact) -> bool:
        """Tell whether this way was proved to reach the person."""
        return f"{contact.kind}:{contact.value}" in self.verified


PERSON_EVENTS: tuple[type[Event], ...] = (PersonSaved, CodeSent, CodeRefused, CodeFailed, ContactVerified)


class SaveTeam(Command, frozen=True):
    """Write down a team as it is from now on."""

    name: str
    members: tuple[str, ...] = ()
    about: str = ""


class TeamSaved(Event, frozen=True, tag="team.saved"):
    """A team was written down."""

    team: SaveTeam


class Team(msgspec.Struct, frozen=True):
    """A team as it is now."""

    id: str
    version: int = 0
    saved: SaveTeam | None = None
