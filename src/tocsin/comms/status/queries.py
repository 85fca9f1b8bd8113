"""Read what the status page is made of: its settings, components, notices, maintenance, subscribers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import and_, case, func, or_, select

from tocsin.alerts.quiet import queries as quiet
from tocsin.comms.status import mailing as m
from tocsin.comms.status import model, tables
from tocsin.comms.status.model import Component, PublicWindow
from tocsin.comms.status.names import public_id
from tocsin.comms.status.notice import Notice
from tocsin.comms.status.store import row_of
from tocsin.comms.status.subscriber import Row
from tocsin.engine.model import Reader, micros, moment
from tocsin.engine.tables import deliveries
from tocsin.incidents import privacy
from tocsin.people.rights import PUBLIC
from tocsin.services import queries as services

MOST_NOTICES: Final = 1000
"""Incidents of ninety days that the page reckons with; more than ten a day are not read."""
DEFAULT_LIMIT: Final = 50
MOST: Final = 500


def settings(reader: Reader) -> model.StatusPage:
    """Return the status page as it is; as it comes where nobody has written it down."""
    found: model.StatusPage | None = reader.state(f"status_page:{model.PAGE}")
    return found or model.StatusPage()


def components(reader: Reader) -> list[Component]:
    """Return the components by name."""
    rows = services.list_components(reader)
    return [Component(row["service"], row["name"], row["group"], row["about"], row["since"], row["changed_at"]) for row in rows]


def notices_since(reader: Reader, since: datetime) -> list[Notice]:
    """Return the notices that are open or were told of after a moment, newest first; none that was taken off the page."""
    table = tables.notices
    query = (
        select(table.c.incident).where(table.c.hidden == 0, or_(table.c.resolved_at.is_(None), table.c.last_at >= micros(since)))
        .order_by(table.c.began_at.desc(), table.c.incident).limit(MOST_NOTICES)
    )  # fmt: skip
    return _notices(reader, query)


def notices_between(reader: Reader, since: datetime, until: datetime) -> list[Notice]:
    """Return the notices of incidents that began in a half-open span, newest first."""
    table = tables.notices
    query = (
        select(table.c.incident).where(table.c.hidden == 0, table.c.began_at >= micros(since), table.c.began_at < micros(until))
        .order_by(table.c.began_at.desc(), table.c.incident).limit(MOST_NOTICES)
    )  # fmt: skip
    return _notices(reader, query)


def recent_notices(reader: Reader, since: datetime) -> list[dict[str, Any]]:
    """Return what the public was told of since a moment or may still read of, for staff: also what was taken off the page; newest first."""
    table = tables.notices
    query = (
        select(table.c.incident, table.c.public_id).where(or_(table.c.resolved_at.is_(None), table.c.last_at >= micros(since)))
        .order_by(table.c.began_at.desc()).limit(DEFAULT_LIMIT)
    )  # fmt: skip
    private = privacy.hidden(reader, PUBLIC)
    found = []
    for row in reader.rows(query):
        one: Notice | None = reader.state(f"notice:{row.incident}")
        incident = reader.state(f"incident:{row.incident}")
        if one is None or row.incident in private:
            continue
        last = one.last
        found.append(
            {
                "incident": row.incident, "public_id": row.public_id, "title": incident.title if incident is not None else row.incident, "began": one.begins,
                "resolved": one.resolved_at, "status": (one.ended_status or "over") if one.ended_at and one.resolved_at else last.status if last else "",
                "updates": len(one.told), "hidden": one.hidden, "why": one.hidden_why,
            }
        )  # fmt: skip
    return found


def notice_by_public_id(reader: Reader, public: str) -> Notice | None:
    """Return the notice that the page's addresses call so; None where there is none that is shown."""
    table = tables.notices
    found = _notices(reader, select(table.c.incident).where(table.c.public_id == public, table.c.hidden == 0))
    return found[0] if found else None


def first_month(reader: Reader) -> datetime | None:
    """Return when the oldest incident began that the page shows; None where there is none."""
    table = tables.notices
    rows = reader.rows(select(func.min(table.c.began_at)).where(table.c.hidden == 0))
    return moment(rows[0][0]) if rows and rows[0][0] is not None else None


