"""Lists of reviews: those that are wanted, under way and published, and the follow-ups that are due. Private incidents stay out of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, case, false, func, or_, select

from tocsin.engine.model import Reader, Viewer, micros, moment
from tocsin.engine.tables import metadata
from tocsin.incidents import privacy
from tocsin.incidents.addressed import Addressed, word
from tocsin.postmortems import tables
from tocsin.postmortems.reviews import NEVER

STATES: Final = ("", "missing", "overdue", "draft", "review", "published")
"""``missing``: wanted and not begun; ``overdue``: something of it is late, begun or not."""
_ESCAPE: Final = "\\"


class Asked(Addressed, frozen=True):
    """What a list of reviews shows. Empty: everything."""

    state: str = ""
    service: str = ""
    owner: str = ""
    """One of the authors, or who led where nobody wrote yet."""
    text: str = ""

    @property
    def any(self) -> bool:
        """Whether it leaves anything out beside the state."""
        return bool(self.service or self.owner or self.text)


def read(query: Mapping[str, str]) -> Asked:
    """Return what an address asks for; words that it does not know are left out."""
    state = word(query, "state")
    return Asked(state if state in STATES else "", word(query, "service"), word(query, "owner"), word(query, "q") or word(query, "text"))


class Review(msgspec.Struct, frozen=True):
    """A review in a list."""

    incident: str
    title: str
    severity: str
    rank: int
    service: str
    lead: str
    declared_at: datetime
    stage: str
    """Empty where it is not begun."""
    wanted: str
    duty: str
    due_at: datetime | None
    authors: tuple[str, ...]
    signed: int
    signatures: int
    """How many are wanted."""
    remarks: int
    edited_at: datetime | None
    edited_by: str


class FollowUp(msgspec.Struct, frozen=True):
    """A look at the action items of an incident that is owed."""

    incident: str
    title: str
    severity: str
    rank: int
    service: str
    id: str
    name: str
    due_at: datetime


def find(reader: Reader, viewer: Viewer, asked: Asked, *, limit: int, skip: int = 0) -> list[Review]:
    """Return reviews: what is late first, then what is due soonest, then the newest."""
    duties, written, incidents = tables.review_duties, tables.postmortems, metadata.tables["incidents"]
    query = _joined(
        select(
            incidents.c.id, incidents.c.title, incidents.c.severity, incidents.c.rank, incidents.c.service, incidents.c.lead, incidents.c.declared_at,
            written.c.stage, duties.c.wanted, duties.c.duty, duties.c.due_at, written.c.authors, written.c.signed, duties.c.signatures, written.c.remarks,
            written.c.edited_at, written.c.edited_by,
        ),
        begun=asked.state in STATES[3:],
    ).where(*_conditions(reader, viewer, asked))  # fmt: skip
    order: tuple[Any, ...] = (duties.c.due_at, duties.c.incident.desc())
    if asked.state == "published":
        order = (written.c.edited_at.desc(), written.c.incident.desc())
    return [_review(row) for row in reader.rows(query.order_by(*order).limit(limit).offset(skip))]


def counts(reader: Reader, viewer: Viewer, asked: Asked) -> dict[str, int]:
    """Return how many reviews there are in each state, whatever state is asked for."""
    written = tables.postmortems
    missing, late = _missing(), _late(reader)
    query = _joined(
        select(
            func.count(),
            *(func.sum(case((condition, 1), else_=0)) for condition in (missing, late, *(written.c.stage == name for name in STATES[3:]))),
        ),
        alone=not asked.any,
    ).where(*_conditions(reader, viewer, msgspec.structs.replace(asked, state="")))
    row = reader.rows(query)[0]
    return {name: int(value or 0) for name, value in zip(STATES, row, strict=True)}


def of(reader: Reader, viewer: Viewer, incident: str) -> Review | None:
    """Return the review of one incident; None where none is wanted or begun, or it may not be read."""
    incidents, duties, written = metadata.tables["incidents"], tables.review_duties, tables.postmortems
    query = _joined(
        select(
            incidents.c.id, incidents.c.title, incidents.c.severity, incidents.c.rank, incidents.c.service, incidents.c.lead, incidents.c.declared_at,
            written.c.stage, duties.c.wanted, duties.c.duty, duties.c.due_at, written.c.authors, written.c.signed, duties.c.signatures, written.c.remarks,
            written.c.edited_at, written.c.edited_by,
        ),
    ).where(*_conditions(reader, viewer, Asked()), incidents.c.id == incident)  # fmt: skip
    rows = reader.rows(query)
    return _review(rows[0]) if rows else None


def follow_ups(reader: Reader, viewer: Viewer, *, until: datetime | None = None, limit: int, skip: int = 0) -> list[FollowUp]:
    """Return the follow-ups that are owed, the longest due first. until: only those that fall due by then."""
    duties, incidents = tables.review_duties, metadata.tables["incidents"]
    query = (
        select(
            incidents.c.id, incidents.c.title, incidents.c.severity, incidents.c.rank, incidents.c.service, duties.c.follow_up_id, duties.c.follow_up,
            duties.c.follow_up_at,
        )
        .select_from(duties.join(incidents, incidents.c.id == duties.c.incident))
        .where(duties.c.follow_up_at.is_not(None), *_readable(reader, viewer))
        .order_by(duties.c.follow_up_at, duties.c.incident)
        .limit(limit)
        .offset(skip)
    )  # fmt: skip
    if until is not None:
        query = query.where(duties.c.follow_up_at <= micros(until))
    return [
        FollowUp(row.id, row.title, row.severity, row.rank, row.service, row.follow_up_id, row.follow_up, moment(row.follow_up_at))
        for row in reader.rows(query)
    ]


def _joined(query: Any, *, alone: bool = False, begun: bool = False) -> Any:
    """Return the query over what is owed and what is written. alone: it asks nothing of the incidents themselves; begun: only of what is written."""
    duties, written, incidents = tables.review_duties, tables.postmortems, metadata.tables["incidents"]
    if alone:
        return query.select_from(duties.join(written, written.c.incident == duties.c.incident, isouter=True))
    return query.select_from(
        duties.join(incidents, incidents.c.id == duties.c.incident).join(
            written, written.c.incident == duties.c.incident, isouter=not begun
        )
    )


def _missing() -> ColumnElement[bool]:
    duties, written = tables.review_duties, tables.postmortems
    return and_(written.c.incident.is_(None), duties.c.wanted == "required", duties.c.over == 1)


def _late(reader: Reader) -> ColumnElement[bool]:
    return tables.review_duties.c.due_at <= micros(reader.now)


def _readable(reader: Reader, viewer: Viewer) -> list[ColumnElement[bool]]:
    unread = privacy.hidden(reader, viewer)
    return [tables.review_duties.c.incident.not_in(sorted(unread))] if unread else []


def _conditions(reader: Reader, viewer: Viewer, asked: Asked) -> list[ColumnElement[bool]]:
    duties, written, incidents = tables.review_duties, tables.postmortems, metadata.tables["incidents"]
    # What is recommended and not begun, or wanted of an incident that still runs, is nobody's debt yet.
    found = [
        *_readable(reader, viewer),
        or_(written.c.incident.is_not(None), and_(duties.c.wanted == "required", duties.c.over == 1), _late(reader)),
    ]
    match asked.state:
        case "missing":
            found.append(_missing())
        case "overdue":
            found.append(_late(reader))
        case "":
            pass
        case _:
            found.append(written.c.stage == asked.state)
    if asked.service:
        found.append(incidents.c.service == asked.service)
    if asked.owner:
        if "\n" in asked.owner:
            return [*found, false()]
        one = _plain(asked.owner)
        mine = or_(written.c.authors.like(f"{one}\n%", escape=_ESCAPE), written.c.authors.like(f"%\n{one}\n%", escape=_ESCAPE))
        found.append(or_(mine, and_(written.c.incident.is_(None), incidents.c.lead == asked.owner)))
    for part in asked.text.split():
        like = f"%{_plain(part)}%"
        found.append(or_(incidents.c.title.ilike(like, escape=_ESCAPE), incidents.c.id.ilike(like, escape=_ESCAPE)))
    return found


def _plain(text: str) -> str:
    return text.replace(_ESCAPE, _ESCAPE * 2).replace("%", _ESCAPE + "%").replace("_", _ESCAPE + "_")


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name for name in (text or "").split("\n") if name)


def _review(row: Any) -> Review:
    return Review(
        row.id, row.title, row.severity, row.rank, row.service, row.lead, moment(row.declared_at), row.stage or "", row.wanted, row.duty,
        moment(row.due_at) if row.due_at < NEVER else None, _names(row.authors), row.signed or 0, row.signatures, row.remarks or 0,
        moment(row.edited_at) if row.edited_at else None, row.edited_by or "",
    )  # fmt: skip
