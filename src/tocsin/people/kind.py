"""People and teams as kinds of records. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Context, Decision, Fact, Happened, Reader
from tocsin.people.access_queries import other_administrators
from tocsin.people.account import ACCOUNT_EVENTS, Account, ChangeRole, DisableAccount, decide_account, evolve_account
from tocsin.people.audit import AUDIT_EVENTS, Day, decide_day, evolve_day
from tocsin.people.commands import ChangePerson
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
    SavePerson,
    SaveTeam,
    Team,
    TeamSaved,
)
from tocsin.people.rows import account_rows, person_rows, team_rows
from tocsin.people.tokens import TOKEN_EVENTS, MakeToken, Token, decide_token, evolve_token, token_rows


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


def _unknown_teams(_person: Person, command: Command, reader: Reader) -> tuple[str, ...]:
    """Return the teams that a command names and nobody has written down."""
    teams = command.teams if isinstance(command, SavePerson | ChangePerson) else None
    return tuple(team for team in dict.fromkeys(teams or ()) if reader.state(f"team:{team}") is None)


def _unknown_members(_team: Team, command: Command, reader: Reader) -> tuple[str, ...]:
    """Return the members that a command names and nobody has written down."""
    members = command.members if isinstance(command, SaveTeam) else ()
    return tuple(person for person in dict.fromkeys(members) if reader.state(f"person:{person}") is None)


def _decide_team(team: Team, command: Command, ctx: Context) -> Decision:
    assert isinstance(command, SaveTeam)
    checked_id(team.id, "team")
    unknown: tuple[str, ...] = ctx.found or ()
    result = {"team": team.id, "warnings": [f"There is no person {person}; no page reaches them." for person in unknown]}
    if command == team.saved:
        return Decision(result={**result, "changed": False})
    return Decision((Happened(TeamSaved(command)),), result={**result, "changed": True})


def _evolve_team(team: Team, fact: Fact) -> Team:
    assert isinstance(fact.event, TeamSaved)
    return Team(team.id, fact.version, fact.event.team)


def person_kind() -> Kind:
    """Return the person as a kind of record."""
    return Kind(
        name="person", state=Person, events=PERSON_EVENTS, fold_version=2, initial=Person, evolve=_evolve_person,
        decide=decide_person, prepare=_unknown_teams,
        rows=person_rows,
    )  # fmt: skip


def team_kind() -> Kind:
    """Return the team as a kind of record."""
    return Kind(
        name="team", state=Team, events=(TeamSaved,), fold_version=1, initial=Team, evolve=_evolve_team, decide=_decide_team,
        prepare=_unknown_members,
        rows=team_rows,
    )  # fmt: skip


def _others(account: Account, command: Command, reader: Reader) -> bool:
    """Tell whether another administrator can sign in, where that matters."""
    return isinstance(command, ChangeRole | DisableAccount) and other_administrators(reader, account.id)


def account_kind() -> Kind:
    """Return the account as a kind of record; its id is the person's."""
    return Kind(
        name="account", state=Account, events=ACCOUNT_EVENTS, fold_version=1, initial=Account, evolve=evolve_account, decide=decide_account,
        prepare=_others, rows=account_rows,
    )  # fmt: skip


def _is_person(token: Token, command: Command, reader: Reader) -> bool:
    return isinstance(command, MakeToken) and reader.state(f"person:{token.id}") is not None


def token_kind() -> Kind:
    """Return the API token as a kind of record."""
    return Kind(
        name="token", state=Token, events=TOKEN_EVENTS, fold_version=1, initial=Token, evolve=evolve_token, decide=decide_token,
        prepare=_is_person, rows=token_rows,
    )  # fmt: skip


def audit_kind() -> Kind:
    """Return a day of the audit as a kind of record."""
    return Kind(name="audit", state=Day, events=AUDIT_EVENTS, fold_version=1, initial=Day, evolve=evolve_day, decide=decide_day)
