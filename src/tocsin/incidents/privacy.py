"""Who may read a private incident: those whom it names, and nobody else, whatever their role.

``incident_readers`` has a row for everybody whom a private incident names: who declared it, who holds or held a role in it, who was invited,
engaged or called for it. What one may not read looks exactly like what does not exist. What belongs to an incident (its groups, alerts, pages,
action items, attachments) is as private as it is: see ``belonging_queries``.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, true

from tocsin.engine.errors import NotFound
from tocsin.engine.model import Reader, Viewer
from tocsin.incidents.tables import incident_readers, incidents

FIX = "Check the id; `tocsin incident list` shows them."
"""What the refusal says of an incident that does not exist, or that one may not read."""


def name_of(viewer: Viewer) -> str:
    """Return the name under which a viewer stands among the readers of an incident; empty for who can never be named."""
    return viewer.id if viewer.kind == "person" else f"token:{viewer.id}" if viewer.kind == "token" else ""


def readable(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition on rows of ``incidents`` that leaves what this viewer may read."""
    if viewer.reads_private:
        return true()
    public = incidents.c.private.is_(False)
    name = name_of(viewer)
    if not name:
        return public
    named = exists(
        select(incident_readers.c.incident).where(incident_readers.c.incident == incidents.c.id, incident_readers.c.person == name)
    )
    return or_(public, named)


def unreadable(viewer: Viewer) -> Select[Any]:
    """Return the SELECT of the ids that this viewer may not read, for ``NOT IN`` in a query of another table."""
    return select(incidents.c.id).where(and_(incidents.c.private.is_(True), ~readable(viewer)))


def of_readable(column: ColumnElement[Any], viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition on a column that holds an incident's id (or nothing): it names none that this viewer may not read."""
    return true() if viewer.reads_private else column.not_in(unreadable(viewer))


def hidden(reader: Reader, viewer: Viewer) -> frozenset[str]:
    """Return the ids of the private incidents that this viewer may not read; they are few."""
    if viewer.reads_private:
        return frozenset()
    return frozenset(str(row[0]) for row in reader.rows(unreadable(viewer)))


def may_read(reader: Reader, viewer: Viewer, incident: str) -> bool:
    """Tell whether this viewer may read an incident; also true where there is none."""
    if viewer.reads_private:
        return True
    query: Any = select(incidents.c.id).where(incidents.c.id == incident, ~readable(viewer))
    return not reader.rows(query)


def missing(incident: str, field: str = "") -> NotFound:
    """Return the refusal of an incident that does not exist, or that one may not read: they are the same."""
    return NotFound(f"There is no incident {incident}.", fix=FIX, field=field)


def check(reader: Reader, viewer: Viewer, incident: str) -> None:
    """Make sure that this viewer may read an incident.

    Raises:
        NotFound: they may not; in the words of an incident that does not exist.

    """
    if not may_read(reader, viewer, incident):
        raise missing(incident)
