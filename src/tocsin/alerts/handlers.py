"""Take in what senders send: find the key, read the body, enter it into the journal, answer once it is on disk."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Final, TypeVar, cast
from urllib.parse import urlsplit

from tocsin.alerts.arrival import Arrived, Marked, Taken
from tocsin.alerts.errors import Unsigned, WrongBody
from tocsin.alerts.journal import Alerts
from tocsin.alerts.keys import FIRST, IntakeKey, SaveIntakeKey, digest
from tocsin.alerts.model import Rejected, receipt_id
from tocsin.alerts.reading import Sent
from tocsin.alerts.registry import READERS
from tocsin.alerts.signatures import signed_with_secret
from tocsin.alerts.sources import email, report
from tocsin.engine.model import SYSTEM
from tocsin.engine.runtime import Runtime

T = TypeVar("T")
logger = logging.getLogger(__name__)

INTAKE_KEY: Final = "intake_key"
"""The setting that holds the first key's secret, until its record says another."""


def journal_of(runtime: Runtime) -> Alerts:
    """Return the journal of alerts."""
    return cast("Alerts", runtime.registry.journals[Alerts.name])


def intake_key(runtime: Runtime) -> str:
    """Return the secret of the first key; it is made at the first start and kept."""
    first: IntakeKey | None = runtime.committer.state(f"intake_key:{FIRST}")
    if first is not None:
        return first.secret
    kept = runtime.database.setting(INTAKE_KEY)
    if kept is None:
        kept = secrets.token_urlsafe(18)
        runtime.database.keep_setting(INTAKE_KEY, kept)
    return kept


def begin(runtime: Runtime) -> None:
    """Write the first key down as a record, at the first start."""
    if runtime.committer.state(f"intake_key:{FIRST}") is None:
        command = SaveIntakeKey("The first key", secret=intake_key(runtime), about="Made at the first start; takes requests of every tool.")
        runtime.commit_now("intake_key", FIRST, command, SYSTEM)


def intake_path(source: str, key: str) -> str:
    """Return the path to which a tool sends its alerts."""
    return f"/intake/{source}/{key}"


def address(source: str, key: str, base: str) -> str:
    """Return where a tool sends what a key takes: the mail address for mails, the page for reports, else the address of the intake."""
    if source == email.NAME:
        return f"{key}@{urlsplit(base).hostname or 'this-host'}"
    return base + (f"/report/{key}" if source == report.NAME else intake_path(source, key))


def key_for(runtime: Runtime, secret: str, source: str) -> IntakeKey | None:
    """Return the key that a sender has shown, if it is for this source; None where there is none such.

    On a virtual clock a key that nobody made stands for the first one: drills, demonstrations and tests have no secret to keep, and their time
    is not the world's.
    """
    journal = journal_of(runtime)
    found = journal.keys.get(digest(secret))
    if found is None and runtime.clock.virtual:
        found = journal.key(FIRST)
    return found if found is not None and found.takes(source) else None


def understood(source: str, read: Callable[[], T]) -> T:
    """Return what is read of a request.

    Raises:
        WrongBody: it is not what the tool sends; also where reading it failed by a defect of ours, for no request may be lost by one.

    """
    try:
        return read()
    except WrongBody:
        raise
    except Exception as error:
        logger.exception("a request of %s could not be read", source)
        raise WrongBody("This could not be understood.", fix="Report it with the server's log of this minute.", field="$") from error


async def receive(runtime: Runtime, source: str, key: IntakeKey, sent: Sent, sender: str = "") -> Taken:
    """Read a request and take it in. One that is not understood is kept as well, so that it can be looked at; the refusal names the receipt.

    Raises:
        WrongBody: it is not what the tool sends.
        Unavailable: it could not be made durable, or too much waits already.

    """
    arrived = Arrived(source, body=sent.body, key=key.id, service=key.saved.service, sender=sender, media=sent.content_type)
    try:
        reading = understood(source, lambda: READERS[source](sent))
    except WrongBody as refusal:
        raise await refuse(runtime, arrived, refusal) from refusal
    strict = key.saved.strict
    if strict and reading.proof is None and not signed_with_secret(source, key.saved.options):
        raise await refuse(runtime, arrived, Unsigned())
    unverified = None if reading.proof is None else False
    return await enter(
        runtime,
        Arrived(source, reading, sent.body, key.id, key.saved.service, sender, sent.content_type, None, 200, unverified, (), strict),
    )


async def refuse(runtime: Runtime, arrived: Arrived, refusal: WrongBody) -> WrongBody:
    """Keep a request that is refused; return the refusal, which names the receipt."""
    kept = Arrived(
        arrived.source, arrived.reading, arrived.body, arrived.key, arrived.service, arrived.sender, arrived.media,
        Rejected(refusal.what, refusal.field), refusal.status, arrived.verified, arrived.notes,
    )  # fmt: skip
    taken = await enter(runtime, kept)
    told = type(refusal).__new__(type(refusal))
    WrongBody.__init__(
        told, refusal.what, fix=f"{refusal.fix} The body is kept as receipt {receipt_id(taken.receipt)}.", field=refusal.field
    )
    return told


async def enter(runtime: Runtime, arrived: Arrived) -> Taken:
    """Enter a request into the journal; everything that becomes an alert goes this way. It is on disk when this returns.

    Raises:
        Overloaded: too much waits already; nothing was kept.
        Unavailable: it could not be made durable.

    """
    return await journal_of(runtime).door.enter(runtime.committer, arrived)


async def mark(runtime: Runtime, receipt: int, *, verified: bool, note: str = "") -> None:
    """Write down what was learnt of a request after it was answered."""
    await runtime.enter(Alerts.name, Marked(receipt, verified, note))


def all_keys(runtime: Runtime) -> list[IntakeKey]:
    """Return all intake keys, by their ids."""
    return journal_of(runtime).all_keys()
