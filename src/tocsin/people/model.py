"""Who there is: people and teams. Every change is a fact, so that any past moment can be asked for."""

from __future__ import annotations

import msgspec

from tocsin.engine.model import Command, Event


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way to reach a person."""

    kind: str
    """``email``, ``phone``, ``chat`` …"""
    value: str


class SavePerson(Command, frozen=True):
    """Write down a person as they are from now on."""

    name: str
    contacts: tuple[Contact, ...] = ()
    teams: tuple[str, ...] = ()
    zone: str = "UTC"
    active: bool = True


class PersonSaved(Event, frozen=True, tag="person.saved"):
    """A person was written down."""

    person: SavePerson


class Person(msgspec.Struct, frozen=True):
    """A person as they are now."""

    id: str
    version: int = 0
    saved: SavePerson | None = None


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