def _notices(reader: Reader, query: Any) -> list[Notice]:
    private = privacy.hidden(reader, PUBLIC)
    found = (reader.state(f"notice:{row.incident}") for row in reader.rows(query) if row.incident not in private)
    return [one for one in found if one is not None and one.shown]


def announced(reader: Reader, since: datetime) -> list[PublicWindow]:
    """Return the windows that ended after a moment, are on or are to come, of plans with a public title; in the order in which they begin."""
    return [PublicWindow(**one) for one in quiet.announced(reader, since)]


# -- subscribers ----------------------------------------------------------------------------------------------


def next_recipients(reader: Reader, mailing: m.Mailing) -> m.Chunk:
    """Return the next subscribers of a mailing, in the order of their ids."""
    table = tables.subscribers
    before = micros(mailing.begun_at) if mailing.begun_at else 0
    query = (
        select(table.c.id, table.c.way, table.c.components).where(table.c.state == "active", table.c.id > mailing.last, table.c.confirmed_at <= before)
        .order_by(table.c.id).limit(m.AT_ONCE)
    )  # fmt: skip
    rows = reader.rows(query)
    wanted = {public_id(f"component:{service}") for service in mailing.components}
    chosen = tuple(m.Recipient(row.id, row.way) for row in rows if wants(msgspec.json.decode(row.components), wanted))
    return m.Chunk(chosen, rows[-1].id if len(rows) == m.AT_ONCE else "")


def wants(chosen: list[str], told: set[str]) -> bool:
    """Tell whether somebody who chose some components hears of an update on others: who chose none hears all, and of what names none all hear."""
    return not chosen or not told or not told.isdisjoint(chosen)


def reached(reader: Reader, services_told: tuple[str, ...]) -> dict[str, int]:
    """Return how many subscribers an update on these services reaches, by the way they chose."""
    table = tables.subscribers
    told = {public_id(f"component:{service}") for service in services_told}
    rows = reader.rows(
        select(table.c.way, table.c.components, func.count()).where(table.c.state == "active").group_by(table.c.way, table.c.components)
    )
    found: dict[str, int] = {}
    for way, chosen, count in rows:
        if wants(msgspec.json.decode(chosen), told):
            found[way] = found.get(way, 0) + int(count)
    return found


def subscriber(reader: Reader, name: str) -> Row | None:
    """Return a subscriber; None where there is none any more."""
    rows = reader.rows(select(tables.subscribers).where(tables.subscribers.c.id == name))
    return row_of(rows[0]) if rows else None


def list_subscribers(
    reader: Reader, *, state: str = "", way: str = "", sought: str = "", after: str = "", limit: int = DEFAULT_LIMIT
) -> list[Row]:
    """Return subscribers, the newest first. sought: a part of the address. after: the id that a page before ended with."""
    table = tables.subscribers
    query = select(table).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(min(limit, MOST))
    if state:
        query = query.where(table.c.state == state)
    if way:
        query = query.where(table.c.way == way)
    if sought:
        query = query.where(func.lower(table.c.address).contains(sought.casefold(), autoescape=True))
    if after and (last := subscriber(reader, after)) is not None:
        query = query.where(or_(table.c.created_at < last.created_at, and_(table.c.created_at == last.created_at, table.c.id < last.id)))
    return [row_of(row) for row in reader.rows(query)]


def subscriber_counts(reader: Reader) -> dict[str, int]:
    """Return how many subscribers there are, by state."""
    table = tables.subscribers
    found = {str(state): int(count) for state, count in reader.rows(select(table.c.state, func.count()).group_by(table.c.state))}
    return {"active": found.get("active", 0), "pending": found.get("pending", 0), "stopped": found.get("stopped", 0)}


# -- what became of messages ----------------------------------------------------------------------------------


def sent_counts(reader: Reader, streams: list[str]) -> dict[str, dict[str, int]]:
    """Return for each of some records how many of its messages were sent, wait, are tried again, or failed."""
    if not streams:
        return {}
    table = deliveries
    state = case((and_(table.c.state == "waiting", table.c.attempts > 0), "retrying"), else_=table.c.state)
    query = select(table.c.stream, state, func.count()).where(table.c.stream.in_(streams)).group_by(table.c.stream, state)
    found: dict[str, dict[str, int]] = {}
    for stream, word, count in reader.rows(query):
        found.setdefault(str(stream), {})[str(word)] = int(count)
    return found
