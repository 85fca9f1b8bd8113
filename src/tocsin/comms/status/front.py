"""The addresses of the status page: a plain ASGI application in front of all others, which answers from memory.

It reads no cookie, asks no database and waits for nobody. What is not in memory (an incident of last year, a subscription) goes on to the
application behind it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.comms.status.publisher import Publisher, Served
from tocsin.engine.clock import Clock
from tocsin.web.security import POLICY

logger = logging.getLogger(__name__)

_ROOT: Final = "/status"
_SAFE: Final = ("GET", "HEAD")
_CACHED: Final = b"public, max-age=15, stale-while-revalidate=60, stale-if-error=86400"
_GUARDS: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
)
_CORS: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-expose-headers", b"etag"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_OPEN: Final = ("/status/api/", "/status/history.")
"""What pages of other sites may read: there is no secret in it, and no session counts here."""


class StatusFront:
    """Answers the status page, and passes everything else on."""

    def __init__(self, app: ASGIApp, publisher: Publisher, clock: Clock) -> None:
        self._app = app
        self._publisher = publisher
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is for the status page; pass others on."""
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(_ROOT):
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method == "OPTIONS" and path.startswith(_OPEN):
            await _send(send, 204, [*_CORS, (b"access-control-max-age", b"86400")], b"")
            return
        if self._publisher.outdated if self._clock.virtual else self._publisher.board is None:
            # Nothing runs by itself on a set clock: whoever looks makes the page. On any other only the first moments are so.
            try:
                await asyncio.to_thread(self._publisher.make)
            except Exception:  # whatever it is, the page as it was is better than none
                logger.exception("the status page could not be made anew")
        if method not in _SAFE:
            await self._app(scope, receive, send)
            return
        path = path.rstrip("/")
        found = self._publisher.answer(path)
        if found is None:
            await self._app(scope, receive, send)
            return
        await _answer(scope, send, found, method == "HEAD")


async def _answer(scope: Scope, send: Send, found: Served, head: bool) -> None:
    given: dict[bytes, bytes] = dict(scope["headers"])
    headers = [(b"etag", found.tag), (b"cache-control", _CACHED), (b"vary", b"accept-encoding"), *_GUARDS]
    if scope["path"].startswith(_OPEN):
        headers += _CORS
    if found.tag in (part.strip().removeprefix(b"W/") for part in given.get(b"if-none-match", b"").split(b",")):
        await _send(send, 304, headers, None)
        return
    body = found.body
    if found.packed and b"gzip" in given.get(b"accept-encoding", b""):
        body = found.packed
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-type", found.media.encode()))
    await _send(send, found.status, headers, body, head=head)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes | None, *, head: bool = False) -> None:
    if body is not None:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body or b""})
