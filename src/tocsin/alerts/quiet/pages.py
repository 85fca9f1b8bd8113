"""The page of what is kept quiet: silences, with a form to make one, and the maintenance that is on or to come."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts.quiet import handlers, queries
from tocsin.alerts.routing import span_of
from tocsin.alerts.silence_model import ExpireSilence, SaveSilence
from tocsin.engine import limits
from tocsin.engine.errors import Refused
from tocsin.web.layout import Shell, Visit, go

_PREVIEWED = 20


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the page."""

    def command_of(visit: Visit) -> SaveSilence:
        """Return the silence that a form, or an address, asks for."""
        given = visit.form or visit.query
        lasts = span_of(given.get("for", "").strip() or "2h", "for")
        if not timedelta(0) < lasts:
            raise Refused("A silence lasts for some time.", fix="Write it like 2h.", field="for")
        why = given.get("why", "").strip()
        if visit.form and not why:
            raise Refused("A silence needs a reason.", fix="Say why nobody needs to hear of these.", field="why")
        return limits.checked(
            SaveSilence(
                visit.now + lasts, why[:2000], given.get("match", "").strip(), given.get("service", "").strip(), given.get("group", "").strip(),
            ),
        )  # fmt: skip

    async def shown(visit: Visit, refusal: Refused | None = None) -> Response:
        typed = {name: (visit.form or visit.query).get(name, "") for name in ("match", "service", "group", "for", "why")}

        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                preview = None
                problem = refusal
                if problem is None and (typed["match"] or typed["service"] or typed["group"]):
                    try:
                        preview = handlers.preview(reader, visit.viewer, command_of(visit), _PREVIEWED)
                    except Refused as refused:
                        problem = refused
                return {
                    "silences": queries.list_silences(reader, limit=queries.MOST), "plans": queries.list_maintenance(reader, limit=queries.MOST),
                    "preview": preview, "typed": typed, "problem": problem,
                }  # fmt: skip

        status = refusal.status if refusal is not None else 200
        return shell.page(visit, "alerts/quiet.html", await asyncio.to_thread(work), status=status)

    async def page(visit: Visit) -> Response:
        return await shown(visit)

    async def save(visit: Visit) -> Response:
        try:
            await handlers.save_silence(visit.runtime, command_of(visit), visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await shown(visit, refusal)
        return go("/silences")

    async def expire(visit: Visit) -> Response:
        await visit.runtime.commit("silence", visit.path["id"], ExpireSilence(), visit.actor, visit.key, visit.fingerprint)
        return go("/silences")

    return [shell.get("/silences", page), shell.post("/silences", save), shell.post("/silences/{id}/expire", expire)]
