"""Somebody who wants to be told: a mail address or a webhook, confirmed before anything is sent to it. What becomes of one. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from tocsin.channels.addresses import MAIL, is_inside
from tocsin.channels.addresses import problem as address_problem
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Command

Way = Literal["email", "webhook"]
STREAM: Final = "subscriber"
"""The journal's name."""
CONFIRM: Final = "status.confirm"
KNOWN: Final = "status.known"
CHALLENGE: Final = "status.challenge"
STOPPED: Final = "status.stopped"
OWN: Final = (CONFIRM, KNOWN, CHALLENGE, STOPPED)
"""Kinds of messages to a subscriber beside updates."""

ASK_AGAIN: Final = timedelta(minutes=10)
"""How long nobody can have another confirmation sent to the same address."""
WAITS: Final = timedelta(days=7)
"""How long an address that nobody confirmed is kept."""
MOST_FAILURES: Final = 5
"""Messages in a row that could not be delivered, each tried for a quarter of an hour, until a subscriber is stopped."""
FORGIVEN: Final = timedelta(days=30)
"""A failure this long ago counts no more."""
_MICROS: Final = 1_000_000
_LONGEST: Final = 1000
_MOST_COMPONENTS: Final = 500


class Row(msgspec.Struct, frozen=True):
    """A subscriber as the table has it; see ``tables.subscribers``."""

    id: str
    way: str
    address: str
    digest: str
    contact: str
    components: tuple[str, ...]
    state: str
    secret: str
    written: int
    created_at: int
    asked_at: int
    confirmed_at: int | None = None
    failures: int = 0
    failed_at: int | None = None
    why: str = ""


class Subscribe(msgspec.Struct, frozen=True):
    """Somebody asks to be told. ``id`` and ``secret`` are fresh; whether the address is known already is not said to who asks."""

    id: str
    secret: str
    way: Way
    address: str
    contact: str = ""
    components: tuple[str, ...] = ()


class Manage(msgspec.Struct, frozen=True):
    """A command on a subscriber."""

    id: str
    command: Command
    by: str = ""
    """The person of ours who does it; empty: the subscriber."""


class Confirm(Command, frozen=True):
    """The address is theirs, and they want it."""


class Choose(Command, frozen=True):
    """Hear of these components only; none: of all."""

    components: tuple[str, ...] = ()


class Leave(Command, frozen=True):
    """Hear nothing more; the address is deleted. A second time is no error."""


class Enable(Command, frozen=True):
    """Try a subscriber that was stopped again."""


class NoteSent(Command, frozen=True):
    """A message reached them."""

    kind: str = ""


class NoteFailed(Command, frozen=True):
    """A message could not be delivered, after all tries."""

    why: str
    kind: str = ""


def checked(entry: Subscribe, allowed: Collection[str] = ()) -> Subscribe:
    """Return what somebody typed as it is kept. allowed: hosts inside (``host`` or ``host:port``) that an administrator lets webhooks reach.

    Raises:
        Refused: it is no address, or one that we do not send to.

    """
    address = entry.address.strip()
    contact = entry.contact.strip()
    if len(address) > _LONGEST or len(contact) > _LONGEST:
        raise Refused("That address is too long.", fix=f"Write at most {_LONGEST} letters.", field="address")
    if entry.way == "email":
        if not MAIL.fullmatch(address):
            raise Refused("That is no mail address.", fix="Write it like ana@example.com.", field="address")
        user, _, host = address.rpartition("@")
        address = f"{user}@{host.lower()}"
    else:
        if wrong := address_problem("webhook", address):
            raise Refused(f"That address cannot be used: {wrong}.", fix="Write it like https://host/path.", field="address")
        parts = urlsplit(address)
        inside = (parts.hostname or "") in allowed or f"{parts.hostname}:{parts.port}" in allowed
        if parts.scheme != "https" and not inside:
            raise Refused("A webhook is called with TLS only.", fix="Write an address that begins with https://.", field="address")
        if parts.username or parts.password:
            raise Refused("That address carries a password.", fix="Leave it out; requests are signed instead.", field="address")
        if is_inside(address) and not inside:
            raise Refused(
                "That address lies inside a network and is not called.", fix="Give one that can be reached from anywhere.", field="address"
            )
        if contact and not MAIL.fullmatch(contact):
            raise Refused(
                "The address for notices is no mail address.", fix="Write it like ana@example.com, or leave it empty.", field="contact"
            )
    components = tuple(dict.fromkeys(entry.components))[:_MOST_COMPONENTS]
    return msgspec.structs.replace(entry, address=address, contact=contact, components=components)


