"""The first page: what is broken, whom it calls, who has it, what is late. At most a screenful, with links to the rest."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from tocsin.actions import queries as actions
from tocsin.alerts.groups import queries as groups
from tocsin.engine.model import Reader, Viewer
from tocsin.incidents import glance_queries
from tocsin.oncall import queries as oncall
from tocsin.oncall import views as oncall_views
from tocsin.paging import queries as paging
from tocsin.people.queries import list_people
from tocsin.web.endpoints import Asked, Endpoint
from tocsin.web.layout import Shell, Visit

MOST_OPEN: Final = 8
_MOST_PAGES: Final = 5
_MOST_TRIED: Final = 3
_MOST_GROUPS: Final = 6
_MOST_SCHEDULES: Final = 6
_MOST_LATE: Final = 5
_RECENT: Final = 4
_MOST_COUNTED: Final = 100


def routes(shell: Shell) -> list[Route]:
    """Return the route of the page."""

    async def now(visit: Visit) -> Response:
        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                return gathered(reader, visit.viewer)

        return shell.page(visit, "incidents/now.html", await asyncio.to_thread(work))

    return [shell.get("/", now)]


def endpoints() -> list[Endpoint]:
    """Return the same for programs."""

    async def now(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                return gathered(reader, asked.viewer)

        return await asyncio.to_thread(work)

    return [Endpoint("GET", "/now", "What is going on now: pages, incidents, alerts, who is on call, what is late", now, tag="now")]


def gathered(reader: Reader, viewer: Viewer) -> dict[str, Any]:
    """Return what is going on, as far as this viewer may read it: each list at most a screenful, with how many there are."""
    me = viewer.id if viewer.kind == "person" else ""
    names = {row["id"]: row["name"] for row in list_people(reader, everybody=True)}
    mine = _mine(reader, viewer, me) if me else []
    tried = _tried(reader, viewer, {row["id"] for row in mine})
    running, open_number = glance_queries.open_now(reader, viewer, MOST_OPEN)
    firing, firing_number = groups.without_incident(reader, viewer, _MOST_GROUPS, [row["group"] for row in mine if row["group"]])
    duties, duty_number = glance_queries.overdue(reader, viewer, _MOST_LATE)
    items, item_number = _late_items(reader, viewer, me)
    schedules = _on_call(reader, names, me)
    return {
        "mine": mine[:_MOST_PAGES], "mine_number": len(mine), "tried": tried[:_MOST_TRIED], "tried_number": sum(row["several"] for row in tried),
        "asked": [(row, one) for row in running for one in row["asked"] if me and one.person == me], "open": running, "open_number": open_number, "firing": firing, "firing_number": firing_number,
        "schedules": schedules[:_MOST_SCHEDULES], "schedule_number": len(schedules), "duties": duties, "duty_number": duty_number, "items": items,
        "item_number": item_number, "recent": glance_queries.ended_lately(reader, viewer, _RECENT), "names": names,
    }  # fmt: skip


def _mine(reader: Reader, viewer: Viewer, me: str) -> list[dict[str, Any]]:
    """Return the pages that call the viewer, those first that nobody has."""
    rows = paging.list_pages(reader, viewer, state="live", person=me, limit=_MOST_PAGES * 4)
    rows = [_timed(row) for row in rows if me in row["calls"] or row["acknowledged_by"] == me]
    return sorted(rows, key=lambda row: (row["state"] != "open", -row["number"]))


def _tried(reader: Reader, viewer: Viewer, known: set[str]) -> list[dict[str, Any]]:
    """Return pages of others that were tried on everybody in vain; those of one incident as one row with all whom they called."""
    found: dict[str, dict[str, Any]] = {}
    for row in paging.list_pages(reader, viewer, state="unanswered", limit=_MOST_COUNTED):
        if row["id"] in known:
            continue
        of = found.setdefault(row["incident"] or row["id"], {**_timed(row), "several": 0, "whom": []})
        of["several"] += 1
        of["whom"] = list(dict.fromkeys([*of["whom"], *row["calls"]]))
    return list(found.values())


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: datetime.fromisoformat(row[name]) if row[name] else None for name in ("opened_at", "next_at", "lease_until")}}


def _late_items(reader: Reader, viewer: Viewer, me: str) -> tuple[list[dict[str, Any]], int]:
    """Return action items whose date has passed, the viewer's own first, and how many there are, up to the most that are counted."""
    own = actions.due_for(reader, viewer, me, _MOST_LATE) if me else []
    all_ = actions.list_items(reader, viewer, overdue=True, limit=_MOST_COUNTED)
    found = {item.id: item for item in (*own, *all_)}
    return [{"item": item, "mine": bool(me) and item.owner == me} for item in list(found.values())[:_MOST_LATE]], len(found)


def _on_call(reader: Reader, names: dict[str, str], me: str) -> list[dict[str, Any]]:
    """Return who is on call now and next in every schedule: first those that nobody is on call in, then those that the viewer is on call in."""
    found = [oncall_views.now_view(schedule, reader.now, names) for schedule in oncall.all_schedules(reader)]
    for one in found:
        for line in one["lines"]:
            line["mine"] = any(who["person"] == me for who in line["on_call"])
    return sorted(found, key=lambda one: (all(line["on_call"] for line in one["lines"]), not any(line["mine"] for line in one["lines"])))
