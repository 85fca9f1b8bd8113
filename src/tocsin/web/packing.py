"""Packs answers by gzip on their way out. Streams pass as they are, so that a live feed is never held back."""

from __future__ import annotations

import asyncio
import gzip
import io
import secrets
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SMALL: Final = 600
"""Bytes below which packing gains nothing."""
_LARGE: Final = 64_000
"""Bytes from which on a thread packs, so that nobody else waits."""
_LEVEL: Final = 5
_PACKED: Final = ("text/html", "text/css", "text/csv", "text/plain", "text/calendar", "text/javascript", "image/svg+xml")
_ENDINGS: Final = ("json", "xml")
_NEVER: Final = "text/event-stream"
_LONGEST_PAD: Final = 24


class Packing:
    """Packs what comes as one piece, is text, and goes to a client that can unpack it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["method"] == "HEAD" or "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def packed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _may_pack(message):
                start = message  # held until it is known whether the body comes in one piece
                return
            if start is None or message["type"] != "http.response.body":
                await send(message)
                return
            begun, start = start, None
            body = message.get("body", b"")
            headers = MutableHeaders(scope=begun)
            headers.add_vary_header("Accept-Encoding")
            if not message.get("more_body") and len(body) >= _SMALL:
                body = await asyncio.to_thread(pack, body) if len(body) >= _LARGE else pack(body)
                headers["content-encoding"] = "gzip"
                headers["content-length"] = str(len(body))
                message = {**message, "body": body}
            await send(begun)
            await send(message)

        await self._app(scope, receive, packed)


def pack(body: bytes) -> bytes:
    """Return the body packed. A name of random length in its head blurs the size, from which a page's secrets could be guessed otherwise."""
    kept = io.BytesIO()
    with gzip.GzipFile(
        filename="x" * (1 + secrets.randbelow(_LONGEST_PAD)), mode="wb", compresslevel=_LEVEL, fileobj=kept, mtime=0
    ) as file:
        file.write(body)
    return kept.getvalue()


def _may_pack(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    media = headers.get("content-type", "").partition(";")[0].strip()
    return "content-encoding" not in headers and media != _NEVER and (media in _PACKED or media.endswith(_ENDINGS))
