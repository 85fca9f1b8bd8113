"""Read groups: lists with filters, one with its history, its alerts and what it waits for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, case, exists, func, or_, select

from tocsin.alerts import queries as alerts
from tocsin.alerts import tables
from tocsin.alerts.group_decide import repeat_at
from tocsin.alerts.group_events import PageUnanswered
from tocsin.alerts.group_model import Group
from tocsin.alerts.groups.tables import groups
from tocsin.alerts.lifecycle import PHASE_SAYS, PHASES
from tocsin.alerts.routing import LEVELS
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Event, Fact, Reader, Viewer, moment
from tocsin.engine.tables import metadata
from tocsin.incidents.belonging_queries import groups_shown

DEFAULT_LIMIT: Final = 50
MOST: Final = 500
_SHOWN_ALERTS: Final = 100
OPEN: Final = ("pending", "muted", "firing", "acknowledged", "flapping")
"""Phases of groups that fire."""
STATES: Final = ("open", "unacknowledged", "all", *PHASES[1:])
_TIMES: Final = ("opened_at", "resolved_at", "acknowledged_at", "last_at")


def list_groups(
    reader: Reader, viewer: Viewer, *, state: str = "", service: str = "", route: str = "", urgency: str = "", incident: str = "", text: str = "", after: str = "",
    ids: Iterable[str] = (), limit: int = DEFAULT_LIMIT,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return groups, newest first, without those of incidents that the viewer may not read.

    incident: an incident's id, or ``none`` for groups that belong to none. ids: only these.
    state: a phase, ``open`` (it fires), ``unacknowledged`` (it calls people and nobody is on it), or ``all``.

    Raises:
        Refused: ``state`` or ``after`` is not one that there is.

    """
    counts = tables.group_counts
    query = (
        select(groups, counts.c.firing, counts.c.muted, counts.c.total, counts.c.last_at)
        .select_from(groups.outerjoin(counts, counts.c.id == groups.c.id))
        .where(groups_shown(viewer))
        .order_by(groups.c.opened_at.desc(), groups.c.id.desc())
        .limit(min(limit, MOST))
    )
    match state:
        case "" | "all":
            pass
        case "open":
            query = query.where(groups.c.phase.in_(OPEN))
        case "unacknowledged":
            query = query.where(groups.c.phase.in_(("firing", "flapping")), groups.c.acknowledged_by == "", groups.c.urgency != "none")
        case _ if state in PHASES:
            query = query.where(groups.c.phase == state)
        case _:
            raise Refused(f"Groups are not in a state {state!r}.", fix=f"Ask for one of: {', '.join(STATES)}.", field="state")
    if incident == "none":
        query, incident = query.where(groups.c.incident == ""), ""
    for column, value in ((groups.c.service, service), (groups.c.route, route), (groups.c.urgency, urgency), (groups.c.incident, incident)):
        if value:
            query = query.where(column == value)
    if named := list(ids):
        query = query.where(groups.c.id.in_(named))
    if text:
        query = query.where(func.lower(groups.c.title).contains(text.casefold(), autoescape=True))
    if after:
        query = _below(reader, viewer, query, after)
    return [_shown(row) for row in reader.rows(query)]


_NO_RANK: Final = 9


def without_incident(reader: Reader, viewer: Viewer, limit: int, beside: Iterable[str] = ()) -> tuple[list[dict[str, Any]], int]:
    """Return groups that fire, may call people and belong to no incident that people still work on; and how many there are altogether.

    Those that nobody is on come first, of these the loudest, and of these the newest. beside: groups that are shown elsewhere.
    """
    counts, incidents = tables.group_counts, metadata.tables["incidents"]
    is_over = or_(incidents.c.ended.is_(True), incidents.c.stage_kind == "resolved")
    over = exists(select(incidents.c.id).where(incidents.c.id == groups.c.incident, is_over))
    conditions = [
        groups.c.phase.in_(("pending", "firing", "acknowledged", "flapping")), or_(groups.c.incident == "", over), groups_shown(viewer),
    ]  # fmt: skip
    if named := list(beside):
        conditions.append(groups.c.id.not_in(named))
    taken = case((groups.c.acknowledged_by == "", 0), else_=1)
    loud = case({"high": 0, "low": 1}, value=groups.c.urgency, else_=2)
    level = case({word: at for at, word in enumerate(LEVELS)}, value=groups.c.level, else_=_NO_RANK)
    query = (
        select(groups, counts.c.firing, counts.c.muted, counts.c.total, counts.c.last_at)
        .select_from(groups.outerjoin(counts, counts.c.id == groups.c.id))
        .where(*conditions)
        .order_by(taken, loud, level, groups.c.opened_at.desc(), groups.c.id.desc())
        .limit(limit)
    )
    rows = [_shown(row) for row in reader.rows(query)]
    if len(rows) < limit:
        return rows, len(rows)
    return rows, int(reader.rows(select(func.count()).select_from(groups).where(*conditions))[0][0])


