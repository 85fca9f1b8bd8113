"""Read what is going on now: open incidents at a glance, what is overdue, how many there are. A few short queries however long the list is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, case, func, or_, select

from tocsin.engine.errors import Refused
from tocsin.engine.model import Reader, Viewer, micros, moment
from tocsin.engine.tables import metadata
from tocsin.incidents import glance
from tocsin.incidents.privacy import readable
from tocsin.incidents.tables import glances, incidents

_SCANNED: Final = 300
"""Incidents with something overdue that are looked through for whose it is."""


class Overdue(msgspec.Struct, frozen=True):
    """A duty whose time has passed."""

    incident: str
    title: str
    severity: str
    rank: int
    duty: glance.Waiting
    due_at: Any
    mine: bool


def open_now(reader: Reader, viewer: Viewer, limit: int) -> tuple[list[dict[str, Any]], int]:
    """Return open incidents, the worst first and among equals those with the earliest duty; and how many there are altogether."""
    worst = case((incidents.c.rank < 0, 99), else_=incidents.c.rank)
    query = (
        select(incidents, glances.c.body)
        .select_from(incidents.outerjoin(glances, glances.c.incident == incidents.c.id))
        .where(incidents.c.ended.is_(False), readable(viewer))
        .order_by(worst, case((glances.c.next_at.is_(None), 1), else_=0), glances.c.next_at, incidents.c.declared_at.desc())
        .limit(limit)
    )
    found = [shown(row, reader) for row in reader.rows(query)]
    return found, len(found) if len(found) < limit else count_open(reader, viewer)


def count_open(reader: Reader, viewer: Viewer) -> int:
    """Return how many incidents are open."""
    return int(reader.rows(select(func.count()).select_from(incidents).where(incidents.c.ended.is_(False), readable(viewer)))[0][0])


def ended_lately(reader: Reader, viewer: Viewer, limit: int) -> list[dict[str, Any]]:
    """Return the newest incidents that have ended."""
    query = (
        select(incidents, glances.c.body)
        .select_from(incidents.outerjoin(glances, glances.c.incident == incidents.c.id))
        .where(incidents.c.ended.is_(True), readable(viewer))
        .order_by(incidents.c.declared_at.desc(), incidents.c.id.desc())
        .limit(limit)
    )
    return [shown(row, reader) for row in reader.rows(query)]


def glances_of(reader: Reader, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return what these incidents show at a glance; the caller knows that they may be read."""
    query = select(incidents, glances.c.body).select_from(incidents.join(glances, glances.c.incident == incidents.c.id))
    return {row.id: shown(row, reader) for row in reader.rows(query.where(incidents.c.id.in_(list(ids))))}


def overdue(reader: Reader, viewer: Viewer, limit: int) -> tuple[list[Overdue], int]:
    """Return duties whose time has passed, the viewer's own first and of these the latest; and how many there are of the incidents looked through."""
    now = micros(reader.now)
    query = (
        select(incidents.c.id, incidents.c.title, incidents.c.severity, incidents.c.rank, glances.c.body)
        .select_from(glances.join(incidents, incidents.c.id == glances.c.incident))
        .where(and_(glances.c.next_at <= now, readable(viewer)))
        .order_by(glances.c.next_at)
        .limit(_SCANNED)
    )
    found = [
        Overdue(row.id, row.title, row.severity, row.rank, duty, moment(duty.due_at), viewer.kind == "person" and duty.person == viewer.id)
        for row in reader.rows(query)
        for duty in glance.decode(row.body).duties
        if duty.due_at <= now
    ]
    found.sort(key=lambda one: (not one.mine, one.due_at))
    return found[:limit], len(found)


class Filter(msgspec.Struct, frozen=True):
    """What somebody looks for among incidents; empty fields ask for nothing."""

    state: str = ""
    """``open``, ``ended``, a stage or a stage's kind."""
    severity: str = ""
    service: str = ""
    playbook: str = ""
    team: str = ""
    """The team that owns the service."""
    text: str = ""
    """A part of the title or of the id."""
    mine: str = ""
    """A person: incidents in which they hold a role or take part."""
    since: int = 0
    """Declared at this time or later; microseconds since 1970 UTC, as is the next."""
    until: int = 0

    @property
    def any(self) -> bool:
        """Whether anything is asked for."""
        return any(getattr(self, name) for name in self.__struct_fields__)


