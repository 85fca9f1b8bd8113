"""A mailing: one update on its way to everybody who subscribed, some hundred at a time, so that nobody's command waits for thousands.

Records ``mailing:<incident>.<fact>``. It holds no address: each message names its subscriber, and finds the address when it is sent.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from tocsin.comms.status.subscriber import NoteFailed, NoteSent
from tocsin.engine.kinds import Tick
from tocsin.engine.model import Command, Context, Decision, Delivery, Event, Fact, Happened

AT_ONCE: Final = 100
"""Subscribers of one transaction; their rows cost it some milliseconds."""
UPDATE: Final = "status.update"
"""The kind of the messages."""
CHANNELS: Final = {"email": "status_email", "webhook": "status_webhook"}
"""How somebody subscribed -> the channel that carries it."""


class Recipient(msgspec.Struct, frozen=True):
    """Somebody who gets it, without the address."""

    id: str
    by: str


class Chunk(msgspec.Struct, frozen=True):
    """The next subscribers in the order of their ids, as far as they want this update; ``last``: where to go on, empty: that was all."""

    recipients: tuple[Recipient, ...] = ()
    last: str = ""


class BeginMailing(Command, frozen=True):
    """Tell everybody who subscribed to any of these components, and who subscribed to all."""

    incident: str
    fact: int
    components: tuple[str, ...] = ()


class StopMailing(Command, frozen=True):
    """Send what has not left yet no more."""


class MailingBegun(Event, frozen=True, tag="mailing.begun"):
    """An update is being sent to subscribers."""

    incident: str
    fact: int
    components: tuple[str, ...] = ()


class MailingWent(Event, frozen=True, tag="mailing.went"):
    """Messages for some subscribers are on their way."""

    count: int
    last: str
    """Where the next ones begin; empty: these were the last."""


class MailingStopped(Event, frozen=True, tag="mailing.stopped"):
    """What had not left was taken back."""


EVENTS: Final = (MailingBegun, MailingWent, MailingStopped)


class Mailing(msgspec.Struct, frozen=True):
    """A mailing as it is now."""

    id: str
    version: int = 0
    incident: str = ""
    fact: int = 0
    components: tuple[str, ...] = ()
    begun_at: datetime | None = None
    last: str = ""
    count: int = 0
    over: bool = False


def decide(mailing: Mailing, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command; ``ctx.found`` is the next chunk."""
    match command:
        case BeginMailing() if not mailing.version:
            return Decision((Happened(MailingBegun(command.incident, command.fact, command.components)),))
        case StopMailing() if mailing.version and not mailing.over:
            return Decision((Happened(MailingStopped()),), cancel=("*",))
        case StopMailing():
            return Decision(cancel=("*",))
        case Tick() if mailing.version and not mailing.over:
            chunk: Chunk = ctx.found
            values = {"incident": mailing.incident, "fact": mailing.fact, "sent_at": (mailing.begun_at or ctx.now).isoformat()}
            deliveries = tuple(
                Delivery(f"{mailing.id}:{one.id}", CHANNELS[one.by], one.id, UPDATE, values)
                for one in chunk.recipients
                if one.by in CHANNELS
            )
            return Decision((Happened(MailingWent(len(deliveries), chunk.last)),), deliveries)
        case _:
            return Decision()


def evolve(mailing: Mailing, fact: Fact) -> Mailing:
    """Return the mailing after a fact."""
    change = msgspec.structs.replace
    event = fact.event
    match event:
        case MailingBegun():
            return change(
                mailing,
                version=fact.version,
                incident=event.incident,
                fact=event.fact,
                components=event.components,
                begun_at=fact.recorded_at,
            )
        case MailingWent():
            return change(mailing, version=fact.version, last=event.last, count=mailing.count + event.count, over=not event.last)
        case MailingStopped():
            return change(mailing, version=fact.version, over=True)
        case _:
            return change(mailing, version=fact.version)


def wake(mailing: Mailing, now: datetime, _found: object) -> datetime | None:
    """Return when the next chunk is due: at once, after what others have asked for meanwhile."""
    return now if mailing.version and not mailing.over else None


def success(key: str) -> tuple[str, Command]:
    """Return which subscriber a message that arrived was for, and what that means to them. key: the message's."""
    subscriber, kind = _named(key)
    return subscriber, NoteSent(kind)


def failure(key: str, why: str) -> tuple[str, Command]:
    """Return which subscriber a message that could not be delivered was for, and what that means to them."""
    subscriber, kind = _named(key)
    return subscriber, NoteFailed(why, kind)


def _named(key: str) -> tuple[str, str]:
    """Return subscriber and kind of a key: ``status:<kind>:<subscriber>:<number>``, or ``<mailing>:<subscriber>``."""
    if key.startswith("status:"):
        _, kind, subscriber, *_ = key.split(":")
        return subscriber, kind
    return key.rpartition(":")[2], UPDATE
