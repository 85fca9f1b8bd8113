"""What every drop-in does with a request: find its key, keep it with what was read of it, and have it answered once that is on disk."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from tocsin.alerts import handlers
from tocsin.alerts.arrival import Arrived, Taken
from tocsin.alerts.errors import WrongBody
from tocsin.alerts.intake import Call
from tocsin.alerts.keys import IntakeKey
from tocsin.alerts.model import Rejected
from tocsin.alerts.reading import Reading, Sent


def key_of(call: Call, secret: str, source: str) -> IntakeKey | None:
    """Return the intake key that a secret is of; None where it is none, or one for another tool."""
    return handlers.key_for(call.runtime, secret, source) if secret else None


def sent(call: Call, key: IntakeKey, body: bytes, options: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None) -> Sent:
    """Return a request for its source module. options: what the drop-in adds to those of the key."""
    return Sent(
        body, call.runtime.clock.now(), call.headers.get("content-type", ""), call.headers, call.query if query is None else query,
        {**key.saved.options, **(options or {})},
    )  # fmt: skip


async def keep(
    call: Call, source: str, key: IntakeKey, body: bytes, reading: Reading, status: int, notes: tuple[str, ...] = ()
) -> Taken:  # fmt: skip
    """Take in what a request says; return what became of it, once that is on disk.

    status: the HTTP status of the answer. notes: what is to be written on the receipt.

    Raises:
        Unavailable: it could not be made durable.

    """
    return await handlers.enter(call.runtime, _arrived(call, source, key, body, status, reading, None, notes))


async def keep_refused(call: Call, source: str, key: IntakeKey, body: bytes, refusal: WrongBody, status: int) -> Taken:
    """Keep a request that is refused, so that it can be looked at.

    Raises:
        Unavailable: it could not be made durable.

    """
    rejected = Rejected(refusal.what, refusal.field)
    return await handlers.enter(call.runtime, _arrived(call, source, key, body, status, Reading(), rejected))


def _arrived(
    call: Call, source: str, key: IntakeKey, body: bytes, status: int, reading: Reading, rejected: Rejected | None = None,
    notes: tuple[str, ...] = (),
) -> Arrived:  # fmt: skip
    return Arrived(
        source, reading, body, key.id, key.saved.service, call.sender, call.headers.get("content-type", ""), rejected, status, None, notes,
    )  # fmt: skip


def new_name() -> str:
    """Return a name that nothing else has: 32 hexadecimal digits."""
    return uuid.uuid4().hex