def digest_of(way: str, address: str) -> str:
    """Return what tells addresses apart, without regard to letter case."""
    return hashlib.sha256(f"{way}\n{address.casefold()}".encode()).hexdigest()


def subscribed(known: Row | None, entry: Subscribe, now: int) -> tuple[Row, str]:
    """Return the subscriber after a request, and the message to write to them; an empty text for none.

    now: microseconds. An address that is known gets a mail that says so, at most one in ten minutes: nobody can learn here who subscribed,
    or have mails sent to others without end.
    """
    first = CHALLENGE if entry.way == "webhook" else CONFIRM
    if known is None:
        digest = digest_of(entry.way, entry.address)
        made = Row(entry.id, entry.way, entry.address, digest, entry.contact, entry.components, "pending", entry.secret, 1, now, now)
        return made, first
    if now - known.asked_at < ASK_AGAIN.total_seconds() * _MICROS:
        return known, ""
    changed = msgspec.structs.replace(known, asked_at=now, written=known.written + 1)
    if known.state == "active":
        return (changed, KNOWN) if known.way == "email" else (known, "")
    fresh = known.way == "email"
    return msgspec.structs.replace(changed, components=entry.components if fresh else known.components, state="pending"), first


def after(row: Row, command: Command, now: int) -> tuple[Row | None, str]:
    """Return the subscriber after a command (None: the row goes), and the message to write to them.

    Raises:
        Refused: it cannot be done.

    """
    change = msgspec.structs.replace
    match command:
        case Confirm():
            if row.way == "webhook" and row.state == "pending":
                raise Refused("A webhook is confirmed by its answer to our challenge.", fix="Answer it with the challenge's text.")
            return change(row, state="active", confirmed_at=row.confirmed_at or now, failures=0, why=""), ""
        case Choose():
            return change(row, components=tuple(dict.fromkeys(command.components))[:_MOST_COMPONENTS]), ""
        case Leave():
            return None, ""
        case Enable():
            if row.way == "webhook":
                return change(row, state="pending", failures=0, why="", written=row.written + 1, asked_at=now), CHALLENGE
            return change(row, state="active" if row.confirmed_at else "pending", failures=0, why=""), ""
        case NoteSent(kind=kind):
            if kind == CHALLENGE and row.state == "pending":
                return change(row, state="active", confirmed_at=now, failures=0, why=""), ""
            return (change(row, failures=0, why="") if row.failures else row), ""
        case NoteFailed():
            return _failed(row, command, now)
        case _:
            raise Refused(f"A subscriber does not know {type(command).__name__}.")


def _failed(row: Row, command: NoteFailed, now: int) -> tuple[Row, str]:
    change = msgspec.structs.replace
    if row.state != "active":
        return change(row, why=command.why[:300], failed_at=now), ""
    long_ago = row.failed_at is not None and now - row.failed_at > FORGIVEN.total_seconds() * _MICROS
    failures = 1 if long_ago else row.failures + 1
    changed = change(row, failures=failures, failed_at=now, why=command.why[:300])
    if failures < MOST_FAILURES:
        return changed, ""
    stopped = change(changed, state="stopped", written=row.written + 1)
    return stopped, STOPPED if row.contact else ""


def gone() -> NotFound:
    """Return what is said of a subscription that is no more."""
    return NotFound("This subscription has ended.", fix="Subscribe again on the status page if you want to be told.")
