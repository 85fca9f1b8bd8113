"""Read people and teams: lists, one with what belongs to it, and every version."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tocsin.engine.model import Fact, Reader
from tocsin.people import tables
from tocsin.people.contacts import key_of
from tocsin.people.model import Contact, Person, PersonSaved, Team, TeamSaved


def list_people(reader: Reader, *, everybody: bool = False) -> list[dict[str, Any]]:
    """Return people by id. everybody: also those who are no longer active."""
    table = tables.people
    query = select(table).order_by(table.c.id)
    if not everybody:
        query = query.where(table.c.active.is_(True))
    return [{"id": row.id, "name": row.name, "active": bool(row.active)} for row in reader.rows(query)]


def list_teams(reader: Reader) -> list[dict[str, Any]]:
    """Return teams by id."""
    table = tables.teams
    return [{"id": row.id, "name": row.name} for row in reader.rows(select(table).order_by(table.c.id))]


def members_of(reader: Reader, team: Team) -> tuple[str, ...]:
    """Return the members of a team: those that it names, and the active people who name it."""
    members = dict.fromkeys(team.saved.members if team.saved else ())
    for row in list_people(reader):
        person: Person | None = reader.state(f"person:{row['id']}")
        if person is not None and person.saved is not None and team.id in person.saved.teams:
            members[person.id] = None
    return tuple(members)


def teams_of(reader: Reader, person: Person) -> list[str]:
    """Return the teams of a person: those that the person names and those that name the person."""
    found = dict.fromkeys(person.saved.teams if person.saved else ())
    for row in list_teams(reader):
        team: Team | None = reader.state(f"team:{row['id']}")
        if team is not None and team.saved is not None and person.id in team.saved.members:
            found[team.id] = None
    return list(found)


def person_view(person: Person, reader: Reader) -> dict[str, Any]:
    """Return a person for the API."""
    saved = person.saved
    assert saved is not None
    return {
        "id": person.id, "version": person.version, "name": saved.name, "contacts": [_contact(person, one) for one in saved.contacts],
        "teams": teams_of(reader, person), "zone": saved.zone, "active": saved.active, "rules": saved.rules, "quiet": saved.quiet,
    }  # fmt: skip


def _contact(person: Person, contact: Contact) -> dict[str, Any]:
    pending = person.pending.get(key_of(contact))
    return {
        "id": contact.id, "kind": contact.kind, "value": contact.value, "verified_at": person.verified.get(key_of(contact)),
        "code_until": pending.expires_at if pending else None, "code_failed": pending.failed if pending else "",
    }  # fmt: skip


def team_view(team: Team, reader: Reader) -> dict[str, Any]:
    """Return a team for the API: its members are those that it names and the active people who name it."""
    saved = team.saved
    assert saved is not None
    return {"id": team.id, "version": team.version, "name": saved.name, "members": list(members_of(reader, team)), "about": saved.about}


def history(facts: list[Fact]) -> list[dict[str, Any]]:
    """Return every version of a person or team, oldest first: who wrote it down when."""
    shown = []
    for fact in facts:
        match fact.event:
            case PersonSaved(person=saved) | TeamSaved(team=saved):
                shown.append({"version": fact.version, "at": fact.recorded_at, "by": str(fact.actor), "saved": saved})
    return shown
