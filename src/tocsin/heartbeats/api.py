"""The API of heartbeats, and the secret addresses to which jobs report."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.runtime import Runtime
from tocsin.heartbeats import queries
from tocsin.heartbeats.journal import Beat
from tocsin.heartbeats.model import NewAddress, SaveHeartbeat
from tocsin.people import rights
from tocsin.web.endpoints import Asked, Endpoint, command, json_response, read_body
from tocsin.web.problems import respond

_LONGEST_NOTE: Final = 2000
"""Bytes kept of what a failing job sends with its report."""


def beat_routes(runtime: Runtime) -> list[Route]:
    """Return the addresses to which jobs report. GET counts as well as POST: most jobs can do no more than fetch an address."""

    async def take(request: Request) -> Response:
        failed = request.path_params.get("how") == "fail"
        try:
            if request.path_params.get("how", "") not in ("", "fail"):
                raise NotFound("There is no such address.", fix="End it with the secret, or with /fail after it.")
            note = (await read_body(request, 1_000_000))[:_LONGEST_NOTE].decode("utf-8", "replace").replace("\x00", "") if failed else ""
            return json_response(await runtime.enter("beat", Beat(request.path_params["secret"], failed=failed, note=note)))
        except Refused as refusal:
            return respond(refusal)

    methods = ["GET", "HEAD", "POST"]
    return [Route("/beat/{secret}", take, methods=methods), Route("/beat/{secret}/{how}", take, methods=methods)]


def pinging(runtime: Runtime) -> Callable[[str], Awaitable[bool]]:
    """Return what reports for a heartbeat by its id, for senders of other tools; its answer is False where there is no such heartbeat."""

    async def ping(name: str) -> bool:
        try:
            await runtime.enter("beat", Beat(id=name))
        except NotFound:
            return False
        return True

    return ping


def _shown(heartbeat: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """Return a heartbeat without its address for who only reads: whoever knows it can let it beat."""
    return heartbeat if rights.at_least(asked.viewer.role, "responder") else {**heartbeat, "url": ""}


def endpoints(public_url: str) -> list[Endpoint]:
    """Return the endpoints of heartbeats. public_url: what the addresses begin with."""

    async def listed(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                return {"heartbeats": [_shown(one, asked) for one in queries.list_heartbeats(reader, public_url)]}

        return await asyncio.to_thread(work)

    async def one(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                found = queries.list_heartbeats(reader, public_url, asked.path["id"])
            if not found:
                raise NotFound(f"There is no heartbeat {asked.path['id']}.", fix="Check the id; `tocsin heartbeat list` shows them.")
            history = [
                {"at": f.occurred_at, "type": f.type, "by": str(f.actor)} for f in asked.runtime.facts("heartbeat", asked.path["id"])
            ]
            saved = asked.runtime.state("heartbeat", asked.path["id"]).saved
            return {**_shown(found[0], asked), "saved": saved, "history": history}

        return await asyncio.to_thread(work)

    async def beat(asked: Asked) -> Any:
        return await asked.runtime.enter("beat", Beat(id=asked.path["id"]))

    return [
        Endpoint("GET", "/heartbeats", "List heartbeats, those in trouble first", listed, tag="heartbeat"),
        Endpoint("GET", "/heartbeats/{id}", "One heartbeat with its history", one, tag="heartbeat"),
        command("/heartbeats/{id}", "heartbeat", SaveHeartbeat, "Write down who is to report, and how often"),
        command("/heartbeats/{id}/address", "heartbeat", NewAddress, "Give a heartbeat another secret address"),
        Endpoint("POST", "/heartbeats/{id}/beat", "Report", beat, tag="heartbeat", door="alerts:write"),
    ]
