"""The list of postmortems, and the follow-ups of their action items."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from tocsin.actions import queries as actions
from tocsin.engine.errors import Refused
from tocsin.incidents.commands import MarkDone
from tocsin.people import rights
from tocsin.postmortems import handlers, review_queries
from tocsin.web.layout import Shell, Visit, go, number_of

_ON_A_PAGE: Final = 40
_SOON: Final = timedelta(days=30)
NAMES: Final = {"": "All", "missing": "Not begun", "overdue": "Overdue", "draft": "Draft", "review": "In review", "published": "Published"}
"""What the states of a review are called."""
_LONGEST: Final = 2000


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the lists."""

    async def several(visit: Visit) -> Response:
        return shell.page(visit, "postmortems/list.html", await asyncio.to_thread(_several, visit))

    async def follow_ups(visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_follow_ups, visit)
        status = problem.status if problem else 200
        return shell.page(visit, "postmortems/follow_ups.html", {**values, "problem": problem, "typed": visit.form}, status=status)

    async def show_follow_ups(visit: Visit) -> Response:
        return await follow_ups(visit)

    async def held(visit: Visit) -> Response:
        incident, name, said = visit.form.get("incident", ""), visit.form.get("follow_up", ""), visit.form.get("evidence", "").strip()
        try:
            await asyncio.to_thread(handlers.readable, visit.runtime, visit.viewer, incident)
            if not name or len(said) > _LONGEST:
                raise Refused(
                    f"A note has at most {_LONGEST:,} characters.", fix="Make it shorter; a link can hold the rest.", field="evidence"
                )
            await visit.runtime.commit("incident", incident, MarkDone(name[:200], said), visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await follow_ups(visit, refusal)
        return go(f"/postmortems/follow-ups?held={quote(incident)}")

    return [
        shell.get("/postmortems", several),
        shell.get("/postmortems/follow-ups", show_follow_ups),
        shell.post("/postmortems/follow-ups", held),
    ]


def _several(visit: Visit) -> dict[str, Any]:
    asked = review_queries.read(visit.query)
    page = max(1, number_of(visit.query.get("page", "1")))
    with visit.runtime.reading() as reader:
        found = review_queries.find(reader, visit.viewer, asked, limit=_ON_A_PAGE + 1, skip=(page - 1) * _ON_A_PAGE)
        return {
            "asked": asked, "names": NAMES, "counts": review_queries.counts(reader, visit.viewer, asked), "rows": found[:_ON_A_PAGE],
            "more": len(found) > _ON_A_PAGE, "page": page, "people": actions.names(reader).people, "services": actions.services(reader), "can": rights.at_least(visit.viewer.role, "responder"),
        }  # fmt: skip


def _follow_ups(visit: Visit) -> dict[str, Any]:
    page = max(1, number_of(visit.query.get("page", "1")))
    with visit.runtime.reading() as reader:
        found = review_queries.follow_ups(reader, visit.viewer, limit=_ON_A_PAGE + 1, skip=(page - 1) * _ON_A_PAGE)
        shown = found[:_ON_A_PAGE]
        return {
            "rows": shown, "items": actions.open_of(reader, [one.incident for one in shown]), "more": len(found) > _ON_A_PAGE, "page": page,
            "soon": reader.now + _SOON, "held": visit.query.get("held", ""), "can": rights.at_least(visit.viewer.role, "responder"),
        }  # fmt: skip
