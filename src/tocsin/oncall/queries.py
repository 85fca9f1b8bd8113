"""Read schedules: who is on call, who is next, lists, published addresses, hand-offs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from tocsin.engine.model import Reader, moment
from tocsin.oncall import layers, shifts, tables
from tocsin.oncall.availability import Availability
from tocsin.oncall.handoff import Handoff
from tocsin.oncall.model import Schedule


def schedule_named(reader: Reader, name: str) -> tuple[Schedule, str] | None:
    """Return the schedule of a name and the line of it that is meant: ``payments`` the first line, ``payments#secondary`` another."""
    schedule_id, _, role = name.partition("#")
    found: Schedule | None = reader.state(f"schedule:{schedule_id}") if schedule_id else None
    return None if found is None else (found, role)


def who_is_on_call(reader: Reader, schedule: str, at: datetime) -> tuple[str, ...] | None:
    """Return the ids of the people on call in a schedule at a moment; nobody is an empty tuple, None means that there is no such schedule.

    schedule: its id, or id and line as in ``payments#secondary``.
    """
    found = schedule_named(reader, schedule)
    return None if found is None else layers.who_is_on_call(found[0], at, found[1])


def who_is_next(reader: Reader, schedule: str, at: datetime) -> tuple[str, ...] | None:
    """Return who comes after those who are on call in a schedule at a moment; None means that there is no such schedule."""
    found = schedule_named(reader, schedule)
    return None if found is None else shifts.next_on_call(found[0], at, found[1])


def list_schedules(reader: Reader, *, team: str = "", after: str = "", limit: int = 0) -> list[dict[str, Any]]:
    """Return schedules by id. team: only those of this one. after: the id that a page before ended with. limit: 0 for all."""
    table = tables.schedules
    query = select(table).order_by(table.c.id)
    if team:
        query = query.where(table.c.team == team)
    if after:
        query = query.where(table.c.id > after)
    if limit:
        query = query.limit(limit)
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in reader.rows(query)]


def all_schedules(reader: Reader) -> list[Schedule]:
    """Return every schedule as it is now."""
    found = (reader.state(f"schedule:{row['id']}") for row in list_schedules(reader))
    return [schedule for schedule in found if schedule is not None]


def schedules_of(reader: Reader, person: str) -> list[str]:
    """Return the ids of the schedules in which a person stands."""
    table = tables.people
    return [row.schedule for row in reader.rows(select(table.c.schedule).where(table.c.person == person).order_by(table.c.schedule))]


def availability_of(reader: Reader, person: str) -> Availability | None:
    """Return when a person is away; None where nothing was ever written down."""
    found: Availability | None = reader.state(f"availability:{person}")
    return found


def away(reader: Reader, after: datetime) -> list[Availability]:
    """Return everybody who has absences that end after a moment."""
    table = tables.availability
    micros_after = (after - moment(0)) // (moment(1) - moment(0))
    rows = reader.rows(select(table.c.person).where(table.c.until > micros_after).order_by(table.c.person))
    found = (availability_of(reader, row.person) for row in rows)
    return [one for one in found if one is not None]


def feed(reader: Reader, digest: str) -> tuple[str, str] | None:
    """Return kind and id of the record whose shifts are published at the address with this digest; None where there is none."""
    row = reader.row(tables.feeds.name, (digest,))
    return None if row is None else (str(row["kind"]), str(row["record"]))


def list_handoffs(
    reader: Reader, *, schedule: str = "", state: str = "", person: str = "", after: str = "", limit: int = 50
) -> list[Handoff]:  # fmt: skip
    """Return hand-offs, the latest first. after: the id that a page before ended with."""
    table = tables.handoffs
    query = select(table.c.id).order_by(table.c.at.desc(), table.c.id.desc()).limit(limit)
    if schedule:
        query = query.where(table.c.schedule == schedule)
    if state:
        query = query.where(table.c.state == state)
    if person:
        query = query.where((" " + table.c.outgoing + " " + table.c.incoming + " ").contains(f" {person} ", autoescape=True))
    if after and (last := reader.row(table.name, (after,))):
        query = query.where((table.c.at < last["at"]) | ((table.c.at == last["at"]) & (table.c.id < after)))
    found = (reader.state(f"handoff:{row.id}") for row in reader.rows(query))
    return [one for one in found if one is not None]
