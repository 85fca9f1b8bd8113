"""Read changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from tocsin.alerts.changes import tables
from tocsin.alerts.changes.model import NotedChange
from tocsin.engine.errors import Refused
from tocsin.engine.model import Reader, micros, moment

DEFAULT_LIMIT = 50
MOST = 500


def list_changes(
    reader: Reader, *, service: str = "", since: datetime | None = None, until: datetime | None = None, after: str = "", limit: int = DEFAULT_LIMIT,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return changes, the newest first. service: its id. since, until: when they were made, the end excluded. after: the last id seen.

    Raises:
        Refused: there is no change ``after``; the first page again would send a reader of all pages in circles.

    """
    table = tables.changes
    query = select(table).order_by(table.c.at.desc(), table.c.id.desc()).limit(min(limit, MOST))
    if service:
        query = query.where(table.c.service == service)
    if since is not None:
        query = query.where(table.c.at >= micros(since))
    if until is not None:
        query = query.where(table.c.at < micros(until))
    if after:
        last = reader.rows(select(table.c.at).where(table.c.id == after))
        if not last:
            raise Refused(f"There is nothing with the id {after} to go on from.", fix="Begin without `after`.", field="after")
        query = query.where((table.c.at < last[0][0]) | ((table.c.at == last[0][0]) & (table.c.id < after)))
    columns = [column.name for column in table.columns]
    rows = [dict(zip(columns, row, strict=True)) for row in reader.rows(query)]
    return [{**row, "at": moment(row["at"])} for row in rows]


def change_view(change: NotedChange) -> dict[str, Any]:
    """Return a change with its links and details."""
    told: dict[str, Any] = msgspec.to_builtins(change.change, builtin_types=(datetime,)) if change.change is not None else {}
    return {"id": change.id, "service": "", "source": "", "links": {}, "details": {}, **told, "receipt": change.receipt}
