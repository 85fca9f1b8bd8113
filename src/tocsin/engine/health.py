"""How the engine is doing: what waits, what failed, what is late. For /metrics and /readyz."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from tocsin.engine import tables
from tocsin.engine.committer import Submission
from tocsin.engine.database import upsert
from tocsin.engine.errors import Refused
from tocsin.engine.model import SYSTEM, micros
from tocsin.engine.runtime import Runtime
from tocsin.engine.status import LATE_MICROS
from tocsin.engine.timers import Lateness
from tocsin.engine.waiting import Counts

_WRITABLE: Final = "ready_at"
_PATIENCE: Final = 5.0


class Health(msgspec.Struct, frozen=True):
    """Numbers of one moment."""

    deliveries: dict[str, int]
    """State (``waiting``, ``sent``, ``failed`` …) to how many."""
    oldest_waiting: float
    """Seconds by which the oldest message that waits is overdue."""
    timers: int
    """Records that wait for a time."""
    timers_late: float
    """Seconds by which the earliest timer is overdue; 0 where none is."""
    refused_reactions: int
    facts: int
    commits: int
    """Transactions of this process since it started."""
    troubles: dict[str, int]
    """Worker (``timers``, ``outbox``) to how often its work failed unforeseen since the process started."""
    channels: dict[str, Counts]
    """Channel to what its lane did since the process started, and has to do."""
    woken: Lateness
    """How late records were woken since the process started."""


def measure(runtime: Runtime) -> Health:
    """Return the numbers of this moment."""
    now = micros(runtime.clock.now())
    deliveries, timers = tables.deliveries, tables.timers
    with runtime.database.reading() as connection:
        counts = {
            row.state: int(row.n)
            for row in connection.execute(select(deliveries.c.state, func.count().label("n")).group_by(deliveries.c.state))
        }
        oldest = connection.execute(select(func.min(deliveries.c.due_at)).where(deliveries.c.state == "waiting")).scalar()
        due, waiting = connection.execute(select(func.min(timers.c.due_at), func.count()).select_from(timers)).one()
        refused = connection.execute(select(func.count()).select_from(tables.refusals)).scalar() or 0
        facts = connection.execute(select(func.max(tables.facts.c.position))).scalar() or 0
    return Health(
        counts,
        _late(now, oldest),
        int(waiting),
        _late(now, due),
        int(refused),
        int(facts),
        runtime.committer.commits,
        {"timers": runtime.timers.troubles, "outbox": runtime.outbox.troubles},
        runtime.outbox.counts(),
        runtime.timers.lateness(),
    )


def _late(now: int, due: Any) -> float:
    return 0.0 if due is None else max(0, now - int(due)) / 1e6


def why_not_ready(runtime: Runtime) -> list[str]:
    """Return what keeps the installation from doing its work, in sentences; nothing where it can: it writes, and its timers are on time."""
    found = []

    def write(connection: Connection) -> dict[str, Any]:
        row = {"name": _WRITABLE, "value": runtime.clock.now().isoformat()}
        connection.execute(upsert(runtime.database.dialect, tables.settings, ("name",)), [row])
        return {}

    try:
        runtime.committer.submit(Submission("", None, SYSTEM, write=write)).result(_PATIENCE)
    except TimeoutError:
        found.append(f"nothing could be written within {_PATIENCE:g} s")
    except (Refused, SQLAlchemyError, OSError) as error:
        found.append(str(error))
        return found
    late = measure(runtime).timers_late
    if late * 1e6 > LATE_MICROS:
        found.append(f"a timer is {late:.0f} s late")
    return found
