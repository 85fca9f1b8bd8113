"""``/live``: Server-Sent Events that say which records changed. Pages then ask for what they may see."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tocsin.engine.errors import Refused
from tocsin.engine.model import Viewer
from tocsin.engine.runtime import Runtime
from tocsin.web import identity
from tocsin.web.hub import Closed, Hub, Seat, Secret


def route(runtime: Runtime, secret: Secret, closed: Closed) -> Route:
    """Return ``/live``: every change that the viewer may hear of, as topics (``incident:INC-1``, ``schedule:web``; ``alert`` for all alerts).

    The id of an event is a position in the log. A browser that connects again sends the last one that it saw (``Last-Event-ID``, or
    ``?after=``) and is told at once what changed since then. secret: tells what is private, and who may hear of it. closed: what became so.
    """
    hub = Hub(runtime, secret, closed)

    def look(request: Request) -> Viewer | None:
        """Return who it is by now: what was found out when the stream began must not last as long as the stream."""
        again = Request({name: value for name, value in request.scope.items() if name != identity.KEPT})
        try:
            found = identity.identify(again, runtime)
            return identity.viewer_of(again, runtime, found.actor) if found is not None else None
        except Refused:
            return None

    async def live(request: Request) -> Response:
        viewer = await asyncio.to_thread(look, request)
        if viewer is None:
            return PlainTextResponse("Sign in first.\n", 401)
        after = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return _Stream(hub, Seat(viewer, lambda: look(request)), after)

    return Route("/live", live, methods=["GET"])


class _Stream(Response):
    """An answer that lasts as long as its seat: one task, woken only when there is something to send."""

    def __init__(self, hub: Hub, seat: Seat, after: str) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"}, media_type="text/event-stream")
        del self.headers["content-length"]
        self._hub, self._seat, self._after = hub, seat, after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        watch = asyncio.create_task(self._watch(receive))
        try:
            await self._hub.join(self._seat, self._after)
            while (piece := await self._seat.take()) or not self._seat.gone:
                if piece:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._hub.leave(self._seat)
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._seat.leave()
