"""Attachments by the digest of their content: the same bytes are kept once, and a digest never comes to mean other bytes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from tocsin.engine import tables
from tocsin.engine.committer import Submission
from tocsin.engine.database import upsert
from tocsin.engine.errors import NotFound
from tocsin.engine.model import Actor, Reader, micros, moment
from tocsin.engine.runtime import Runtime


class Blob(msgspec.Struct, frozen=True):
    """What was attached. ``digest``: SHA-256 of the content in hexadecimal digits; ``size``: bytes; ``at``: RFC 3339, when it first came."""

    digest: str
    name: str
    media_type: str
    size: int
    at: str
    content: bytes = b""


def digest_of(content: bytes) -> str:
    """Return the digest by which a content is kept."""
    return hashlib.sha256(content).hexdigest()


async def keep(runtime: Runtime, content: bytes, name: str, media_type: str, actor: Actor) -> Blob:
    """Keep a content and return it without its bytes, once it is on disk. What was kept before stays as it was, its name included.

    Raises:
        Unavailable: it could not be made durable.

    """
    digest = await asyncio.to_thread(digest_of, content)
    at = micros(runtime.clock.now())
    row = {"digest": digest, "media_type": media_type, "name": name, "size": len(content), "content": content, "at": at}

    def write(connection: Connection) -> dict[str, Any]:
        connection.execute(upsert(runtime.database.dialect, tables.blobs, ("digest",), only=()), [row])
        return {}

    await asyncio.wrap_future(runtime.committer.submit(Submission("", None, actor, write=write)))
    return await asyncio.to_thread(find, runtime, digest, with_content=False)


def find(runtime: Runtime, digest: str, *, with_content: bool = True) -> Blob:
    """Return what was kept under a digest.

    Raises:
        NotFound: nothing was.

    """
    table = tables.blobs
    columns = [table.c.digest, table.c.name, table.c.media_type, table.c.size, table.c.at, *([table.c.content] if with_content else [])]
    with runtime.database.reading() as connection:
        row = connection.execute(select(*columns).where(table.c.digest == digest)).first()
    if row is None:
        raise NotFound(f"There is no attachment {digest[:80]}.", fix="Send the file with POST /api/v1/blobs; the answer has its digest.")
    content = bytes(row.content) if with_content else b""
    return Blob(row.digest, row.name, row.media_type, row.size, moment(row.at).isoformat().replace("+00:00", "Z"), content)


def missing(reader: Reader, digests: Sequence[str]) -> tuple[str, ...]:
    """Return those of the digests under which nothing was kept, in their order."""
    if not digests:
        return ()
    table = tables.blobs
    known = {row.digest for row in reader.rows(select(table.c.digest).where(table.c.digest.in_(list(digests))))}
    return tuple(digest for digest in dict.fromkeys(digests) if digest not in known)
