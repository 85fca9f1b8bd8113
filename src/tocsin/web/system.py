"""The installation itself: alive, ready, metrics, the OpenAPI document, the clock."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tocsin.engine import health
from tocsin.engine.errors import Refused
from tocsin.engine.ledger import verify_all
from tocsin.engine.model import Command
from tocsin.engine.runtime import Runtime
from tocsin.engine.status import status
from tocsin.incidents.belonging_queries import hidden_streams
from tocsin.playbooks.durations import Duration
from tocsin.web import metrics
from tocsin.web.endpoints import PREFIX, Asked, Endpoint, json_response, openapi


class Advance(Command, frozen=True):
    """Move a virtual clock: to a moment, or by a duration such as ``5m``."""

    to: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    by: str = ""
    hold: bool = False
    """Stand at that moment before what falls due in it: people act first, the rest happens when the clock next moves."""


def endpoints() -> list[Endpoint]:
    """Return the endpoints of the clock and of the installation's condition."""

    async def advance(asked: Asked) -> Any:
        body: Advance = asked.body
        now = asked.runtime.clock.now()
        try:
            to = body.to or now + Duration.parse(body.by)
        except ValueError as error:
            raise Refused(str(error), fix="Give `to` (a time) or `by` (a duration such as 5m).", field="by") from error
        if to < now:
            raise Refused(f"The clock stands at {now:%Y-%m-%d %H:%M:%S} UTC and does not run back.", fix="Give a later time.", field="to")
        return {"now": await asyncio.to_thread(functools.partial(asked.runtime.advance, to, hold=body.hold))}

    async def now(asked: Asked) -> Any:
        return {"now": asked.runtime.clock.now(), "virtual": asked.runtime.clock.virtual}

    async def condition(asked: Asked) -> Any:
        runtime = asked.runtime

        def work() -> dict[str, Any]:
            with runtime.reading() as reader:
                hidden = hidden_streams(reader, asked.viewer)
            return status(runtime.database, runtime.clock.now(), hidden)

        return await asyncio.to_thread(work)

    async def verify(asked: Asked) -> Any:
        runtime = asked.runtime

        def work() -> dict[str, Any]:
            with runtime.database.reading() as connection:
                broken = verify_all(connection, runtime.registry)
            with runtime.reading() as reader:
                hidden = hidden_streams(reader, asked.viewer)
            return {"whole": not broken, "broken": [one for one in broken if one.stream not in hidden]}

        return await asyncio.to_thread(work)

    return [
        Endpoint(
            "GET",
            "/verify",
            "Check every record's hash chain, and the daily checkpoints against them",
            verify,
            tag="system",
            needs="administrator",
        ),
        Endpoint("GET", "/status", "What is late, what could not be sent, what was refused", condition, tag="system"),
        Endpoint("GET", "/clock", "What time it is here", now, tag="system"),
        Endpoint("POST", "/clock/advance", "Move a virtual clock", advance, Advance, tag="system", needs="administrator"),
    ]


def plain_routes(runtime: Runtime, known: Sequence[Endpoint], version: str) -> list[Route]:
    """Return /healthz, /readyz, /metrics and the OpenAPI document; they need no token."""
    document: list[Any] = []

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        wrong = await asyncio.to_thread(health.why_not_ready, runtime)
        if wrong:
            return PlainTextResponse("".join(f"not ready: {why}\n" for why in wrong), 503)
        return PlainTextResponse("ready\n")

    async def numbers(_request: Request) -> Response:
        return Response(await asyncio.to_thread(metrics.text, runtime, version), media_type=metrics.MEDIA_TYPE)

    async def schema(_request: Request) -> Response:
        if not document:
            document.append(openapi(known, version))
        return json_response(document[0])

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", numbers), Route(f"{PREFIX}/openapi.json", schema)]