def find(reader: Reader, viewer: Viewer, wanted: Filter, *, after: str = "", limit: int) -> list[dict[str, Any]]:
    """Return incidents, newest first. after: the id that a page before ended with.

    Raises:
        Refused: there is no incident ``after`` that this viewer may read.

    """
    query = (
        select(incidents, glances.c.body)
        .select_from(incidents.outerjoin(glances, glances.c.incident == incidents.c.id))
        .where(*_conditions(viewer, wanted))
        .order_by(incidents.c.declared_at.desc(), incidents.c.id.desc())
        .limit(limit)
    )
    if after:
        last = reader.rows(select(incidents.c.declared_at).where(incidents.c.id == after, readable(viewer)))
        if not last:
            raise Refused(f"There is no incident {after} to go on from.", fix="Begin without `after`.", field="after")
        at = last[0][0]
        query = query.where(or_(incidents.c.declared_at < at, and_(incidents.c.declared_at == at, incidents.c.id < after)))
    return [shown(row, reader) for row in reader.rows(query)]


def tally(reader: Reader, viewer: Viewer, wanted: Filter) -> dict[str, int]:
    """Return how many incidents are ``open`` and ``ended``, whatever state the filter names."""
    conditions = _conditions(viewer, msgspec.structs.replace(wanted, state=""))
    source = incidents.outerjoin(glances, glances.c.incident == incidents.c.id) if wanted.mine else incidents
    query = select(incidents.c.ended, func.count()).select_from(source)
    found = {"open": 0, "ended": 0}
    for row in reader.rows(query.where(*conditions).group_by(incidents.c.ended)):
        found["ended" if row[0] else "open"] = int(row[1])
    return found


def _conditions(viewer: Viewer, wanted: Filter) -> list[ColumnElement[bool]]:
    found = [readable(viewer)]
    match wanted.state:
        case "":
            pass
        case "open" | "ended":
            found.append(incidents.c.ended.is_(wanted.state == "ended"))
        case stage:
            found.append(or_(incidents.c.stage == stage, incidents.c.stage_kind == stage))
    for column, value in (
        (incidents.c.severity, wanted.severity),
        (incidents.c.service, wanted.service),
        (incidents.c.playbook, wanted.playbook),
    ):
        if value:
            found.append(column == value)
    if wanted.team:
        services = metadata.tables["services"]
        found.append(incidents.c.service.in_(select(services.c.id).where(services.c.owner == wanted.team)))
    if wanted.mine:
        found.append(or_(incidents.c.lead == wanted.mine, glances.c.people.contains(f"\n{wanted.mine}\n", autoescape=True)))
    found += [
        or_(*(func.lower(column).contains(word, autoescape=True) for column in (incidents.c.title, incidents.c.id)))
        for word in wanted.text.casefold().split()
    ]
    if wanted.since:
        found.append(incidents.c.declared_at >= wanted.since)
    if wanted.until:
        found.append(incidents.c.declared_at < wanted.until)
    return found


def shown(row: Any, reader: Reader) -> dict[str, Any]:
    """Return an incident's row with its glance, for a page. The next duty is the one to see to; those that have passed are counted."""
    values = dict(row._mapping)  # noqa: SLF001 (a row's public view of itself)
    body = values.pop("body", None)
    seen = glance.decode(body) if body else None
    now = micros(reader.now)
    duties = seen.duties if seen else ()
    late = [one for one in duties if one.due_at <= now]
    over = seen.until or 0 if seen else 0  # what was left undone when it was over is counted, and is not what comes next
    due = min(duties, key=lambda one: (one.due_at <= over, one.due_at), default=None)
    return {
        **values, "title": values["title"] or values["id"], "declared_at": moment(values["declared_at"]),
        "since": moment(seen.since) if seen else moment(values["declared_at"]), "until": moment(seen.until) if seen and seen.until else None,
        "stage_name": seen.stage_name if seen else values["stage"], "lead_role": seen.lead_role if seen else "",
        "unacknowledged": bool(seen) and not (seen and seen.acknowledged), "overdue": len(late), "asked": seen.asked if seen else (),
        "next": {"name": due.name, "due_at": moment(due.due_at), "owner": due.owner, "person": due.person, "state": "overdue" if due.due_at <= now else "open"} if due else None,
    }  # fmt: skip
