"""Pages that are only a test: the newest one of a person, and what became of each of its messages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tocsin.engine.model import Reader, moment
from tocsin.paging import queries, tables
from tocsin.paging.page import Page


def newest_test(reader: Reader, *, person: str = "", policy: str = "") -> dict[str, Any] | None:
    """Return the newest page that was only a test of a person, or of a policy; None where there never was one."""
    table = tables.pages
    query = select(table.c.id, table.c.number, table.c.state, table.c.opened_at, table.c.acknowledged_by).where(table.c.origin == "test")
    if person:
        query = query.where(table.c.id.in_(select(tables.people.c.page).where(tables.people.c.person == person)))
    if policy:
        query = query.where(table.c.policy == policy)
    found = reader.rows(query.order_by(table.c.number.desc()).limit(1))
    if not found:
        return None
    row = found[0]
    return {
        "id": row.id,
        "number": row.number,
        "state": row.state,
        "opened_at": moment(row.opened_at),
        "acknowledged_by": row.acknowledged_by,
    }


def trail_of(reader: Reader, page_id: str) -> list[dict[str, Any]]:
    """Return every message of a page: to whom, by which way, and what became of it."""
    page: Page | None = reader.state(f"page:{page_id}")
    if page is None:
        return []
    sent = queries.deliveries_of(reader, page_id)
    return [
        {
            "person": called.person, "name": called.name, "step": run.step + 1, "way": one.way.contact, "kind": one.way.kind, "verified": one.way.verified,
            "state": one.state, "why": one.why or (sent.get(one.key) or {}).get("error", ""), "due_at": one.due_at, "held": one.held_from is not None,
            "sent_at": (sent.get(one.key) or {}).get("sent_at"), "again_at": (sent.get(one.key) or {}).get("again_at"),
        }
        for run in page.runs
        for called in run.called
        for one in called.planned
    ]  # fmt: skip
