"""Accounts at work: invite, let a password be set, sign in, change, end. What a decision does not know (hashes, sessions, links) stands here."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from tocsin.engine import tables as engine_tables
from tocsin.engine.database import upsert
from tocsin.engine.errors import Conflict, NotAllowed, NotFound, NotSignedIn, Refused
from tocsin.engine.journal import Transaction
from tocsin.engine.model import Actor, Role, micros
from tocsin.engine.runtime import Runtime
from tocsin.engine.sessions import Link, Session
from tocsin.people import tables
from tocsin.people.access_queries import KnownAccount, account_named, account_of, had_administrator, password_hash
from tocsin.people.account import (
    Account,
    ChangeRole,
    CreateAccount,
    DisableAccount,
    EnableAccount,
    LinkPurpose,
    NoteLink,
    NotePassword,
    NoteSessionsEnded,
    Way,
)
from tocsin.people.audit import AuditEvent, Note
from tocsin.people.audit_queries import stream_of_day
from tocsin.people.model import Person, SavePerson
from tocsin.people.passwords import Hasher, checked

LASTS: Final[dict[LinkPurpose, timedelta]] = {"invitation": timedelta(days=7), "reset": timedelta(days=1)}
"""How long the links hold by which a password is set, on the machine's clock."""
LINK_PATH: Final = "/password/"
_SET_UP: Final = "set_up_by"


def note(runtime: Runtime, event: AuditEvent, actor: Actor) -> None:
    """Write something down for the audit, and wait until it is."""
    day = stream_of_day(runtime)
    runtime.transact(lambda tx: tx.run(day, Note(event), actor))


# -- accounts --------------------------------------------------------------------------------------


def create(runtime: Runtime, person: str, name: str, role: Role, actor: Actor, key: str = "", request: str = "") -> dict[str, Any]:
    """Give a person an account; who is not written down yet is written down by the same transaction.

    Raises:
        Refused: the id cannot be used, or there is an account already.

    """

    def work(tx: Transaction) -> dict[str, Any]:
        return _create(tx, person, name, role, actor)

    return runtime.transact(work, key, request)


def _create(tx: Transaction, person: str, name: str, role: Role, actor: Actor) -> dict[str, Any]:
    result = tx.run(f"account:{person}", CreateAccount(role), actor)  # this may refuse, and comes first: nothing is half done
    known: Person | None = tx.state(f"person:{person}")
    if known is None:
        tx.run(f"person:{person}", SavePerson(name.strip() or person), actor)
    return {**result, "new_person": known is None}


def make_link(runtime: Runtime, person: str, purpose: LinkPurpose, actor: Actor, key: str = "", request: str = "") -> dict[str, Any]:
    """Return the path of a link by which the person sets a password, once. Earlier ones of its purpose stop working.

    Raises:
        Refused: there is no such account, or it is switched off.

    """
    sessions = runtime.sessions
    until = sessions.clock.now() + LASTS[purpose]
    # The same request again gives the same link, and the link itself is kept nowhere.
    code = sessions.secret("link", f"{purpose}:{person}:{key or secrets.token_hex(16)}")

    def work(tx: Transaction) -> dict[str, Any]:
        result = tx.run(f"account:{person}", NoteLink(purpose, until), actor)
        sessions.keep_link(tx.connection, code, person, purpose, LASTS[purpose])
        return {**result, "purpose": purpose, "until": until.isoformat()}

    return {**runtime.transact(work, key, request), "path": LINK_PATH + code}


def change_role(runtime: Runtime, person: str, role: Role, actor: Actor, key: str = "", request: str = "") -> dict[str, Any]:
    """Give a person another role; it counts from their next request on.

    Raises:
        Refused: there is no such account, or it is the last administrator's.

    """
    return runtime.transact(lambda tx: tx.run(f"account:{person}", ChangeRole(role), actor), key, request)


