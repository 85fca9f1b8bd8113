"""Read what a postmortem is made from, and the documents that were published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import select

from tocsin.engine import tables
from tocsin.engine.model import Fact, Reader, moment

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def blob(reader: Reader, digest: str) -> bytes | None:
    """Return the content that is kept under a digest; None where there is none."""
    rows = reader.rows(select(tables.blobs.c.content).where(tables.blobs.c.digest == digest))
    return bytes(rows[0].content) if rows else None


def blobs(reader: Reader, digests: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """Return names and contents of attachments by digest."""
    table = tables.blobs
    rows = (
        reader.rows(select(table.c.digest, table.c.name, table.c.content).where(table.c.digest.in_(sorted(set(digests)))))
        if digests
        else []
    )
    return {row.digest: (row.name, bytes(row.content)) for row in rows}


def recorded(facts: Sequence[Fact]) -> datetime:
    """Return when the newest of these facts was recorded."""
    return facts[-1].recorded_at if facts else BEGINNING


def messages(reader: Reader, streams: Sequence[str]) -> list[dict[str, Any]]:
    """Return every message that left (or should have left) for these records, oldest first, as it was sent."""
    table = tables.deliveries
    rows = reader.rows(select(table).where(table.c.stream.in_(list(streams))).order_by(table.c.id))
    return [
        {
            "key": row.key, "record": row.stream, "channel": row.channel, "to": row.target, "kind": row.kind, "state": row.state,
            "attempts": row.attempts, "decided_at": moment(row.created_at), "sent_at": moment(row.sent_at) if row.sent_at else None,
            "error": row.error, "sent": msgspec.json.decode(row.sent) if row.sent else None, "values": msgspec.json.decode(row.body),
        }
        for row in rows
    ]  # fmt: skip


def chain(reader: Reader, stream: str) -> list[dict[str, Any]]:
    """Return the links of a record's hash chain. Actor and body are the exact texts that were hashed, so that anybody can check them."""
    table = tables.facts
    rows = reader.rows(select(table).where(table.c.stream == stream).order_by(table.c.version))
    return [
        {
            "version": row.version, "type": row.type, "occurred_at": moment(row.occurred_at), "recorded_at": moment(row.recorded_at),
            "actor": row.actor, "body": row.body, "salt": row.salt.hex() if row.salt is not None else None, "digest": row.digest.hex(), "hash": row.hash.hex(),
        }
        for row in rows
    ]  # fmt: skip
