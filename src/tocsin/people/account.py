"""Accounts: which people sign in here, and as what. Records ``account:<person>``; every change is a fact, and no fact has a password. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from tocsin.engine.errors import Conflict, NotFound, Refused
from tocsin.engine.model import Command, Context, Decision, Event, Fact, Happened, Role
from tocsin.people.ids import checked_id
from tocsin.people.rights import MEANS, ROLES

Way = Literal["setup", "invitation", "reset", "own"]
"""How a password came about: at the first start, by the two kinds of links, or changed by its owner."""
LinkPurpose = Literal["invitation", "reset"]
RESERVED: Final = frozenset({"administrator", "anonymous", "tocsin", "me"})
"""Names under which the record already knows something else."""


class CreateAccount(Command, frozen=True):
    """Let a person sign in. They need a password first: an invitation lets them set one."""

    role: Role


class ChangeRole(Command, frozen=True):
    """Give a person another role, from now on."""

    role: Role


class DisableAccount(Command, frozen=True):
    """Let a person sign in no more; what they are signed in with ends at once."""

    why: str = ""


class EnableAccount(Command, frozen=True):
    """Let a person sign in again, with the password that they had."""


class NotePassword(Command, frozen=True):
    """Write down that a password was set. The password itself is kept elsewhere, and only as what it can be checked with."""

    way: Way


class NoteLink(Command, frozen=True):
    """Write down that a link was made by which a password can be set once."""

    purpose: LinkPurpose
    until: datetime


class NoteSessionsEnded(Command, frozen=True):
    """Write down that sessions were ended."""

    count: int


class AccountCreated(Event, frozen=True, tag="account.created"):
    """A person may sign in."""

    role: Role


class AccountRoleChanged(Event, frozen=True, tag="account.role_changed"):
    """A person has another role."""

    role: Role
    before: Role


class AccountDisabled(Event, frozen=True, tag="account.disabled"):
    """A person may sign in no more."""

    why: str = ""


class AccountEnabled(Event, frozen=True, tag="account.enabled"):
    """A person may sign in again."""


class AccountPasswordSet(Event, frozen=True, tag="account.password_set"):
    """A password was set."""

    way: Way


class AccountLinkMade(Event, frozen=True, tag="account.link_made"):
    """A link was made by which a password can be set once, until this moment of the machine's clock."""

    purpose: LinkPurpose
    until: datetime


class AccountSessionsEnded(Event, frozen=True, tag="account.sessions_ended"):
    """Browsers were signed out by their owner or by an administrator."""

    count: int


ACCOUNT_EVENTS: Final[tuple[type[Event], ...]] = (
    AccountCreated, AccountRoleChanged, AccountDisabled, AccountEnabled, AccountPasswordSet, AccountLinkMade, AccountSessionsEnded,
)  # fmt: skip


class Account(msgspec.Struct, frozen=True):
    """An account as it is now."""

    id: str
    version: int = 0
    role: Role = "viewer"
    active: bool = True
    has_password: bool = False
    why: str = ""
    """Why it was disabled."""
    made_at: datetime | None = None


def begins_as(role: Role) -> str:
    """Return what a role may, as a sentence for people."""
    return f"A {role} {MEANS[role]}."


def decide_account(account: Account, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command. ``ctx.found``: whether another administrator can sign in.

    Raises:
        NotFound: there is no such account.
        Conflict: it exists already, or nobody could manage accounts any more.

    """
    result: dict[str, Any] = {"account": account.id}
    if isinstance(command, CreateAccount):
        checked_id(account.id, "account")
        if account.id in RESERVED:
            raise Refused(f"The record uses the name {account.id} for something else.", fix="Choose another id.", field="id")
        if account.version:
            raise Conflict(f"{account.id} has an account already.", fix="Change its role, or make a reset link.", field="id")
        return Decision((Happened(AccountCreated(command.role)),), result={**result, "changed": True, "role": command.role})
    if not account.version:
        raise NotFound(f"{account.id} has no account.", fix="`tocsin account list` shows who has one.")
    match command:
        case ChangeRole(role=role):
            if role != "administrator":
                _not_the_last(account, ctx, f"cannot become a {role}")
            happened: Event | None = None if role == account.role else AccountRoleChanged(role, account.role)
            result["role"] = role
        case DisableAccount(why=why):
            _not_the_last(account, ctx, "cannot be switched off")
            happened = AccountDisabled(why) if account.active else None
        case EnableAccount():
            happened = None if account.active else AccountEnabled()
        case NotePassword(way=way):
            _active(account)
            happened = AccountPasswordSet(way)
        case NoteLink(purpose=purpose, until=until):
            _active(account)
            happened = AccountLinkMade(purpose, until)
        case NoteSessionsEnded(count=count):
            happened = AccountSessionsEnded(count) if count else None
        case _:
            raise Refused(f"An account does not know {type(command).__name__}.")
    return Decision((Happened(happened),) if happened else (), result={**result, "changed": happened is not None})


def _not_the_last(account: Account, ctx: Context, what: str) -> None:
    if account.role == "administrator" and account.active and account.has_password and not ctx.found:
        raise Conflict(
            f"{account.id} is the last administrator who can sign in, and {what}.",
            fix="Make somebody else an administrator first.",
            field="role",
        )


def _active(account: Account) -> None:
    if not account.active:
        raise Conflict(f"The account of {account.id} is switched off.", fix="Switch it on first.")


def evolve_account(account: Account, fact: Fact) -> Account:
    """Return the account after the fact."""
    event = fact.event
    account = replace(account, version=fact.version, made_at=account.made_at or fact.recorded_at)
    match event:
        case AccountCreated(role=role) | AccountRoleChanged(role=role):
            return replace(account, role=role)
        case AccountDisabled(why=why):
            return replace(account, active=False, why=why)
        case AccountEnabled():
            return replace(account, active=True, why="")
        case AccountPasswordSet():
            return replace(account, has_password=True)
        case _:
            return account


def lesser(one: Role, other: Role) -> Role:
    """Return the role that includes less."""
    return min(one, other, key=ROLES.index)
