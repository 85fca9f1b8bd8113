"""API tokens: what a program shows instead of a sign-in. Records ``token:<id>``; the secret is shown once and only its digest kept. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from tocsin.engine.errors import Conflict, NotAllowed, NotFound, Refused
from tocsin.engine.model import Command, Context, Decision, Event, Fact, Happened, RowWrite, Viewer, micros
from tocsin.people.account import RESERVED
from tocsin.people.ids import checked_id
from tocsin.people.rights import at_least
from tocsin.people.scopes import DOORS, PRIVATE, check_scopes, read_scopes

PREFIX: Final = "toc_"
"""What every secret begins with, so that scanners of repositories can find one that leaked."""

Aware = Annotated[datetime, Meta(tz=True)]


class NewToken(Command, frozen=True):
    """Make a token. Its id is what the record shows as the one who acts, unless it acts for a person."""

    scopes: Annotated[tuple[str, ...], Meta(max_length=20)]
    expires_at: Aware
    name: Annotated[str, Meta(max_length=200)] = ""
    """What it is for; the id without one."""
    person: Annotated[str, Meta(max_length=100)] = ""
    """Whom it acts for: the record shows them, and it may what both it and they may."""
    team: Annotated[str, Meta(max_length=100)] = ""
    """The team that it belongs to: what that owns it may change."""


class MakeToken(Command, frozen=True):
    """The same with what its secret is found by; made where chance is."""

    token: NewToken
    digest: str


class RevokeToken(Command, frozen=True):
    """Have a token open nothing any more, from this moment on."""

    why: Annotated[str, Meta(max_length=1000)] = ""


class TokenMade(Event, frozen=True, tag="token.made"):
    """A token was made. ``digest``: SHA-256 of a secret of 160 random bits, from which nobody finds the secret."""

    name: str
    digest: str
    scopes: tuple[str, ...]
    expires_at: datetime
    person: str = ""
    team: str = ""


class TokenRevoked(Event, frozen=True, tag="token.revoked"):
    """It opens nothing any more."""

    why: str = ""


TOKEN_EVENTS: Final[tuple[type[Event], ...]] = (TokenMade, TokenRevoked)


class Token(msgspec.Struct, frozen=True):
    """A token as it is now."""

    id: str
    version: int = 0
    made: TokenMade | None = None
    made_by: str = ""
    made_at: datetime | None = None
    revoked: bool = False
    why: str = ""


def may_give(viewer: Viewer, token: NewToken, *, local: bool, ends: datetime | None) -> None:
    """Make sure that somebody gives away only what they have: no wider scope, nobody else's name, and no longer life than their own token's.

    local: the installation's own token. ends: when the token ends that is used to make this one; None: it is none.

    Raises:
        NotAllowed: it would be more.

    """
    grant = read_scopes(token.scopes)
    for role in [*([grant.role] if grant.role else []), *(DOORS[door][0] for door in grant.doors)]:
        if not at_least(viewer.role, role):
            raise NotAllowed(
                f"{viewer.id} has the role {viewer.role} and cannot give away the rights of the role {role}.",
                fix="Take a narrower scope.",
                field="scopes",
            )
    if grant.private and not viewer.reads_private:
        raise NotAllowed(
            f"{PRIVATE} is given away only by who reads every private incident.",
            fix="Make it on the machine of the server, with the installation's own token and without --as.", field="scopes",
        )  # fmt: skip
    if token.person and token.person != viewer.id and not local:
        raise NotAllowed(
            f"A token that acts for {token.person} would speak in their name.",
            fix="They make it themselves under Settings, My account.",
            field="person",
        )
    if not token.person and not at_least(viewer.role, "administrator"):
        raise NotAllowed("Only an administrator makes a token that is nobody's.", fix="Make one that acts for you.", field="person")
    if token.team and token.team not in viewer.teams and not at_least(viewer.role, "administrator"):
        raise NotAllowed(f"{viewer.id} is not in the team {token.team}.", fix="Leave the team out.", field="team")
    if ends is not None and token.expires_at > ends:
        raise NotAllowed(
            "A token cannot make one that outlives it.",
            fix=f"Let it end by {ends:%Y-%m-%dT%H:%M:%SZ}, or make it signed in.",
            field="expires_at",
        )


def decide_token(token: Token, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command.

    Raises:
        Refused: the id, scopes or end cannot be used.
        NotFound: there is no such token.

    """
    if isinstance(command, MakeToken):
        return _make(token, command.token, command.digest, ctx)
    if token.made is None:
        raise NotFound(f"There is no token {token.id}.", fix="`tocsin token list` shows them.")
    if not isinstance(command, RevokeToken):
        raise Refused(f"A token does not know {type(command).__name__}.")
    if token.revoked:
        return Decision(result={"token": token.id, "changed": False})
    return Decision((Happened(TokenRevoked(command.why)),), result={"token": token.id, "changed": True})


def _make(token: Token, new: NewToken, digest: str, ctx: Context) -> Decision:
    checked_id(token.id, "token")
    if token.id in RESERVED:
        raise Refused(f"The record uses the name {token.id} for something else.", fix="Choose another id.", field="id")
    if token.made is not None:
        raise Conflict(
            f"There is a token {token.id} already{' (it was revoked)' if token.revoked else ''}.",
            fix="Choose another id: the record must tell them apart for ever.", field="id",
        )  # fmt: skip
    if ctx.found:  # a person of the same id
        raise Conflict(f"{token.id} is a person.", fix="Choose another id: the record must tell them apart.", field="id")
    if new.expires_at <= ctx.now:
        raise Refused("The token would have ended already.", fix="Give a time to come.", field="expires_at")
    scopes = check_scopes(new.scopes)
    if new.person and PRIVATE in scopes:
        raise Refused(
            f"{PRIVATE} is for tokens that are nobody's: a person reads what they are invited to.",
            fix="Leave one of both out.",
            field="scopes",
        )
    made = TokenMade(new.name.strip() or token.id, digest, scopes, new.expires_at, new.person, new.team)
    result = {"token": token.id, "changed": True, "scopes": scopes, "expires_at": new.expires_at.isoformat()}
    return Decision((Happened(made),), result=result)


def evolve_token(token: Token, fact: Fact) -> Token:
    """Return the token after the fact."""
    event = fact.event
    match event:
        case TokenMade():
            return replace(token, version=fact.version, made=event, made_by=fact.actor.id, made_at=fact.recorded_at)
        case TokenRevoked(why=why):
            return replace(token, version=fact.version, revoked=True, why=why)
        case _:
            return token


def token_rows(_before: Token, after: Token, _facts: Sequence[Fact]) -> list[RowWrite]:
    """Return the token's row."""
    made = after.made
    assert made is not None
    assert after.made_at is not None
    values: dict[str, Any] = {
        "id": after.id, "digest": made.digest, "name": made.name, "scopes": " ".join(made.scopes), "person": made.person, "team": made.team,
        "made_by": after.made_by, "made_at": micros(after.made_at), "expires_at": micros(made.expires_at), "revoked": after.revoked,
    }  # fmt: skip
    return [RowWrite("api_tokens", (after.id,), values)]
