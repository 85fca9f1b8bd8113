"""Read what a postmortem is made from, and the documents that were published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select

from tocsin.engine import tables
from tocsin.engine.model import Fact, Reader

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def blob(reader: Reader, digest: str) -> bytes | None:
    """Return the content that is kept under a digest; None where there is none."""
    rows = reader.rows(select(tables.blobs.c.content).where(tables.blobs.c.digest == digest))
    return bytes(rows[0].content) if rows else None


def blobs(reader: Reader, digests: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """Return names and contents of attachments by digest."""
    table = tables.blobs
    rows = reader.rows(select(table.c.digest, table.c.name, table.c.content).where(table.c.digest.in_(sorted(set(digests))))) if digests else []
    return {row.digest: (row.name, bytes(row.content)) for row in rows}


def recorded(facts: Sequence[Fact]) -> datetime:
    """Return when the newest of these facts was recorded."""
    return facts[-1].recorded_at if facts else BEGINNING
