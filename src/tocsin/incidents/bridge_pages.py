"""The bridge: one incident, or all that are open, on a wall screen. Readable from five metres, live, without a control."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from tocsin.incidents import queries, room, room_queries
from tocsin.incidents.presence import Presence
from tocsin.people import names_queries
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.layout import Shell, Visit

_MOST: Final = 9
"""So many incidents fit on a wall; the worst are shown."""
_LOOKED_AT: Final = 60
_UNKNOWN: Final = 99


def routes(shell: Shell, shelf: Bookshelf, presence: Presence, running: Any) -> list[Route]:
    """Return the routes. running: seconds of a clock that only runs on."""

    def board(visit: Visit, opened: queries.Opened) -> dict[str, Any]:
        incident, book = opened.incident, opened.playbook
        head = room.head(incident, book, opened.now)
        ruling = room.last_ruling(incident, book)
        with visit.runtime.reading() as reader:
            people = (incident.lead, head["next"]["person"] if head["next"] else "")
            names = names_queries.names_of(reader, people)
            service = room_queries.service_name(reader, head["service"])
        return {**head, "ruling": ruling, "names": names, "service_name": service, "at_now": opened.now}

    async def one(visit: Visit) -> Response:
        def work() -> dict[str, Any]:
            opened = queries.open_incident(visit.runtime, shelf, visit.path["id"])
            here = presence.here(opened.incident.id, running())
            return {"boards": [board(visit, opened)], "alone": True, "more": 0, "here_now": here, "at_now": opened.now}

        return shell.page(visit, "incidents/bridge.html", await asyncio.to_thread(work))

    async def all_open(visit: Visit) -> Response:
        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                rows = queries.list_incidents(reader, visit.viewer, state="open", limit=_LOOKED_AT)
            worst = sorted(rows, key=lambda row: (row["rank"] if row["rank"] >= 0 else _UNKNOWN, -row["declared_at"].timestamp()))
            shown = [board(visit, queries.open_incident(visit.runtime, shelf, row["id"])) for row in worst[:_MOST]]
            return {
                "boards": sorted(shown, key=_urgency), "alone": len(shown) == 1, "more": max(0, len(rows) - _MOST), "here_now": (), "at_now": visit.now,
            }  # fmt: skip

        return shell.page(visit, "incidents/bridge.html", await asyncio.to_thread(work))

    return [shell.get("/incidents/{id}/bridge", one), shell.get("/bridge", all_open)]


def _urgency(one: dict[str, Any]) -> tuple[int, datetime]:
    due = one["next"]
    return (one["rank"] if one["rank"] >= 0 else _UNKNOWN, due["due_at"] if due else datetime.max.replace(tzinfo=UTC))
