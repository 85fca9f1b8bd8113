"""Read incidents: lists from the read table, single ones from the fold of their facts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tocsin.engine.model import Reader, Viewer, moment
from tocsin.incidents import tables

DEFAULT_LIMIT = 50
MOST = 500


def list_incidents(reader: Reader, _viewer: Viewer, *, state: str = "", severity: str = "", service: str = "", after: str = "", limit: int = DEFAULT_LIMIT) -> list[dict[str, Any]]:
    """Return incidents, newest first. state: ``open``, ``ended``, a stage or a stage's kind. after: the id that a page before ended with."""
    table = tables.incidents
    query = select(table).order_by(table.c.declared_at.desc(), table.c.id.desc()).limit(min(limit, MOST))
    if state == "open":
        query = query.where(table.c.ended.is_(False))
    elif state == "ended":
        query = query.where(table.c.ended.is_(True))
    elif state:
        query = query.where((table.c.stage == state) | (table.c.stage_kind == state))
    if severity:
        query = query.where(table.c.severity == severity)
    if service:
        query = query.where(table.c.service == service)
    if after:
        last = reader.rows(select(table.c.declared_at).where(table.c.id == after))
        if last:
            at = last[0].declared_at
            query = query.where((table.c.declared_at < at) | ((table.c.declared_at == at) & (table.c.id < after)))
    rows = []
    for row in reader.rows(query):
        shown = dict(row._mapping)
        shown["declared_at"] = moment(row.declared_at)
        rows.append(shown)
    return rows
