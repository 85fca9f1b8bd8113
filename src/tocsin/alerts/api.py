"""The API of alerts and receipts, and the intake's addresses."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts import handlers, queries
from tocsin.alerts.commands import AcknowledgeAlert
from tocsin.alerts.model import Alert
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.runtime import Runtime
from tocsin.web.endpoints import Asked, Endpoint, command, json_response, limit_of, read_body
from tocsin.web.problems import respond

LARGEST_REQUEST: Final = 5_000_000
"""Bytes of a monitoring tool's request; a large group of alerts has some hundred kilobytes."""


def intake_routes(runtime: Runtime) -> list[Route]:
    """Return the addresses to which monitoring tools send; they are plain routes, and the key in the address is the proof.

    200: it is on disk, with the receipt's id. 4xx: it is not what the tool sends, or the key is wrong. 503: try again.
    """
    kept: list[str] = []

    async def take_in(request: Request) -> Response:
        source = request.path_params["source"]
        try:
            if source not in handlers.READERS:
                known = ", ".join(sorted(handlers.READERS))
                raise NotFound(f"There is no intake for {source!r}.", fix=f"There are: {known}.")
            if not kept:
                kept.append(await asyncio.to_thread(handlers.intake_key, runtime))
            handlers.check_key(runtime, kept[0], request.path_params["key"])
            body = await read_body(request, LARGEST_REQUEST)
            return json_response(await handlers.take_in(runtime, source, body))
        except Refused as refusal:
            return respond(refusal)

    return [Route("/intake/{source}/{key}", take_in, methods=["POST"])]


def endpoints(public_url: str) -> list[Endpoint]:
    """Return the endpoints of alerts and receipts. public_url: what the intake's addresses begin with."""

    async def listed(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            limit = limit_of(asked, queries.DEFAULT_LIMIT, queries.MOST)
            with asked.runtime.reading() as reader:
                rows = queries.list_alerts(
                    reader, asked.viewer, state=asked.query.get("state", ""), service=asked.query.get("service", ""),
                    incident=asked.query.get("incident", ""), after=asked.query.get("after", ""), limit=limit,
                )  # fmt: skip
            return {"alerts": rows, "next": rows[-1]["id"] if len(rows) == limit else None}

        return await asyncio.to_thread(work)

    async def one(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            alert: Alert = asked.runtime.state("alert", asked.path["id"])
            return queries.alert_view(alert, asked.runtime.facts("alert", alert.id))

        return await asyncio.to_thread(work)

    async def receipts(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            limit = limit_of(asked, queries.DEFAULT_LIMIT, queries.MOST)
            with asked.runtime.reading() as reader:
                rows = queries.list_receipts(reader, asked.viewer, after=asked.query.get("after", ""), limit=limit)
            return {"receipts": rows, "next": rows[-1]["id"] if len(rows) == limit else None}

        return await asyncio.to_thread(work)

    async def receipt(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            facts = asked.runtime.facts("receipt", asked.path["id"])
            if not facts:
                raise NotFound(f"There is no receipt {asked.path['id']}.", fix="Check the id; GET /api/v1/receipts lists them.")
            return queries.receipt_view(facts[0])

        return await asyncio.to_thread(work)

    async def intake(asked: Asked) -> Any:
        key = await asyncio.to_thread(handlers.intake_key, asked.runtime)
        base = public_url.rstrip("/")
        return {"intake": [{"source": name, "url": base + handlers.intake_path(name, key)} for name in sorted(handlers.READERS)]}

    paging = (("after", "Id of the last one seen"), ("limit", "At most 500"))
    return [
        command("/alerts/{id}/acknowledge", "alert", AcknowledgeAlert, "Acknowledge an alert"),
        Endpoint(
            "GET", "/alerts", "List alerts, newest first", listed, tag="alert",
            query=(("state", "firing, resolved, unacknowledged"), ("service", "A service's id"), ("incident", "An incident's id"), *paging),
        ),
        Endpoint("GET", "/alerts/{id}", "One alert with its history", one, tag="alert"),
        Endpoint("GET", "/receipts", "List the requests of monitoring tools, newest first", receipts, tag="receipt", query=paging),
        Endpoint("GET", "/receipts/{id}", "One request: its body and the outcome of each alert", receipt, tag="receipt"),
        Endpoint("GET", "/intake", "The addresses to which monitoring tools send", intake, tag="alert"),
    ]  # fmt: skip