def disable(runtime: Runtime, person: str, why: str, actor: Actor, key: str = "", request: str = "") -> dict[str, Any]:
    """Switch an account off: its sessions and links end in the same transaction, its tokens do nothing any more.

    Raises:
        Refused: there is no such account, or it is the last administrator's.

    """

    def work(tx: Transaction) -> dict[str, Any]:
        result = tx.run(f"account:{person}", DisableAccount(why), actor)
        ended = runtime.sessions.end(tx.connection, person)
        runtime.sessions.drop_links(tx.connection, person)
        return {**result, "sessions_ended": ended}

    return runtime.transact(work, key, request)


def enable(runtime: Runtime, person: str, actor: Actor, key: str = "", request: str = "") -> dict[str, Any]:
    """Switch an account on again."""
    return runtime.transact(lambda tx: tx.run(f"account:{person}", EnableAccount(), actor), key, request)


def end_sessions(runtime: Runtime, person: str, actor: Actor, *, only: str = "", but: str = "") -> int:
    """Sign a person's browsers out and return how many. only: this one. but: all except this one (ids of sessions)."""

    def work(tx: Transaction) -> dict[str, Any]:
        ended = runtime.sessions.end(tx.connection, person, only=only, but=but)
        known: Account | None = tx.state(f"account:{person}")
        if ended and known is not None:
            tx.run(f"account:{person}", NoteSessionsEnded(ended), actor)
        return {"ended": ended}

    return int(runtime.transact(work)["ended"])


# -- passwords -------------------------------------------------------------------------------------


def meant(runtime: Runtime, typed: str) -> str:
    """Return the id of the account that somebody means who typed this; what was typed where it is nobody's."""
    with runtime.database.reading() as connection:
        found = account_named(connection, typed)
    return found.id if found is not None else typed


def sign_in(runtime: Runtime, hasher: Hasher, person: str, password: str) -> tuple[KnownAccount | None, bool]:
    """Return the account with an id (None: there is none), and whether the password fits it and it is switched on."""
    with runtime.database.reading() as connection:
        account = account_of(connection, person)
        kept = password_hash(connection, account.id) if account is not None else ""
    fits = hasher.fits(kept, password)
    if account is None or not fits or not account.active:
        return account, False
    if hasher.is_old(kept):
        _keep(runtime, account.id, hasher.hash(password), instead_of=kept)
    return account, True


def _keep(runtime: Runtime, person: str, hashed: str, *, instead_of: str) -> None:
    """Keep the same password at today's cost, unless another one was set meanwhile."""

    def write(connection: Connection) -> dict[str, Any]:
        if password_hash(connection, person) == instead_of:
            _store(runtime, connection, person, hashed)
        return {}

    runtime.write(write)


def _store(runtime: Runtime, connection: Connection, person: str, hashed: str) -> None:
    row = {"person": person, "hash": hashed, "set_at": micros(runtime.sessions.clock.now())}
    connection.execute(upsert(runtime.database.dialect, tables.passwords, ("person",)), [row])


def link_of(runtime: Runtime, code: str) -> Link:
    """Return what a link for a password is for.

    Raises:
        NotFound: it was used, is too old, or was never made.

    """
    link = runtime.sessions.look(code)
    if link is None or link.purpose not in LASTS:
        raise _gone()
    return link


def _gone() -> Refused:
    return NotFound("This link was used already, is too old, or was never made.", fix="Ask an administrator for a new one.")


def use_link(runtime: Runtime, hasher: Hasher, code: str, password: str, again: str, address: str) -> Link:
    """Set a password by a link and return whose it is; all their browsers are signed out.

    Raises:
        Refused: the link or the password cannot be used.

    """
    link = link_of(runtime, code)
    hashed = hasher.hash(checked(password, link.person, again))
    way: Way = "invitation" if link.purpose == "invitation" else "reset"
    actor = Actor("person", link.person, via="page", address=address)

    def work(tx: Transaction) -> dict[str, Any]:
        account: Account | None = tx.state(f"account:{link.person}")
        if account is None or not account.active:
            raise _gone()
        if runtime.sessions.take(tx.connection, code, link.purpose) is None:
            raise _gone()
        tx.run(f"account:{link.person}", NotePassword(way), actor)
        _store(runtime, tx.connection, link.person, hashed)
        runtime.sessions.drop_links(tx.connection, link.person)
        runtime.sessions.end(tx.connection, link.person)
        return {}

    runtime.transact(work)
    return link


