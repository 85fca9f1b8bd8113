"""Who somebody is who shows a session or a token: account, role, teams. Read from the database each time, so that what is taken away is gone at once."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from tocsin.engine.database import upsert
from tocsin.engine.model import Reader, Role, micros, moment
from tocsin.people import tables

_account = select(tables.accounts).where(tables.accounts.c.id == bindparam("id"))
_teams = (
    select(tables.memberships.c.team)
    .where(tables.memberships.c.person == bindparam("person"))
    .distinct()
    .order_by(tables.memberships.c.team)
)
_token = select(tables.tokens).where(tables.tokens.c.digest == bindparam("digest"))
_used = select(tables.token_uses.c.used_at).where(tables.token_uses.c.id == bindparam("id"))
_hash = select(tables.passwords.c.hash).where(tables.passwords.c.person == bindparam("person"))


@dataclass(frozen=True)
class KnownAccount:
    """An account, as far as signing in is concerned."""

    id: str
    role: Role
    active: bool
    has_password: bool


def account_of(connection: Connection, person: str) -> KnownAccount | None:
    """Return a person's account; None where they have none."""
    row = connection.execute(_account, {"id": person}).first()
    return None if row is None else KnownAccount(row.id, row.role, bool(row.active), bool(row.has_password))


def account_named(connection: Connection, typed: str) -> KnownAccount | None:
    """Return the account that somebody means who typed this: its id, or the full name that one person alone has.

    Letter case counts only where two ids differ in nothing else. An id goes before a name, so that nobody takes another's by a name.
    Everything is looked up whatever was found before: how long it takes tells nothing of what is known.
    """
    found = account_of(connection, typed)
    table = tables.accounts
    alike = connection.execute(select(table.c.id).where(func.lower(table.c.id) == typed.lower()).limit(2)).scalars().all()
    wanted = _plain(typed)  # databases fold the case of ASCII letters only
    called = [row.id for row in connection.execute(select(tables.people.c.id, tables.people.c.name)) if _plain(row.name) == wanted]
    by_case = account_of(connection, alike[0] if len(alike) == 1 else "")
    by_name = account_of(connection, called[0] if len(called) == 1 else "")
    return found or by_case or (by_name if not alike else None)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def teams_of_person(connection: Connection, person: str) -> tuple[str, ...]:
    """Return the teams that a person belongs to."""
    return tuple(connection.execute(_teams, {"person": person}).scalars())


def password_hash(connection: Connection, person: str) -> str:
    """Return what a person's password is checked with; empty where they have none."""
    return str(connection.execute(_hash, {"person": person}).scalar() or "")


def token_by_digest(connection: Connection, digest: str) -> dict[str, Any] | None:
    """Return the token with this digest, and when it was last used."""
    row = connection.execute(_token, {"digest": digest}).first()
    if row is None:
        return None
    return {**dict(row._mapping), "used_at": connection.execute(_used, {"id": row.id}).scalar()}  # noqa: SLF001 (SQLAlchemy's public name of a row's columns)


def mark_used(connection: Connection, *, dialect: str, token: str, now: datetime) -> dict[str, Any]:
    """Keep when a token was last used. No fact: it happens too often, and nobody needs it for ever."""
    connection.execute(upsert(dialect, tables.token_uses, ("id",)), [{"id": token, "used_at": micros(now)}])
    return {}


def has_accounts(connection: Connection) -> bool:
    """Tell whether anybody has an account who can sign in with it."""
    table = tables.accounts
    return connection.execute(select(table.c.id).where(table.c.has_password.is_(True)).limit(1)).first() is not None


def had_administrator(connection: Connection) -> bool:
    """Tell whether there is an administrator who has set a password, switched off or not."""
    table = tables.accounts
    query = select(table.c.id).where(table.c.has_password.is_(True), table.c.role == "administrator").limit(1)
    return connection.execute(query).first() is not None


def other_administrators(reader: Reader, but: str) -> bool:
    """Tell whether an administrator other than this person can sign in, as this transaction leaves it. Two nodes wait for one another here."""
    table = tables.accounts
    query = select(table.c.id).where(table.c.role == "administrator", table.c.active.is_(True), table.c.has_password.is_(True))
    for row in reader.rows(query.with_for_update()):
        if row.id == but:
            continue
        now = reader.row("accounts", (row.id,))
        if now is not None and now["role"] == "administrator" and now["active"]:
            return True
    return False


def list_accounts(reader: Reader) -> list[dict[str, Any]]:
    """Return all accounts with the people's names, by id."""
    a, p = tables.accounts, tables.people
    query = select(a, p.c.name).join(p, p.c.id == a.c.id, isouter=True).order_by(a.c.id)
    return [
        {"id": row.id, "name": row.name or row.id, "role": row.role, "active": bool(row.active), "has_password": bool(row.has_password),
         "made_at": moment(row.made_at)}
        for row in reader.rows(query)
    ]  # fmt: skip
