"""Read alerts and receipts."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
from sqlalchemy import Select, Table, func, select

from tocsin.alerts import tables
from tocsin.alerts.events import Received
from tocsin.alerts.model import Alert
from tocsin.engine.errors import Refused
from tocsin.engine.model import Fact, Reader, Viewer, moment

DEFAULT_LIMIT = 50
MOST = 500
_TIMES = ("at", "started_at", "received_at", "ended_at", "acknowledged_at")


def newest(reader: Reader, source: str, fingerprint: str) -> Alert | None:
    """Return the newest occurrence of an alert, also one of this batch; None where it never fired."""
    row = reader.row(tables.newest.name, (source, fingerprint))
    found: Alert | None = reader.state(f"alert:{row['alert']}") if row is not None else None
    return found


def list_alerts(
    reader: Reader,
    _viewer: Viewer,
    *,
    state: str = "",
    service: str = "",
    incident: str = "",
    after: str = "",
    limit: int = DEFAULT_LIMIT,
) -> list[dict[str, Any]]:
    """Return alerts, newest first. state: ``firing``, ``resolved``, ``unacknowledged`` (firing and nobody is on it). after: the last id seen."""
    table = tables.alerts
    query = select(table).order_by(table.c.received_at.desc(), table.c.id.desc()).limit(min(limit, MOST))
    if state == "unacknowledged":
        query = query.where(table.c.state == "firing", table.c.acknowledged_at.is_(None))
    elif state:
        query = query.where(table.c.state == state)
    if service:
        query = query.where(table.c.service == service)
    if incident:
        query = query.where(table.c.incident == incident)
    if after:
        query = _below(reader, query, table, "received_at", after)
    return _shown(reader, query, table)


def list_receipts(reader: Reader, _viewer: Viewer, *, after: str = "", limit: int = DEFAULT_LIMIT) -> list[dict[str, Any]]:
    """Return receipts, newest first. after: the last id seen."""
    table = tables.receipts
    query = select(table).order_by(table.c.at.desc(), table.c.id.desc()).limit(min(limit, MOST))
    if after:
        query = _below(reader, query, table, "at", after)
    return _shown(reader, query, table)


def _below(reader: Reader, query: Select[Any], table: Table, column: str, after: str) -> Select[Any]:
    """Return the query for what comes after an id.

    Raises:
        Refused: there is no such row; the first page again would send a reader of all pages in circles.

    """
    last = reader.rows(select(table.c[column]).where(table.c.id == after))
    if not last:
        raise Refused(f"There is nothing with the id {after} to go on from.", fix="Begin without `after`.", field="after")
    at = last[0][0]
    return query.where((table.c[column] < at) | ((table.c[column] == at) & (table.c.id < after)))


def _shown(reader: Reader, query: Select[Any], table: Table) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in reader.rows(query)]
    return [{name: moment(value) if name in _TIMES and value is not None else value for name, value in row.items()} for row in rows]


def receipt_view(fact: Fact) -> dict[str, Any]:
    """Return a receipt with the body as it came and the outcome of each alert."""
    event = fact.event
    assert isinstance(event, Received)
    return {
        "id": fact.stream.partition(":")[2], "at": fact.recorded_at, "source": event.source, "sender": fact.actor.id, "size": event.size,
        "rejected": event.rejected, "body": zlib.decompress(event.body).decode("utf-8", "replace"),
        "alerts": [
            {"alert": o.alert or None, "outcome": o.what, "why": o.why, "title": o.title, "fingerprint": o.fingerprint}
            for o in event.outcomes
        ],
    }  # fmt: skip


def alert_view(alert: Alert, facts: list[Fact]) -> dict[str, Any]:
    """Return an alert with its history, oldest first."""
    shown: dict[str, Any] = msgspec.to_builtins(alert, builtin_types=())
    shown["firing"] = alert.state == "firing"
    shown["history"] = [
        {
            "fact": fact.version, "type": fact.type, "at": fact.occurred_at, "recorded_at": fact.recorded_at, "by": str(fact.actor),
            "event": fact.event,
        }
        for fact in facts
    ]  # fmt: skip
    return shown


def counts(reader: Reader) -> dict[str, int]:
    """Return how many alerts fire, by whether somebody has acknowledged them (``yes``, ``no``)."""
    table = tables.alerts
    taken = table.c.acknowledged_at.is_not(None)
    rows = reader.rows(select(taken, func.count()).where(table.c.state == "firing").group_by(taken))
    found = {"yes" if row[0] else "no": int(row[1]) for row in rows}
    return {"no": 0, "yes": 0, **found}