def _below(reader: Reader, viewer: Viewer, query: Select[Any], after: str) -> Select[Any]:
    last = reader.rows(select(groups.c.opened_at).where(groups.c.id == after, groups_shown(viewer)))
    if not last:
        raise Refused(f"There is nothing with the id {after} to go on from.", fix="Begin without `after`.", field="after")
    at = last[0][0]
    return query.where(or_(groups.c.opened_at < at, (groups.c.opened_at == at) & (groups.c.id < after)))


def _shown(row: Any) -> dict[str, Any]:
    values = dict(row._mapping)  # noqa: SLF001 (a row's public view of itself)
    del values["key"]
    for name in _TIMES:
        if values[name] is not None:
            values[name] = moment(values[name])
    return {**values, "firing": values["firing"] or 0, "muted": values["muted"] or 0, "total": values["total"] or 0}


def group_view(reader: Reader, viewer: Viewer, group: Group, facts: list[Fact]) -> dict[str, Any]:
    """Return a group with its counts, its alerts (the newest), what it waits for, and its history, oldest first."""
    tally = alerts.tally(reader, group.id)
    opening, lead = group.opening, group.lead
    members = alerts.list_alerts(reader, viewer, alerts.Wanted(group=group.id), limit=_SHOWN_ALERTS)
    return {
        "id": group.id, "version": group.version, "phase": group.phase, "says": PHASE_SAYS[group.phase], "title": group.title,
        "service": opening.service if opening else "", "route": opening.route if opening else "", "why": opening.why if opening else "",
        "labels": opening.labels if opening else {}, "urgency": group.urgency or "none", "policy": opening.policy if opening else "",
        "targets": opening.targets if opening else (), "handling": group.handling, "lead": lead,
        "firing": tally.firing if tally else 0, "muted": tally.muted if tally else 0, "because": group.because,
        "opened_at": group.opened_at, "acknowledged_by": group.acknowledged_by, "acknowledged_at": group.acknowledged_at,
        "resolved_at": group.resolved_at, "resolved_by": group.resolved_by, "incident": group.incident, "pages": group.pages,
        "unanswered": group.unanswered, "waits": waits(group), "alerts": members, "history": history(facts),
    }  # fmt: skip


def waits(group: Group) -> list[dict[str, Any]]:
    """Return what a group will do by itself, and when."""
    moments: list[tuple[datetime | None, str]] = [
        (group.waits_until if group.phase == "pending" else None, "people are called, if it fires still"),
        (group.held.until if group.held is not None else None, "what was held back is told"),
        (repeat_at(group), "people are called again"),
        (group.calm_at, "it counts as calm, if nothing changes"),
        (group.closes_at, "it is closed; what fires then is another group"),
    ]
    return [{"at": at, "what": what} for at, what in moments if at is not None]


def history(facts: list[Fact]) -> list[dict[str, Any]]:
    """Return what happened to a group, oldest first, each with what there is to say of it in a sentence."""
    return [
        {
            "fact": fact.version, "type": fact.type, "at": fact.occurred_at, "recorded_at": fact.recorded_at, "by": str(fact.actor),
            "says": says(fact.event), "event": fact.event,
        }
        for fact in facts
    ]  # fmt: skip


def says(event: Event) -> str:
    """Return what there is to say of a fact beside its type: why, or else who, or which incident or page."""
    if isinstance(event, PageUnanswered):
        return f"Everybody was tried for {event.page}"
    named = (str(getattr(event, name, "") or "") for name in ("text", "why", "because", "person", "by", "incident", "page"))
    return next((text for text in named if text), "")


def of_incident(reader: Reader, incident: str) -> list[str]:
    """Return the ids of the groups that belong to an incident."""
    return [row.id for row in reader.rows(select(groups.c.id).where(groups.c.incident == incident).order_by(groups.c.id))]


def group_of(reader: Reader, group_id: str) -> Group:
    """Return a group's record.

    Raises:
        NotFound: there is no such group.

    """
    found: Group | None = reader.state(f"group:{group_id}")
    if found is None:
        raise NotFound(f"There is no group {group_id}.", fix="Check the id; `tocsin group list` shows them.")
    return found
