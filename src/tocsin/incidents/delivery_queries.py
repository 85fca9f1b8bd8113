"""Read what became of an incident's messages: each update, audience and way, as the outbox has it."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select

from tocsin.engine.model import Reader, moment
from tocsin.engine.tables import deliveries

_PARTS = 5
"""Incident, fact, message, audience, channel; a message that is sent again has one more."""


def of_updates(reader: Reader, incident: str) -> dict[int, list[dict[str, Any]]]:
    """Return the messages of each update by the fact that told it. A message that was sent again takes the place of the one that failed.

    state: ``sent``, ``waiting`` (not tried yet), ``retrying``, ``failed`` or ``cancelled``.
    """
    table = deliveries
    columns = (
        table.c.key,
        table.c.channel,
        table.c.target,
        table.c.state,
        table.c.attempts,
        table.c.error,
        table.c.sent_at,
        table.c.due_at,
    )
    query = select(*columns).where(table.c.stream == f"incident:{incident}", table.c.kind == "incident.update").order_by(table.c.id)
    found: dict[int, dict[tuple[str, str], dict[str, Any]]] = {}
    for row in reader.rows(query):
        parts = row.key.removeprefix(f"{incident}:").split(":")
        if len(parts) < _PARTS - 1 or not parts[0].isdigit():
            continue
        audience = parts[2]
        state = "retrying" if row.state == "waiting" and row.attempts else row.state
        found.setdefault(int(parts[0]), {})[audience, row.channel] = {
            "audience": audience, "channel": row.channel, "to": row.target, "state": state, "attempts": row.attempts, "error": row.error or "",
            "sent_at": moment(row.sent_at) if row.sent_at else None, "next_at": moment(row.due_at) if state == "retrying" else None,
        }  # fmt: skip
    return {fact: list(ways.values()) for fact, ways in found.items()}


def told(reader: Reader, incident: str, fact: int) -> dict[str, Any] | None:
    """Return what an update said: message, fields, audiences; None where the fact is none, or its words were redacted."""
    made = reader.fact(f"incident:{incident}", fact)
    event = made.event if made is not None else None
    if event is None or not hasattr(event, "fields"):
        return None
    values: dict[str, Any] = msgspec.structs.asdict(event)
    return values
