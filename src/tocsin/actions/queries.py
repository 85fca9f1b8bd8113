"""Read action items: by incident, owner, team, service, state, date and words. Items of incidents that somebody may not read are left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select

from tocsin.actions import tables
from tocsin.actions.filters import Filter
from tocsin.actions.model import Listed
from tocsin.engine.model import Reader, Viewer, moment
from tocsin.engine.tables import metadata
from tocsin.incidents import privacy

MOST: Final = 1000
_ESCAPE: Final = "\\"


def _incidents() -> Any:
    return metadata.tables["incidents"]


def list_items(
    reader: Reader, viewer: Viewer, *, incident: str = "", owner: str = "", state: str = "", overdue: bool = False, limit: int = MOST
) -> list[Listed]:
    """Return action items: of one incident in the order in which they were written down, otherwise the earliest due first.

    state: ``open``, ``done`` or ``dropped``; empty: all. overdue: only open ones whose due date has passed by ``reader.now``.
    """
    table = tables.action_items
    order = (table.c.created_at, table.c.id) if incident else (table.c.due_key, table.c.created_at, table.c.id)
    query = select(table).where(*_readable(reader, viewer)).order_by(*order).limit(min(limit, MOST))
    if incident:
        query = query.where(table.c.incident == incident)
    if owner:
        query = query.where(table.c.owner == owner)
    if state:
        query = query.where(table.c.state == state)
    if overdue:
        query = query.where(_overdue(reader))
    return [_listed(row) for row in reader.rows(query)]


def due_for(reader: Reader, viewer: Viewer, person: str, limit: int) -> list[Listed]:
    """Return a person's open items whose date has passed by ``reader.now``, the longest overdue first."""
    table = tables.action_items
    query = select(table).where(*_readable(reader, viewer), table.c.owner == person, _overdue(reader)).order_by(table.c.due_key, table.c.id)
    return [_listed(row) for row in reader.rows(query.limit(min(limit, MOST)))]


class Found(msgspec.Struct, frozen=True):
    """An item of a list with what the list shows of its incident."""

    item: Listed
    incident_title: str
    severity: str
    rank: int
    service: str


def find(reader: Reader, viewer: Viewer, wanted: Filter, *, limit: int, skip: int = 0) -> list[Found]:
    """Return the items that a filter leaves: open ones first, the earliest due (and so the longest overdue) before the others, then the newest closed."""
    table, conditions = tables.action_items, _conditions(reader, viewer, wanted)
    limit = min(limit, MOST)
    by_due, by_closing = (table.c.due_key, table.c.created_at, table.c.id), (table.c.closed_at.desc(), table.c.id.desc())
    if wanted.state in ("done", "dropped"):
        return _whole(reader, _ids(reader, conditions, by_closing, limit, skip))
    ids = _ids(reader, [*conditions, table.c.state == "open"], by_due, limit, skip)
    if wanted.state in ("", "all") and len(ids) < limit:
        number = reader.rows(select(func.count()).select_from(table).where(*conditions, table.c.state == "open"))[0][0]
        ids += _ids(reader, [*conditions, table.c.closed_at.is_not(None)], by_closing, limit - len(ids), max(0, skip - int(number)))
    return _whole(reader, ids)


def _ids(reader: Reader, conditions: Sequence[ColumnElement[bool]], order: Sequence[Any], limit: int, skip: int) -> list[str]:
    query = select(tables.action_items.c.id).where(*conditions).order_by(*order).limit(limit).offset(skip)
    return [row.id for row in reader.rows(query)]


def counts(reader: Reader, viewer: Viewer, wanted: Filter) -> dict[str, int]:
    """Return how many items there are in each column of the board, and how many are overdue, whatever state the filter names."""
    wanted = msgspec.structs.replace(wanted, state="")
    if wanted.any:
        return _counted(reader, _conditions(reader, viewer, wanted))
    found = _counted(reader, [])
    # Without a filter all items are counted, and those few that the viewer may not read are taken off: one look less at each of the others.
    if unread := privacy.hidden(reader, viewer):
        less = _counted(reader, [tables.action_items.c.incident.in_(sorted(unread))])
        return {name: number - less[name] for name, number in found.items()}
    return found


