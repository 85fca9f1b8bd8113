"""Subscribers as rows: read one, write changes. Used inside the committer's transactions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select

from tocsin.comms.status import tables
from tocsin.comms.status.subscriber import Row
from tocsin.engine.database import upsert


def row_of(found: Any) -> Row:
    """Return a row of the table as a value."""
    values = {name: getattr(found, name) for name in Row.__struct_fields__}
    values["components"] = tuple(msgspec.json.decode(values["components"]))
    return Row(**values)


def by_id(connection: Connection, subscriber: str) -> Row | None:
    """Return a subscriber; None where there is none."""
    found = connection.execute(select(tables.subscribers).where(tables.subscribers.c.id == subscriber)).first()
    return None if found is None else row_of(found)


def by_digest(connection: Connection, digest: str) -> Row | None:
    """Return the subscriber with an address; None where there is none."""
    found = connection.execute(select(tables.subscribers).where(tables.subscribers.c.digest == digest)).first()
    return None if found is None else row_of(found)


def write(connection: Connection, dialect: str, rows: Iterable[Row], gone: Iterable[str]) -> None:
    """Write what changed, and delete what goes."""
    values = [{**msgspec.structs.asdict(row), "components": msgspec.json.encode(row.components).decode()} for row in rows]
    if values:
        connection.execute(upsert(dialect, tables.subscribers, ("id",)), values)
    names = list(gone)
    if names:
        connection.execute(delete(tables.subscribers).where(tables.subscribers.c.id.in_(names)))


def outdated(connection: Connection, before: int) -> list[str]:
    """Return who asked before a moment and never confirmed."""
    table = tables.subscribers
    return list(connection.execute(select(table.c.id).where(table.c.state == "pending", table.c.asked_at < before)).scalars())


def oldest_pending(connection: Connection) -> int | None:
    """Return when the first of those asked who have not confirmed yet."""
    table = tables.subscribers
    found = connection.execute(select(table.c.asked_at).where(table.c.state == "pending").order_by(table.c.asked_at).limit(1)).scalar()
    return None if found is None else int(found)
