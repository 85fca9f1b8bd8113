"""People and teams as kinds of records. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Context, Decision, Fact, Happened, RowWrite
from tocsin.people.contacts import key_of
from tocsin.people.decide import decide_person, delivery_key
from tocsin.people.ids import checked_id
from tocsin.people.model import (
    PERSON_EVENTS,
    CodeFailed,
    CodeRefused,
    CodeSent,
    ContactVerified,
    Pending,
    Person,
    PersonSaved,
    SaveTeam,
    Team,
    TeamSaved,
)


def _evolve_person(person: Person, fact: Fact) -> Person:
    event = fact.event
    person = replace(person, version=fact.version)
    match event:
        case PersonSaved(person=saved):
            kept = {key_of(contact) for contact in saved.contacts}
            return replace(
                person, saved=saved, verified={key: at for key, at in person.verified.items() if key in kept},
                pending={key: one for key, one in person.pending.items() if key in kept},
            )  # fmt: skip
        case CodeSent(contact=contact):
            sent = Pending(event.digest, event.expires_at, key=delivery_key(person.id, fact.version))
            return replace(person, pending={**person.pending, key_of(contact): sent})
        case CodeRefused(contact=contact):
            before = person.pending[key_of(contact)]
            return replace(person, pending={**person.pending, key_of(contact): replace(before, wrong=before.wrong + 1)})
        case CodeFailed(key=key, why=why):
            return replace(
                person, pending={name: replace(one, failed=why) if one.key == key else one for name, one in person.pending.items()}
            )
        case ContactVerified(contact=contact):
            key = key_of(contact)
            left = {name: one for name, one in person.pending.items() if name != key}
            return replace(person, verified={**person.verified, key: fact.occurred_at}, pending=left)
        case _:
            return person


def _decide_team(team: Team, command: Command, _ctx: Context) -> Decision:
    assert isinstance(command, SaveTeam)
    checked_id(team.id, "team")
    if command == team.saved:
        return Decision(result={"team": team.id, "changed": False})
    return Decision((Happened(TeamSaved(command)),), result={"team": team.id, "changed": True})


def _evolve_team(team: Team, fact: Fact) -> Team:
    assert isinstance(fact.event, TeamSaved)
    return Team(team.id, fact.version, fact.event.team)


def person_kind() -> Kind:
    """Return the person as a kind of record."""
    return Kind(
        name="person", state=Person, events=PERSON_EVENTS, fold_version=2, initial=Person, evolve=_evolve_person,
        decide=decide_person,
        rows=lambda _b, a, _f: [RowWrite("people", (a.id,), {"id": a.id, "name": a.saved.name, "active": a.saved.active})],
    )  # fmt: skip


def team_kind() -> Kind:
    """Return the team as a kind of record."""
    return Kind(
        name="team", state=Team, events=(TeamSaved,), fold_version=1, initial=Team, evolve=_evolve_team, decide=_decide_team,
        rows=lambda _b, a, _f: [RowWrite("teams", (a.id,), {"id": a.id, "name": a.saved.name})],
    )  # fmt: skip