def _counted(reader: Reader, conditions: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    table = tables.action_items
    started, late = func.sum(case((table.c.started_at.is_not(None), 1), else_=0)), func.sum(case((_overdue(reader), 1), else_=0))
    row = reader.rows(select(func.count(), started, late).where(table.c.state == "open", *conditions))[0]
    at_work = int(row[1] or 0)
    found = {"waiting": int(row[0]) - at_work, "started": at_work, "done": 0, "dropped": 0, "overdue": int(row[2] or 0)}
    closed = select(table.c.state, func.count()).where(table.c.state.in_(("done", "dropped")), *conditions).group_by(table.c.state)
    return found | {row[0]: int(row[1]) for row in reader.rows(closed)}


def owners(reader: Reader, viewer: Viewer) -> list[tuple[str, int]]:
    """Return everybody who owns open items, with how many; the busiest first."""
    table = tables.action_items
    number = func.count()
    query = select(table.c.owner, number.label("number")).where(*_readable(reader, viewer), table.c.state == "open", table.c.owner != "")
    return [
        (row.owner, int(row.number))
        for row in reader.rows(query.group_by(table.c.owner).order_by(number.desc(), table.c.owner).limit(MOST))
    ]


def priorities(reader: Reader, viewer: Viewer) -> list[str]:
    """Return the priorities that open items have."""
    table = tables.action_items
    query = select(table.c.priority).distinct().where(*_readable(reader, viewer), table.c.state == "open", table.c.priority != "")
    return sorted(row.priority for row in reader.rows(query.limit(100)))


def open_of(reader: Reader, incident_ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return for each of these incidents how many items are open, done and overdue."""
    table = tables.action_items
    late = func.sum(case((_overdue(reader), 1), else_=0))
    query = select(table.c.incident, table.c.state, func.count().label("number"), late.label("late"))
    found: dict[str, dict[str, int]] = {}
    names = list(incident_ids)
    for row in reader.rows(query.where(table.c.incident.in_(names)).group_by(table.c.incident, table.c.state)) if names else ():
        one = found.setdefault(row.incident, {"open": 0, "done": 0, "dropped": 0, "overdue": 0})
        one[row.state] += int(row.number)
        one["overdue"] += int(row.late or 0)
    return found


def _whole(reader: Reader, ids: list[str]) -> list[Found]:
    table = tables.action_items
    if not ids:
        return []
    incidents = _incidents()
    joined = table.join(incidents, incidents.c.id == table.c.incident, isouter=True)
    query: Select[Any] = select(table, incidents.c.title.label("told"), incidents.c.severity, incidents.c.rank, incidents.c.service)
    rows = {row.id: row for row in reader.rows(query.select_from(joined).where(table.c.id.in_(ids)))}
    return [
        Found(_listed(rows[name]), rows[name].told or "", rows[name].severity or "", -1 if rows[name].rank is None else rows[name].rank, rows[name].service or "")
        for name in ids
        if name in rows
    ]  # fmt: skip


def _readable(reader: Reader, viewer: Viewer) -> list[ColumnElement[bool]]:
    unread = privacy.hidden(reader, viewer)
    return [tables.action_items.c.incident.not_in(sorted(unread))] if unread else []


def _overdue(reader: Reader) -> ColumnElement[bool]:
    table = tables.action_items
    return and_(table.c.state == "open", table.c.due_key < reader.now.date().isoformat())


def _conditions(reader: Reader, viewer: Viewer, wanted: Filter, *, everybodys: bool = False) -> list[ColumnElement[bool]]:
    """Return what a filter asks for. everybodys: also of what the viewer may not read; whoever asks takes it off."""
    table = tables.action_items
    found = [] if everybodys else _readable(reader, viewer)
    match wanted.state:
        case "overdue":
            found.append(_overdue(reader))
        case "open":
            found.append(table.c.state == "open")
        case "waiting" | "started":
            found += [
                table.c.state == "open",
                table.c.started_at.is_(None) if wanted.state == "waiting" else table.c.started_at.is_not(None),
            ]
        case "done" | "dropped":
            found.append(table.c.state == wanted.state)
        case _:
            pass
    if wanted.owner:
        found.append(table.c.owner == ("" if wanted.owner == "-" else wanted.owner))
    if wanted.incident:
        found.append(table.c.incident == wanted.incident)
    if wanted.priority:
        found.append(table.c.priority == wanted.priority)
    if wanted.service:
        incidents = _incidents()
        found.append(table.c.incident.in_(select(incidents.c.id).where(incidents.c.service == wanted.service)))
    if wanted.team:
        found.append(_of_team(reader, wanted.team))
    for word in wanted.text.casefold().split():
        plain = word.replace(_ESCAPE, _ESCAPE * 2).replace("%", _ESCAPE + "%").replace("_", _ESCAPE + "_")
        found.append(table.c.words.like(f"%{plain}%", escape=_ESCAPE))
    return found


def _of_team(reader: Reader, team: str) -> ColumnElement[bool]:
    """Return what belongs to a team: what it or a member owns, and what follows from incidents of its services."""
    table, services, incidents = tables.action_items, metadata.tables["services"], _incidents()
    state = reader.state(f"team:{team}")
    if state is None or state.saved is None:
        return false()
    names = sorted({team, state.saved.name, *state.saved.members})
    of_services = select(incidents.c.id).join(services, services.c.id == incidents.c.service).where(services.c.owner == team)
    return or_(table.c.owner.in_(names), table.c.incident.in_(of_services))


def _listed(row: Any) -> Listed:
    return Listed(
        row.id, row.incident, row.title, row.group_id, row.owner, date.fromisoformat(row.due) if row.due else None, row.priority, row.ticket, row.about,
        row.state, moment(row.created_at), moment(row.changed_at), moment(row.closed_at) if row.closed_at else None, row.closed_by, row.evidence,
        row.reason, moment(row.started_at) if row.started_at else None,
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


def services(reader: Reader) -> dict[str, str]:
    """Return the names of all services by id."""
    table = metadata.tables["services"]
    return {row.id: row.name for row in reader.rows(select(table.c.id, table.c.name).order_by(table.c.name))}
