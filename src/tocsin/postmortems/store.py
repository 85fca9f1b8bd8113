"""Keep a finished document under its digest."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from tocsin.engine import tables
from tocsin.engine.committer import Submission
from tocsin.engine.model import Actor, micros
from tocsin.engine.runtime import Runtime


def digest_of(content: bytes) -> str:
    """Return the digest under which a content is kept."""
    return hashlib.sha256(content).hexdigest()


async def keep(runtime: Runtime, name: str, content: bytes, actor: Actor, now: datetime) -> str:
    """Keep a Markdown document; return its digest once it is on disk. The same content is kept once."""
    digest = digest_of(content)
    table = tables.blobs

    def write(connection: Connection) -> dict[str, Any]:
        if connection.execute(select(table.c.digest).where(table.c.digest == digest)).first() is None:
            row = {"digest": digest, "media_type": "text/markdown", "name": name, "size": len(content), "content": content, "at": micros(now)}
            connection.execute(insert(table), [row])
        return {}

    await asyncio.wrap_future(runtime.committer.submit(Submission("", None, actor, write=write)))
    return digest
