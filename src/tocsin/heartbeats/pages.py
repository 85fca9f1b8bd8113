"""The pages of heartbeats: who is expected to report, when each last did, and the address to which it reports."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Conflict, NotFound, Refused
from tocsin.engine.model import Command
from tocsin.heartbeats import model as m
from tocsin.heartbeats.journal import Beat
from tocsin.heartbeats.queries import list_heartbeats
from tocsin.people import rights
from tocsin.people.queries import list_people
from tocsin.services.queries import list_services
from tocsin.settings import forms
from tocsin.web.layout import Shell, Visit, go

HERE: Final = "/settings/heartbeats"
_WORDS: Final = {"saved": "written down", "missed": "did not report in time", "failed": "reported that it failed", "back": "reports again"}


def routes(shell: Shell, public_url: str) -> list[Route]:
    """Return the routes of the pages. public_url: what the addresses begin with; the address of the request where it is not set."""

    def base(visit: Visit) -> str:
        url = visit.request.url
        return public_url.rstrip("/") or f"{url.scheme}://{url.netloc}"

    def may(visit: Visit) -> bool:
        return rights.at_least(visit.viewer.role, "responder")

    def _all(visit: Visit) -> dict[str, Any]:
        with visit.runtime.reading() as reader:
            return {
                "beats": list_heartbeats(reader, base(visit)),
                "services": [(row["id"], row["name"]) for row in list_services(reader)],
                "may": may(visit),
            }

    async def show_all(visit: Visit, problem: Refused | None = None) -> Response:
        values = {**await asyncio.to_thread(_all, visit), "problem": problem, "typed": visit.form if problem else {}}
        return shell.page(visit, "heartbeats/list.html", values, status=problem.status if problem else 200)

    async def listed(visit: Visit) -> Response:
        return await show_all(visit)

    def body(visit: Visit, name: str) -> m.SaveHeartbeat:
        form = visit.form
        return forms.built(
            {
                "name": form.get("name", "").strip() or name, "every": form.get("every", "").strip(), "grace": form.get("grace", "").strip() or "0m",
                "service": form.get("service", ""), "severity": form.get("severity", "").strip(), "muted": bool(form.get("muted")), "about": form.get("about", "").strip(),
            },
            m.SaveHeartbeat,
        )  # fmt: skip

    async def add(visit: Visit) -> Response:
        try:
            name = forms.id_of(visit.form.get("name", ""), visit.form.get("id", ""))
            if await asyncio.to_thread(visit.runtime.committer.state, f"heartbeat:{name}") is not None:
                raise Conflict(f"There is a heartbeat {name} already.", fix="Write another name, or change that one.", field="name")
            await commit(visit, name, body(visit, name))
        except Refused as refusal:
            return await show_all(visit, refusal)
        return go(f"{HERE}/{quote(name)}")

    def _one(visit: Visit) -> dict[str, Any]:
        heartbeat: m.Heartbeat = visit.runtime.state("heartbeat", visit.path["id"])
        with visit.runtime.reading() as reader:
            found = list_heartbeats(reader, base(visit), heartbeat.id)
            services = [(row["id"], row["name"]) for row in list_services(reader)]
            names = {row["id"]: row["name"] for row in list_people(reader, everybody=True)}
        if not found:
            raise NotFound(f"There is no heartbeat {heartbeat.id}.", fix="The list shows them all.")
        facts = visit.runtime.facts("heartbeat", heartbeat.id)
        history = [
            (fact.occurred_at, _WORDS.get(fact.type.partition(".")[2], fact.type), str(fact.actor), getattr(fact.event, "note", ""))
            for fact in facts
        ]
        return {
            "beat": found[0],
            "saved": heartbeat.saved,
            "services": services,
            "names": names,
            "history": history[::-1][:50],
            "may": may(visit),
        }

    async def show(visit: Visit, problem: Refused | None = None) -> Response:
        values = {**await asyncio.to_thread(_one, visit), "problem": problem, "typed": visit.form if problem else {}}
        return shell.page(visit, "heartbeats/heartbeat.html", values, status=problem.status if problem else 200)

    async def one(visit: Visit) -> Response:
        return await show(visit)

    async def save(visit: Visit) -> Response:
        try:
            await commit(visit, visit.path["id"], body(visit, visit.path["id"]))
        except Refused as refusal:
            return await show(visit, refusal)
        return go(f"{HERE}/{quote(visit.path['id'])}")

    async def address(visit: Visit) -> Response:
        await commit(visit, visit.path["id"], m.NewAddress())
        return go(f"{HERE}/{quote(visit.path['id'])}")

    async def beat(visit: Visit) -> Response:
        await visit.runtime.enter("beat", Beat(id=visit.path["id"]))
        return go(f"{HERE}/{quote(visit.path['id'])}")

    async def mute(visit: Visit) -> Response:
        heartbeat: m.Heartbeat = await asyncio.to_thread(visit.runtime.state, "heartbeat", visit.path["id"])
        if heartbeat.saved is not None:
            await commit(visit, heartbeat.id, msgspec.structs.replace(heartbeat.saved, muted=not heartbeat.saved.muted))
        return go(f"{HERE}/{quote(visit.path['id'])}")

    async def commit(visit: Visit, name: str, command: Command) -> None:
        await visit.runtime.commit("heartbeat", name, command, visit.actor, visit.key, visit.fingerprint)

    return [
        shell.get(HERE, listed),
        shell.post(HERE, add),
        shell.get(f"{HERE}/{{id}}", one),
        shell.post(f"{HERE}/{{id}}/save", save),
        shell.post(f"{HERE}/{{id}}/address", address),
        shell.post(f"{HERE}/{{id}}/beat", beat),
        shell.post(f"{HERE}/{{id}}/mute", mute),
    ]
