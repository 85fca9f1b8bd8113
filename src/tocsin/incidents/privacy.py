"""Who may read a private incident: those whom it names, and nobody else, whatever their role.

``incident_readers`` has a row for everybody whom a private incident names: who declared it, who holds or held a role in it, who was invited,
engaged or called for it. What one may not read looks exactly like what does not exist.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, true

from tocsin.engine.errors import NotFound
from tocsin.engine.model import Reader, Viewer
from tocsin.incidents.tables import incident_readers, incidents


def readable(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition on rows of ``incidents`` that leaves what this viewer may read."""
    if viewer.reads_private:
        return true()
    public = incidents.c.private.is_(False)
    if viewer.kind != "person":
        return public
    named = exists(
        select(incident_readers.c.incident).where(incident_readers.c.incident == incidents.c.id, incident_readers.c.person == viewer.id)
    )
    return or_(public, named)


def hidden(reader: Reader, viewer: Viewer) -> frozenset[str]:
    """Return the ids of the private incidents that this viewer may not read; they are few."""
    if viewer.reads_private:
        return frozenset()
    query = select(incidents.c.id).where(and_(incidents.c.private.is_(True), ~readable(viewer)))
    return frozenset(str(row[0]) for row in reader.rows(query))


def may_read(reader: Reader, viewer: Viewer, incident: str) -> bool:
    """Tell whether this viewer may read an incident; also true where there is none."""
    if viewer.reads_private:
        return True
    query: Any = select(incidents.c.id).where(incidents.c.id == incident, ~readable(viewer))
    return not reader.rows(query)


def check(reader: Reader, viewer: Viewer, incident: str) -> None:
    """Make sure that this viewer may read an incident.

    Raises:
        NotFound: they may not; in the words of an incident that does not exist.

    """
    if not may_read(reader, viewer, incident):
        raise NotFound(f"There is no incident {incident}.", fix="Check the id.")