def change_password(runtime: Runtime, hasher: Hasher, session: Session, old: str, new: str, again: str, actor: Actor) -> int:
    """Change one's own password and return how many other browsers were signed out.

    Raises:
        Refused: the old one is wrong, or the new one cannot be used.

    """
    person = session.person
    account, fits = sign_in(runtime, hasher, person, old)
    if account is None or account.id != person or not account.has_password:
        raise Conflict(f"{person} has no password here.", fix="Ask an administrator for an invitation.", field="old")
    if not fits:
        raise Refused("That is not your password now.", fix="Type in the one that you signed in with.", field="old")
    hashed = hasher.hash(checked(new, person, again))

    def work(tx: Transaction) -> dict[str, Any]:
        tx.run(f"account:{person}", NotePassword("own"), actor)
        _store(runtime, tx.connection, person, hashed)
        runtime.sessions.drop_links(tx.connection, person)
        return {"ended": runtime.sessions.end(tx.connection, person, but=session.id)}

    return int(runtime.transact(work)["ended"])


# -- the first administrator -----------------------------------------------------------------------


def is_set_up(runtime: Runtime) -> bool:
    """Tell whether the first administrator was created. Once it is so it stays so."""
    with runtime.database.reading() as connection:
        return had_administrator(connection)


def set_up(runtime: Runtime, hasher: Hasher, token: str, person: str, name: str, password: str, again: str, address: str) -> None:
    """Create the first administrator. Of several who try at once, on whatever nodes, one does.

    Raises:
        NotAllowed: there is one already.
        NotSignedIn: that is not the one-time token.
        Refused: the name or password cannot be used.

    """
    if is_set_up(runtime):
        raise _closed()
    if not runtime.is_admin_token(token):
        raise NotSignedIn(
            "That is not the token.", fix="`tocsin serve` printed it at its first start and keeps it in the file `token`.", field="token"
        )
    hashed = hasher.hash(checked(password, person, again))
    actor = Actor("person", person, via="page", address=address)
    settings = engine_tables.settings
    mark = f"{person} {secrets.token_hex(8)}"

    def work(tx: Transaction) -> dict[str, Any]:
        tx.connection.execute(upsert(runtime.database.dialect, settings, ("name",), ()), {"name": _SET_UP, "value": mark})
        if tx.connection.execute(select(settings.c.value).where(settings.c.name == _SET_UP)).scalar() != mark:
            raise _closed()
        try:
            known: Account | None = tx.state(f"account:{person}")
            if known is None:
                _create(tx, person, name, "administrator", actor)
            else:
                tx.run(f"account:{person}", ChangeRole("administrator"), actor)
            tx.run(f"account:{person}", NotePassword("setup"), actor)
        except Refused:  # the mark is a plain row, which a refusal does not take back
            tx.connection.execute(delete(settings).where(settings.c.name == _SET_UP))
            raise
        _store(runtime, tx.connection, person, hashed)
        return {}

    runtime.transact(work)


def _closed() -> NotAllowed:
    return NotAllowed("The first administrator was created already.", fix="Sign in, or ask an administrator for an account.")


def account_state(runtime: Runtime, person: str) -> KnownAccount:
    """Return a person's account.

    Raises:
        NotFound: they have none.

    """
    with runtime.database.reading() as connection:
        found = account_of(connection, person)
    if found is None:
        raise NotFound(f"{person} has no account.", fix="`tocsin account list` shows who has one.")
    return found
