"""The live feed of pages: Server-Sent Events that say which record changed. Pages then ask for what they may see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tocsin.engine.errors import NotFound
from tocsin.engine.runtime import Runtime
from tocsin.web.endpoints import who
from tocsin.web.layout import number_of
from tocsin.web.problems import respond

_STILL_HERE: Final = 15.0
"""Seconds between comments that keep proxies from closing a quiet stream."""
_TOGETHER: Final = 0.1
"""Seconds for which changes of many records are gathered before a list is told of them."""
_RETRY: Final = 2000
"""Milliseconds after which a browser connects again."""


def route(runtime: Runtime) -> Route:
    """Return ``/live``: every change, or with ``?incident=ID`` those of one incident.

    The id of an event is the version of the incident. A browser that connects again sends the last id that it saw
    (``Last-Event-ID``; a page at first ``?after=``) and is told at once what it missed.
    """

    async def live(request: Request) -> Response:
        if who(request, runtime) is None:
            return PlainTextResponse("Sign in first.\n", 401)
        incident = request.query_params.get("incident", "")
        if incident:
            try:
                await asyncio.to_thread(runtime.state, "incident", incident)
            except NotFound as refusal:
                return respond(refusal)
        seen = request.headers.get("last-event-id") or request.query_params.get("after", "")
        stream = _one(runtime, incident, seen) if incident else _all(runtime, again=bool(seen))
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(stream, headers=headers, media_type="text/event-stream")

    return Route("/live", live, methods=["GET"])


async def _one(runtime: Runtime, incident: str, seen: str) -> AsyncIterator[bytes]:
    """Yield an event whenever the incident has a new fact, beginning with what came after the one last seen."""
    wanted = f"incident:{incident}"
    told = number_of(seen) if seen else -1
    with runtime.feed.listen() as changes:  # listening begins before the state is read, so that nothing falls between
        yield f"retry: {_RETRY}\n\n".encode()
        state = await asyncio.to_thread(runtime.state, "incident", incident)
        if told < 0:
            told = state.version
        elif state.version > told:
            told = state.version
            yield _event(incident, told)
        while True:
            try:
                stream, version = await asyncio.wait_for(changes.get(), _STILL_HERE)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            newest, ended = (version if stream == wanted else 0), not stream
            while not changes.empty():  # one event for all that one commit brought
                stream, version = changes.get_nowait()
                newest = max(newest, version if stream == wanted else 0)
                ended = ended or not stream
            if newest > told:
                told = newest
                yield _event(incident, told)
            if ended:  # the server stops; the browser comes back by itself
                return


async def _all(runtime: Runtime, *, again: bool) -> AsyncIterator[bytes]:
    """Yield an event whenever any incident or alert changed; one at once to a browser that was away."""
    number = 0
    with runtime.feed.listen() as changes:
        yield f"retry: {_RETRY}\n\n".encode()
        if again:
            number += 1
            yield _event("", number)
        while True:
            try:
                changed = {(await asyncio.wait_for(changes.get(), _STILL_HERE))[0]}
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if "" not in changed:  # a storm is one event for all that comes within this time
                await asyncio.sleep(_TOGETHER)
            while not changes.empty():
                changed.add(changes.get_nowait()[0])
            if "" in changed:  # the server stops; the browser comes back by itself
                return
            for stream in sorted(changed):
                kind, _, record = stream.partition(":")
                if kind in ("incident", "alert", "group"):
                    number += 1
                    yield _event(record if kind == "incident" else "", number)


def _event(incident: str, number: int) -> bytes:
    body = msgspec.json.encode({"incident": incident, "version": number}).decode()
    return f"id: {number}\nevent: change\ndata: {body}\n\n".encode()
