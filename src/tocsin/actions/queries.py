"""Read action items: lists by incident, owner, state and due date."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import select

from tocsin.actions import tables
from tocsin.actions.model import Listed
from tocsin.engine.model import Reader, Viewer, moment
from tocsin.engine.tables import metadata

MOST: Final = 1000


def list_items(
    reader: Reader, _viewer: Viewer, *, incident: str = "", owner: str = "", state: str = "", overdue: bool = False, limit: int = MOST
) -> list[Listed]:
    """Return action items: of one incident in the order in which they were written down, otherwise the earliest due first.

    state: ``open``, ``done`` or ``dropped``; empty: all. overdue: only open ones whose due date has passed by ``reader.now``.
    """
    table = tables.action_items
    order = (table.c.created_at, table.c.id) if incident else (table.c.due.is_(None), table.c.due, table.c.created_at, table.c.id)
    query = select(table).order_by(*order).limit(min(limit, MOST))
    if incident:
        query = query.where(table.c.incident == incident)
    if owner:
        query = query.where(table.c.owner == owner)
    if state:
        query = query.where(table.c.state == state)
    if overdue:
        query = query.where(table.c.state == "open", table.c.due < reader.now.date().isoformat())
    return [_listed(row) for row in reader.rows(query)]


def _listed(row: Any) -> Listed:
    return Listed(
        row.id, row.incident, row.title, row.group_id, row.owner, date.fromisoformat(row.due) if row.due else None, row.priority, row.ticket, row.about,
        row.state, moment(row.created_at), moment(row.changed_at), moment(row.closed_at) if row.closed_at else None, row.closed_by, row.evidence,
        row.reason,
    )  # fmt: skip


class Names(msgspec.Struct, frozen=True):
    """Who there is: ids to names."""

    people: dict[str, str]
    teams: dict[str, str]


def names(reader: Reader) -> Names:
    """Return all people and teams that are written down."""
    people, teams = metadata.tables["people"], metadata.tables["teams"]
    return Names(
        {row.id: row.name for row in reader.rows(select(people.c.id, people.c.name).order_by(people.c.id))},
        {row.id: row.name for row in reader.rows(select(teams.c.id, teams.c.name).order_by(teams.c.id))},
    )
