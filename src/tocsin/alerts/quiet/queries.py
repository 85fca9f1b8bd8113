"""Read silences, maintenance and inhibition: lists, one with its history, all that still matters, what a silence would mute now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import or_, select

from tocsin.alerts import maintenance as windows
from tocsin.alerts.inhibition import INHIBITIONS, Inhibitions
from tocsin.alerts.maintenance_model import Maintenance
from tocsin.alerts.matchers import text_of
from tocsin.alerts.muting import Muting
from tocsin.alerts.quiet import tables
from tocsin.alerts.silence_model import Silence
from tocsin.engine.model import Fact, Reader, micros

DEFAULT_LIMIT: Final = 50
MOST: Final = 500
_COMING: Final = 5
_MOST_WINDOWS: Final = 100
"""So many windows of one plan are announced or remembered."""
_KEPT: Final = timedelta(days=5)
"""How long a list shows silences that are over, unless it is asked for them."""


def living(reader: Reader) -> Muting:
    """Return all silences, windows and rules that can still keep an alert quiet."""
    now = micros(reader.now)
    s, m = tables.silences, tables.maintenance
    silences = [reader.state(f"silence:{row.id}") for row in reader.rows(select(s.c.id).where(s.c.until > now).order_by(s.c.id))]
    rows = reader.rows(select(m.c.id).where(m.c.cancelled == 0, or_(m.c.last_end.is_(None), m.c.last_end > now)).order_by(m.c.id))
    plans = [reader.state(f"maintenance:{row.id}") for row in rows]
    inhibitions: Inhibitions | None = reader.state(f"inhibitions:{INHIBITIONS}")
    return Muting.of([one for one in silences if one is not None], [one for one in plans if one is not None], inhibitions)


def list_silences(
    reader: Reader, *, state: str = "", service: str = "", after: str = "", limit: int = DEFAULT_LIMIT
) -> list[dict[str, Any]]:
    """Return silences, newest first. state: ``active``, ``pending``, ``expired`` or nothing: those that still matter."""
    table, now = tables.silences, micros(reader.now)
    query = select(table.c.id).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(min(limit, MOST))
    match state:
        case "active":
            query = query.where(table.c.since <= now, table.c.until > now)
        case "pending":
            query = query.where(table.c.since > now, table.c.until > now)
        case "expired":
            query = query.where(table.c.until <= now)
        case "all":
            pass
        case _:
            query = query.where(table.c.until > now)
    if service:
        query = query.where(table.c.service == service)
    if after:
        last = reader.rows(select(table.c.created_at).where(table.c.id == after))
        at = last[0][0] if last else 0
        query = query.where((table.c.created_at < at) | ((table.c.created_at == at) & (table.c.id < after)))
    return [silence_view(silence, reader.now) for row in reader.rows(query) if (silence := reader.state(f"silence:{row.id}")) is not None]


def recent_silences(reader: Reader) -> list[Silence]:
    """Return the silences that hold, are to come, or ended a few days ago: what Alertmanager's API lists."""
    table = tables.silences
    rows = reader.rows(select(table.c.id).where(table.c.until > micros(reader.now - _KEPT)).order_by(table.c.until, table.c.id))
    return [silence for row in rows if (silence := reader.state(f"silence:{row.id}")) is not None]


def silence_view(silence: Silence, now: datetime) -> dict[str, Any]:
    """Return a silence for the API."""
    return {
        "id": silence.id, "version": silence.version, "state": silence.state(now), "match": text_of(silence.matchers), "matchers": silence.matchers,
        "service": silence.service, "group": silence.group, "since": silence.since, "until": silence.until, "by": silence.by, "why": silence.why,
        "created_at": silence.created_at, "updated_at": silence.updated_at,
    }  # fmt: skip


def history(facts: list[Fact]) -> list[dict[str, Any]]:
    """Return what happened to a record, oldest first."""
    return [
        {
            "fact": fact.version,
            "type": fact.type,
            "at": fact.occurred_at,
            "recorded_at": fact.recorded_at,
            "by": str(fact.actor),
            "event": fact.event,
        }
        for fact in facts
    ]


def list_maintenance(reader: Reader, *, state: str = "", service: str = "", limit: int = DEFAULT_LIMIT) -> list[dict[str, Any]]:
    """Return plans by when they begin next. state: ``active``, ``planned``, ``over``, ``cancelled``; nothing: what is on or to come."""
    table, now = tables.maintenance, micros(reader.now)
    query = select(table.c.id).order_by(table.c.since.desc(), table.c.id)
    if not state:
        query = query.where(table.c.cancelled == 0, or_(table.c.last_end.is_(None), table.c.last_end > now))
    found: list[dict[str, Any]] = []
    for row in reader.rows(query):
        plan: Maintenance | None = reader.state(f"maintenance:{row.id}")
        if plan is None or (service and plan.services and service not in plan.services):
            continue
        view = maintenance_view(plan, reader.now)
        if (view["state"] == state) if state else view["state"] in ("active", "planned"):
            found.append(view)
    found.sort(key=lambda one: (one["windows"][0]["since"] if one["windows"] else reader.now, one["id"]))
    return found[: min(limit, MOST)]


def maintenance_view(plan: Maintenance, now: datetime) -> dict[str, Any]:
    """Return a plan for the API, with the window that is on and the next ones."""
    coming: list[dict[str, Any]] = []
    if plan.since is not None and plan.cancelled_at is None:
        for window in windows.windows(plan, now, None):
            coming.append({"since": window.since, "until": window.until})
            if len(coming) >= _COMING:
                break
    return {
        "id": plan.id, "version": plan.version, "state": windows.state_of(plan, now), "title": plan.title, "services": plan.services,
        "match": text_of(plan.matchers), "since": plan.since, "until": plan.until, "repeats": plan.repeats, "zone": plan.zone, "windows": coming,
        "public": bool(plan.public_title), "public_title": plan.public_title, "public_text": plan.public_text, "why": plan.why, "by": plan.by,
    }  # fmt: skip


def public_maintenance(reader: Reader, service: str = "") -> list[dict[str, Any]]:
    """Return what a status page shows: the windows that are on or to come, of plans that have a public title."""
    return [
        {
            "id": one["id"],
            "title": one["public_title"],
            "text": one["public_text"],
            "state": one["state"],
            "services": one["services"],
            "windows": one["windows"],
        }
        for one in list_maintenance(reader, service=service, limit=MOST)
        if one["public"]
    ]


def announced(reader: Reader, since: datetime) -> list[dict[str, Any]]:
    """Return single windows of plans with a public title, in the order in which they begin: those that ended after a moment, are on, or come next.

    Of a plan that comes again only the next window to come is among them.
    """
    table = tables.maintenance
    query = (
        select(table.c.id)
        .where(or_(table.c.last_end.is_(None), table.c.last_end > micros(since)))
        .order_by(table.c.since.desc())
        .limit(MOST)
    )
    found: list[dict[str, Any]] = []
    for row in reader.rows(query):
        plan: Maintenance | None = reader.state(f"maintenance:{row.id}")
        if plan is None or not plan.public_title or plan.since is None:
            continue
        for number, window in enumerate(windows.windows(plan, since, None)):
            if number >= _MOST_WINDOWS:
                break
            found.append(
                {
                    "id": plan.id, "title": plan.public_title, "text": plan.public_text, "services": plan.services, "since": window.since,
                    "until": window.until,
                }
            )  # fmt: skip
            if window.since > reader.now:
                break
    return sorted(found, key=lambda one: (one["since"], one["id"]))
