"""What the audit knows beside the changes that are facts of their own records: who came in, who was turned away, who took what out.

One record per day and running process, ``audit:2026-01-31-K7QX2M``, so that it is chained and checkpointed like everything else, no record grows
without end, and no node waits for another. Pure.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from tocsin.engine.errors import Refused
from tocsin.engine.model import Command, Context, Decision, Event, Fact, Happened

SignInWay = Literal["password", "code", "token", "setup", "invitation", "reset"]


class SignedIn(Event, frozen=True, tag="audit.signed_in"):
    """Somebody signed a browser in."""

    person: str
    way: SignInWay
    agent: str = ""


class SignInFailed(Event, frozen=True, tag="audit.sign_in_failed"):
    """Somebody was not let in. ``person``: whose account it is; empty where the name is nobody's (it may be a password in the wrong field)."""

    person: str = ""
    why: Literal["wrong", "disabled", "too_many", "token", "link"] = "wrong"


class SignedOut(Event, frozen=True, tag="audit.signed_out"):
    """Somebody signed a browser out."""

    person: str


class Denied(Event, frozen=True, tag="audit.denied"):
    """Somebody wanted what they may not."""

    what: str
    """Method and address, without what stands behind a question mark."""
    needs: str = ""
    """The sentence that they were given."""


class Exported(Event, frozen=True, tag="audit.exported"):
    """Somebody took records out as a file."""

    what: str


class PrivateRead(Event, frozen=True, tag="audit.private_read"):
    """Somebody who is invited to a private incident has read it."""

    incident: str


class TokenUsed(Event, frozen=True, tag="audit.token_used"):
    """A token was used: written down once a day and address."""

    token: str


AUDIT_EVENTS: Final[tuple[type[Event], ...]] = (SignedIn, SignInFailed, SignedOut, Denied, Exported, PrivateRead, TokenUsed)
AuditEvent = SignedIn | SignInFailed | SignedOut | Denied | Exported | PrivateRead | TokenUsed


class Note(Command, frozen=True):
    """Write something down for the audit."""

    event: AuditEvent


class Day(msgspec.Struct, frozen=True):
    """A day of the audit, as one process wrote it: how much was written down."""

    id: str
    version: int = 0


def decide_day(_day: Day, command: Command, _ctx: Context) -> Decision:
    """Return what follows from a command: what it brings is written down as it is."""
    if not isinstance(command, Note):
        raise Refused(f"The audit does not know {type(command).__name__}.")
    return Decision((Happened(command.event),))


def evolve_day(day: Day, fact: Fact) -> Day:
    """Return the day after the fact."""
    return Day(day.id, fact.version)


def in_words(event: Any) -> str:
    """Return what a fact of the audit's own says, for people."""
    match event:
        case SignedIn(person=person, way=way):
            how = {"password": "with the password", "code": "by a one-time link", "token": "with the installation's token", "setup": "as the first administrator",
                   "invitation": "by an invitation", "reset": "by a reset link"}[way]  # fmt: skip
            return f"{person} signed in {how}"
        case SignInFailed(person=person, why=why):
            who = person or "an unknown name"
            return {"wrong": f"a wrong password for {who}", "disabled": f"{who} tried to sign in and is switched off", "token": "a wrong installation token",
                    "too_many": f"too many wrong sign-ins for {who}", "link": "a link that was used, too old or never made"}[why]  # fmt: skip
        case SignedOut(person=person):
            return f"{person} signed out"
        case Denied(what=what):
            return f"was refused: {what}"
        case Exported(what=what):
            return f"took out {what}"
        case PrivateRead(incident=incident):
            return f"read the private incident {incident}, being invited"
        case TokenUsed(token=token):
            return f"the token {token} was used"
        case _:
            return ""
