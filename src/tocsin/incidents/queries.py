"""Read incidents: lists from the read table, single ones from the fold of their facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select

from tocsin.engine import log
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Fact, Reader, Viewer, moment
from tocsin.engine.runtime import Runtime
from tocsin.incidents import privacy, tables, timeline, views
from tocsin.incidents.evolve import evolve, initial
from tocsin.incidents.model import Incident
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf

DEFAULT_LIMIT = 50
MOST = 500


def list_incidents(
    reader: Reader, viewer: Viewer, *, state: str = "", severity: str = "", service: str = "", after: str = "", limit: int = DEFAULT_LIMIT
) -> list[dict[str, Any]]:
    """Return incidents, newest first. state: ``open``, ``ended``, a stage or a stage's kind. after: the id that a page before ended with."""
    table = tables.incidents
    query = select(table).where(privacy.readable(viewer)).order_by(table.c.declared_at.desc(), table.c.id.desc()).limit(min(limit, MOST))
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
        last = reader.rows(select(table.c.declared_at).where(table.c.id == after, privacy.readable(viewer)))
        if not last:
            raise Refused(f"There is no incident {after} to go on from.", fix="Begin without `after`.", field="after")
        at = last[0].declared_at
        query = query.where((table.c.declared_at < at) | ((table.c.declared_at == at) & (table.c.id < after)))
    names = [column.name for column in table.columns]
    rows = []
    for row in reader.rows(query):
        shown = dict(zip(names, row, strict=True))
        shown["declared_at"] = moment(row.declared_at)
        rows.append(shown)
    return rows


class Opened(msgspec.Struct, frozen=True):
    """An incident with its playbook and the moment at which it is looked at."""

    incident: Incident
    playbook: Playbook | None
    facts: list[Fact]
    now: datetime


def open_incident(
    runtime: Runtime,
    shelf: Bookshelf,
    incident_id: str,
    *,
    with_facts: bool = False,
    at: datetime | None = None,
    reading: str = "happened_by",
) -> Opened:
    """Return an incident as it is now, or as of a moment in one of the two readings.

    Raises:
        NotFound: there is no such incident, or it had not begun by then.

    """
    incident: Incident = runtime.state("incident", incident_id)
    facts: list[Fact] = []
    now = runtime.clock.now()
    with runtime.reading() as reader:
        playbook = shelf.by_digest(incident.playbook.digest, reader) if incident.playbook else None
    if with_facts or at is not None:
        facts = runtime.facts("incident", incident_id)
    if at is not None:
        facts = timeline.as_of(facts, at, "known_by" if reading == "known_by" else "happened_by")
        if not facts:
            raise NotFound(f"{incident_id} had not begun at {at:%Y-%m-%d %H:%M} UTC.", fix="Ask for a later moment.")
        state = initial(incident_id)
        for fact in facts:
            state = evolve(state, fact)
        incident, now = state, at
    return Opened(incident, playbook, facts, now)


def view(runtime: Runtime, shelf: Bookshelf, incident_id: str, at: datetime | None = None, reading: str = "happened_by") -> dict[str, Any]:
    """Return an incident for the API."""
    opened = open_incident(runtime, shelf, incident_id, at=at, reading=reading)
    return views.incident_view(opened.incident, opened.playbook, opened.now)


def shown_timeline(
    runtime: Runtime, shelf: Bookshelf, incident_id: str, at: datetime | None = None, reading: str = "happened_by"
) -> list[timeline.Line]:
    """Return an incident's timeline."""
    opened = open_incident(runtime, shelf, incident_id, with_facts=True, at=at, reading=reading)
    return timeline.lines(opened.facts, opened.playbook)


def check_chain(runtime: Runtime, kind: str, record: str) -> list[log.Broken]:
    """Check the hash chain of a record; return where it breaks."""
    with runtime.database.reading() as connection:
        return log.verify(connection, f"{kind}:{record}")


def open_by_severity(reader: Reader) -> dict[tuple[str, str], int]:
    """Return how many incidents are open, by playbook and severity; private ones are left out, for whoever may see only numbers."""
    table = tables.incidents
    query = select(table.c.playbook, table.c.severity, func.count()).where(table.c.ended.is_(False), table.c.private.is_(False))
    return {(row[0], row[1]): int(row[2]) for row in reader.rows(query.group_by(table.c.playbook, table.c.severity))}
