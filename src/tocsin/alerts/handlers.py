"""Take in what monitoring tools send: check the key, read the body, keep the receipt, answer once it is on disk."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from tocsin.alerts.commands import TakeIn
from tocsin.alerts.errors import WrongBody, WrongKey
from tocsin.alerts.model import Rejected, Signal
from tocsin.alerts.sources import alertmanager
from tocsin.engine.batch import fresh
from tocsin.engine.model import Actor
from tocsin.engine.runtime import Runtime

INTAKE_KEY: Final = "intake_key"
"""The setting that holds the first key."""

READERS: Final[Mapping[str, Callable[[bytes], list[Signal]]]] = {alertmanager.NAME: alertmanager.read}
"""What reads the bodies of each tool."""


def intake_key(runtime: Runtime) -> str:
    """Return the key of the intake addresses; it is made at the first start and kept."""
    kept = runtime.database.setting(INTAKE_KEY)
    if kept is None:
        kept = secrets.token_urlsafe(18)
        runtime.database.keep_setting(INTAKE_KEY, kept)
    return kept


def intake_path(source: str, key: str) -> str:
    """Return the path to which a tool sends its alerts."""
    return f"/intake/{source}/{key}"


def check_key(runtime: Runtime, kept: str, given: str) -> None:
    """Let a sender in.

    On a virtual clock any key is good: drills, demonstrations and tests have no secret to keep, and their time is not the world's.

    Raises:
        WrongKey: the key is not the one that was kept.

    """
    if not runtime.clock.virtual and not secrets.compare_digest(kept.encode(), given.encode()):
        raise WrongKey


def new_receipt() -> str:
    """Return an id for a request."""
    return f"R-{fresh()}{fresh()}"


async def take_in(runtime: Runtime, source: str, body: bytes) -> dict[str, Any]:
    """Keep a request and its alerts in one transaction, and return the receipt's id and each alert's outcome.

    A body that is not understood is kept as well, so that it can be looked at; the refusal names the receipt.

    Raises:
        WrongBody: the body is not what the tool sends.
        Unavailable: it could not be made durable.

    """
    sender = Actor("sender", source, via="intake")
    receipt = new_receipt()
    packed = zlib.compress(body)
    try:
        signals = tuple(READERS[source](body))
    except WrongBody as refusal:
        rejected = Rejected(refusal.what, refusal.field)
        await runtime.commit("receipt", receipt, TakeIn(source, packed, len(body), rejected=rejected), sender)
        fix = f"{refusal.fix} The body is kept as receipt {receipt}."
        raise WrongBody(refusal.what, fix=fix, field=refusal.field) from refusal
    return await runtime.commit("receipt", receipt, TakeIn(source, packed, len(body), signals), sender)
