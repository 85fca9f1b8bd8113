"""Rows of read tables that follow from facts of people, teams and accounts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tocsin.engine.model import Fact, RowWrite, micros
from tocsin.people.account import Account
from tocsin.people.model import Person, Team


def person_rows(before: Person, after: Person, _facts: Sequence[Fact]) -> list[RowWrite]:
    """Return the person's row, and one for each team that their record names."""
    assert after.saved is not None
    row = RowWrite("people", (after.id,), {"id": after.id, "name": after.saved.name, "active": after.saved.active})
    then = before.saved.teams if before.saved else ()
    return [row, *_memberships(((after.id, team) for team in then), ((after.id, team) for team in after.saved.teams), "person")]


def team_rows(before: Team, after: Team, _facts: Sequence[Fact]) -> list[RowWrite]:
    """Return the team's row, and one for each member that it names."""
    assert after.saved is not None
    row = RowWrite("teams", (after.id,), {"id": after.id, "name": after.saved.name})
    then = before.saved.members if before.saved else ()
    return [row, *_memberships(((person, after.id) for person in then), ((person, after.id) for person in after.saved.members), "team")]


def account_rows(_before: Account, after: Account, _facts: Sequence[Fact]) -> list[RowWrite]:
    """Return the account's row."""
    made = micros(after.made_at) if after.made_at else 0
    values = {"id": after.id, "role": after.role, "active": after.active, "has_password": after.has_password, "made_at": made}
    return [RowWrite("accounts", (after.id,), values)]


def _memberships(before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]], said_by: str) -> list[RowWrite]:
    now = dict.fromkeys(after)
    writes = [RowWrite("memberships", (*pair, said_by), {"person": pair[0], "team": pair[1], "said_by": said_by}) for pair in now]
    return [*writes, *(RowWrite("memberships", (*pair, said_by), None) for pair in dict.fromkeys(before) if pair not in now)]
