"""Read how paging is doing: what the pager's own watch wants to know, and the numbers for ``/metrics``."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy import func, literal, or_, select

from tocsin.engine import tables as engine_tables
from tocsin.engine.model import Reader, micros
from tocsin.paging import steps, tables
from tocsin.paging.queries import MOST, STATES, resolve, unanswered
from tocsin.paging.watch import heartbeat_key
from tocsin.paging.watch_model import STREAM_ID, Audit, Pager

_MICROSECOND: Final = timedelta(microseconds=1)


def audit(reader: Reader, pager: Pager, late: timedelta) -> Audit:
    """Look whether every open page waits for something, and what else the watch wants to know. late: what is still in time."""
    now = micros(reader.now)
    page, timer, delivery, refusal = tables.pages, engine_tables.timers, engine_tables.deliveries, engine_tables.refusals
    stream = literal("page:") + page.c.id
    live = page.c.state != "resolved"
    joined = select(page.c.id, timer.c.due_at).select_from(page.outerjoin(timer, timer.c.stream == stream))
    idle = reader.rows(joined.where(live, timer.c.due_at.is_(None), page.c.exhausted_at.is_(None)).limit(MOST))
    overdue = reader.rows(joined.where(live, timer.c.due_at < now - late // _MICROSECOND).limit(MOST))
    stuck = reader.rows(
        select(func.count()).select_from(delivery).where(
            delivery.c.state == "waiting", delivery.c.attempts == 0, delivery.c.due_at < now - late // _MICROSECOND, delivery.c.stream.like("page:%")
        )
    )  # fmt: skip
    # A due time that was put off by hand: only the page itself knows, so those that may be are asked.
    put_off = or_(timer.c.due_at > page.c.next_at, timer.c.due_at > page.c.lease_until, page.c.state == "snoozed")
    asked = [
        (row.id, int(row.due_at), steps.wake(reader.state(f"page:{row.id}")))
        for row in reader.rows(joined.where(live, put_off).limit(MOST))
    ]
    astray = tuple(name for name, due, wake in asked if wake is not None and micros(wake) < due)
    refused = reader.rows(select(refusal).where(refusal.c.id > pager.refusals).order_by(refusal.c.id).limit(MOST))
    url = pager.settings.heartbeat_url
    beaten = not url or bool(reader.rows(select(delivery.c.id).where(delivery.c.key == heartbeat_key(pager.settings, reader.now))))
    people = resolve(reader, pager.settings.last_resort, reader.now).people
    return Audit(
        tuple(row.id for row in idle), tuple(row.id for row in overdue), int(stuck[0][0]),
        tuple((int(row.id), f"{row.reaction} of {row.stream}: {row.why}") for row in refused), beaten,
        tuple((way.kind, way.value, who.person) for who in people for way in who.ways if not who.named_only),
        astray,
    )  # fmt: skip


class Numbers(msgspec.Struct, frozen=True):
    """Paging in numbers, for ``/metrics``. Times are in seconds."""

    by_state: dict[str, int]
    unanswered: int
    notified: int
    failures: int
    late: float
    problems: int
    audit_late: float
    synthetic: float | None
    synthetic_age: float


def numbers(reader: Reader) -> Numbers:
    """Return paging in numbers."""
    table, timer = tables.pages, engine_tables.timers
    by_state = {str(row[0]): int(row[1]) for row in reader.rows(select(table.c.state, func.count()).group_by(table.c.state))}
    total = reader.rows(select(func.coalesce(func.sum(table.c.notified), 0), func.coalesce(func.sum(table.c.failures), 0)))[0]
    late = reader.rows(select(func.coalesce(func.max(table.c.late), 0)).where(table.c.state != "resolved"))[0]
    pager: Pager | None = reader.state(f"pager:{STREAM_ID}")
    due = reader.rows(select(timer.c.due_at).where(timer.c.stream == f"pager:{STREAM_ID}"))
    arrived = pager.arrived_at if pager is not None else None
    return Numbers(
        {state: by_state.get(state, 0) for state in STATES}, unanswered(reader), int(total[0]), int(total[1]), int(late[0]) / 1e6,
        len(pager.problems) if pager is not None else 0, max(0.0, (micros(reader.now) - int(due[0][0])) / 1e6) if due else 0.0,
        pager.seconds if pager is not None else None, (reader.now - arrived).total_seconds() if arrived is not None else 0.0,
    )  # fmt: skip
