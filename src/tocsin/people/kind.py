"""People and teams as kinds of records. Pure."""

from __future__ import annotations

from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Context, Decision, Fact, Happened, RowWrite
from tocsin.people.ids import checked_id
from tocsin.people.model import Person, PersonSaved, SavePerson, SaveTeam, Team, TeamSaved


def _decide_person(person: Person, command: Command, _ctx: Context) -> Decision:
    assert isinstance(command, SavePerson)
    checked_id(person.id, "person")
    if command == person.saved:
        return Decision(result={"person": person.id, "changed": False})
    return Decision((Happened(PersonSaved(command)),), result={"person": person.id, "changed": True})


def _evolve_person(person: Person, fact: Fact) -> Person:
    assert isinstance(fact.event, PersonSaved)
    return Person(person.id, fact.version, fact.event.person)


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
        name="person", state=Person, events=(PersonSaved,), fold_version=1, initial=Person, evolve=_evolve_person,
        decide=_decide_person,
        rows=lambda _b, a, _f: [RowWrite("people", (a.id,), {"id": a.id, "name": a.saved.name, "active": a.saved.active})],
    )  # fmt: skip


def team_kind() -> Kind:
    """Return the team as a kind of record."""
    return Kind(
        name="team", state=Team, events=(TeamSaved,), fold_version=1, initial=Team, evolve=_evolve_team, decide=_decide_team,
        rows=lambda _b, a, _f: [RowWrite("teams", (a.id,), {"id": a.id, "name": a.saved.name})],
    )  # fmt: skip
