"""Read heartbeats: what is expected, when each last reported, when the next report is due."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tocsin.engine.model import Reader, moment
from tocsin.heartbeats import tables
from tocsin.playbooks.durations import format_span


def list_heartbeats(reader: Reader, public_url: str, name: str = "") -> list[dict[str, Any]]:
    """Return heartbeats by id, those in trouble first. name: only this one."""
    kept, beats = tables.heartbeats, tables.beats
    query = select(kept, beats.c.last_at, beats.c.reports).outerjoin(beats, beats.c.heartbeat == kept.c.id).order_by(kept.c.id)
    if name:
        query = query.where(kept.c.id == name)
    shown = []
    for row in reader.rows(query):
        due = None if row.last_at is None else row.last_at + row.every + row.grace
        shown.append(
            {
                "id": row.id, "name": row.name, "service": row.service, "state": "waiting" if row.last_at is None else row.state,
                "every": format_span(moment(row.every) - moment(0)), "grace": format_span(moment(row.grace) - moment(0)),
                "muted": bool(row.muted), "last_at": None if row.last_at is None else moment(row.last_at), "count": row.reports or 0,
                "due_at": None if due is None else moment(due), "url": f"{public_url.rstrip('/')}/beat/{row.secret}",
            },
        )  # fmt: skip
    return sorted(shown, key=lambda one: (one["state"] not in ("missed", "failed"), one["id"]))
