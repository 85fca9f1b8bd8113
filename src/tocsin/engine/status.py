"""How the installation is: what is late, what could not be sent, what was refused. Read by ``tocsin doctor``."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select

from tocsin.engine import schema, tables
from tocsin.engine.database import Database
from tocsin.engine.model import micros, moment

_NEWEST: Final = 5
_LOOKED_AT: Final = 200
"""So many of the newest are read where some of them are not shown."""
LATE_MICROS: Final = 30_000_000
"""A timer that is due for longer than this is late: somebody should have been told by now."""


def status(database: Database, now: datetime, hidden: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return counts and the newest examples, without those of hidden records. ``oldest`` are the moments at which the oldest waiting or late ones fell due."""
    at = micros(now)
    timers, deliveries, refusals = tables.timers, tables.deliveries, tables.refusals
    with database.reading() as connection:
        late = connection.execute(select(func.count(), func.min(timers.c.due_at)).where(timers.c.due_at < at - LATE_MICROS)).one()
        waiting = connection.execute(
            select(func.count(), func.min(deliveries.c.due_at)).where(
                deliveries.c.state == "waiting", deliveries.c.due_at < at - LATE_MICROS
            )
        ).one()
        failed = connection.execute(select(func.count()).where(deliveries.c.state == "failed")).scalar()
        failures = connection.execute(
            select(deliveries.c.stream, deliveries.c.key, deliveries.c.channel, deliveries.c.target, deliveries.c.error)
            .where(deliveries.c.state == "failed")
            .order_by(deliveries.c.id.desc())
            .limit(_LOOKED_AT if hidden else _NEWEST)
        ).all()
        refused = connection.execute(select(func.count()).select_from(refusals)).scalar()
        newest = connection.execute(select(refusals).order_by(refusals.c.id.desc()).limit(_LOOKED_AT if hidden else _NEWEST)).all()
        revision = schema.revision(connection)
    return {
        "database": database.dialect, "schema": revision,
        "timers": {"late": late[0], "oldest": None if late[1] is None else moment(int(late[1]))},
        "deliveries": {
            "late": waiting[0], "oldest": None if waiting[1] is None else moment(int(waiting[1])), "failed": failed,
            "newest_failures": [{"key": f.key, "channel": f.channel, "target": f.target, "error": f.error} for f in failures if f.stream not in hidden][:_NEWEST],
        },
        "reactions": {
            "refused": refused,
            "newest": [{"reaction": r.reaction, "stream": r.stream, "version": r.version, "why": r.why, "at": moment(int(r.at))} for r in newest if r.stream not in hidden][:_NEWEST],
        },
    }  # fmt: skip
