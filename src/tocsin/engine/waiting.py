"""Messages that wait to be sent, as the outbox holds them in memory, and what became of them; the table is the truth."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from tocsin.engine import tables


class Waiting(msgspec.Struct, frozen=True):
    """A row of the table that waits. Times are microseconds since 1970 UTC."""

    id: int
    key: str
    stream: str
    channel: str
    target: str
    kind: str
    body: str
    """The values that it is rendered from, as JSON."""
    attempts: int
    """How often it was tried in vain."""
    due_at: int
    created_at: int


class Counts(msgspec.Struct):
    """What a lane did since the process started."""

    sent: int = 0
    failed: int = 0
    """Messages that were given up."""
    retried: int = 0
    """Tries that failed for now."""
    in_flight: int = 0
    waiting: int = 0
    """Messages in memory that wait, for their time or for a thread."""
    hanging: int = 0
    """Sends that were given up but have not come back."""
    late_seconds: float = 0.0
    """From when each sent message was due to when the receiver had it, in sum."""
    late_most: float = 0.0


class Outcome(msgspec.Struct, frozen=True):
    """What became of a try."""

    row: Waiting
    state: str
    """``sent``, ``failed`` (for good) or ``waiting`` (for another try)."""
    why: str = ""
    due_at: int = 0
    """When it is tried again, microseconds."""
    at: int = 0
    """When this was known, microseconds."""
    tried: bool = True
    """Whether it counts as a try."""
    sent: str | None = None
    """What was sent, as JSON."""
    receipt: str = ""


_COLUMNS = tuple(tables.deliveries.c[name] for name in Waiting.__struct_fields__)
_due = tables.deliveries.c.due_at
_id = tables.deliveries.c.id
_waits = tables.deliveries.c.state == "waiting"


def waiting_row(id_: int, row: dict[str, Any]) -> Waiting:
    """Return a row as it was just inserted."""
    return Waiting(
        id_, row["key"], row["stream"], row["channel"], row["target"], row["kind"], row["body"], row["attempts"], row["due_at"],
        row["created_at"],
    )  # fmt: skip


def channels_that_wait(connection: Connection) -> list[str]:
    """Return the names of the channels that have messages waiting."""
    return list(connection.execute(select(tables.deliveries.c.channel).where(_waits).distinct()).scalars())


def page(connection: Connection, channel: str, limit: int) -> list[Waiting]:
    """Return the messages of a channel that are due first."""
    rows = connection.execute(
        select(*_COLUMNS).where(_waits, tables.deliveries.c.channel == channel).order_by(_due, _id).limit(limit),
    )
    return [Waiting(*row) for row in rows]
