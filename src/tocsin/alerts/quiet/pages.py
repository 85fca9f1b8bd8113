"""The page of silences: those that hold or are to come, one with its history, and the form with what it would keep quiet. Maintenance has its own."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts.quiet import handlers, maintenance_pages, queries
from tocsin.alerts.routing import span_of
from tocsin.alerts.silence_model import ExpireSilence, ExtendSilence, SaveSilence
from tocsin.engine import limits
from tocsin.engine.errors import Refused
from tocsin.people.queries import list_people
from tocsin.services.queries import list_services
from tocsin.web.layout import Shell, Visit, go

_PREVIEWED: Final = 20
_TYPED: Final = ("match", "service", "group", "for", "why")


def routes(shell: Shell) -> list[Route]:
    """Return the routes of silences and of maintenance."""

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

    def previewed(visit: Visit, refusal: Refused | None) -> dict[str, Any]:
        given = visit.form or visit.query
        typed = {name: given.get(name, "").strip() for name in _TYPED}
        problem, preview = refusal, None
        with visit.runtime.reading() as reader:
            if problem is None and (typed["match"] or typed["service"] or typed["group"]):
                try:
                    preview = handlers.preview(reader, visit.viewer, command_of(visit), _PREVIEWED)
                except Refused as refused:
                    problem = refused
        return {"preview": preview, "typed": typed, "problem": problem}

    async def shown(visit: Visit, refusal: Refused | None = None) -> Response:
        def work() -> dict[str, Any]:
            state = visit.query.get("state", "")
            with visit.runtime.reading() as reader:
                rows = queries.list_silences(
                    reader,
                    state=state if state in ("expired", "all") else "",
                    after=visit.query.get("after", ""),
                    limit=queries.DEFAULT_LIMIT,
                )
                more = {
                    "silences": rows, "state": state, "services": list_services(reader),
                    "names": {row["id"]: row["name"] for row in list_people(reader, everybody=True)},
                    "older": f"/silences?state={quote(state)}&after={quote(rows[-1]['id'])}" if len(rows) == queries.DEFAULT_LIMIT else "",
                }  # fmt: skip
            return {**more, **previewed(visit, refusal)}

        status = refusal.status if refusal is not None else 200
        return shell.page(visit, "alerts/silences.html", await asyncio.to_thread(work), status=status)

    async def page(visit: Visit) -> Response:
        return await shown(visit)

    async def preview(visit: Visit) -> Response:
        return shell.page(visit, "alerts/silence_preview.html", await asyncio.to_thread(previewed, visit, None))

    async def save(visit: Visit) -> Response:
        try:
            await handlers.save_silence(visit.runtime, command_of(visit), visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await shown(visit, refusal)
        return go("/silences")

    async def one(visit: Visit, refusal: Refused | None = None) -> Response:
        def work() -> dict[str, Any]:
            silence = visit.runtime.state("silence", visit.path["id"])
            with visit.runtime.reading() as reader:
                names = {row["id"]: row["name"] for row in list_people(reader, everybody=True)}
                view = queries.silence_view(silence, visit.now)
                kept = None
                if view["state"] == "active":
                    command = SaveSilence(view["until"], view["why"], view["match"], view["service"], view["group"])
                    kept = handlers.preview(reader, visit.viewer, command, _PREVIEWED)
            return {
                "silence": view,
                "history": queries.history(visit.runtime.facts("silence", silence.id)),
                "kept": kept,
                "names": names,
                "problem": refusal,
            }

        return shell.page(visit, "alerts/silence.html", await asyncio.to_thread(work), status=refusal.status if refusal else 200)

    async def show(visit: Visit) -> Response:
        return await one(visit)

    async def expire(visit: Visit) -> Response:
        command = ExpireSilence(visit.form.get("why", "").strip()[:2000])
        await visit.runtime.commit("silence", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        return go("/silences")

    async def extend(visit: Visit) -> Response:
        try:
            lasts = span_of(visit.form.get("for", "").strip(), "for")
            silence = visit.runtime.state("silence", visit.path["id"])
            begin = max(silence.until or visit.now, visit.now)
            command = limits.checked(ExtendSilence(begin + lasts, visit.form.get("why", "").strip()[:2000]))
            await visit.runtime.commit("silence", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await one(visit, refusal)
        return go(f"/silences/{quote(visit.path['id'])}")

    return [
        shell.get("/silences", page), shell.post("/silences", save), shell.get("/silences/preview", preview), shell.get("/silences/{id}", show),
        shell.post("/silences/{id}/expire", expire), shell.post("/silences/{id}/extend", extend), *maintenance_pages.routes(shell),
    ]  # fmt: skip
