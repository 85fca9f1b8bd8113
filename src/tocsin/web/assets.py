"""The files that pages load: style sheets, scripts, icons. Each has the hash of its content in its address, so that it is never stale."""

from __future__ import annotations

import gzip
import hashlib
from importlib import resources
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_SMALL: Final = 400
"""Bytes below which packing gains nothing."""


class _File(msgspec.Struct, frozen=True):
    content: bytes
    packed: bytes
    """The same, packed by gzip once at the start; empty where that gains nothing."""
    media: str

    def answer(self, request: Request, **headers: str) -> Response:
        found = {"content-type": self.media, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if not self.packed:
            return Response(self.content, headers=found)
        found["vary"] = "Accept-Encoding"
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.packed, headers={**found, "content-encoding": "gzip"})
        return Response(self.content, headers=found)


class Assets:
    """The static files of the wheel, read and packed once."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._files: dict[str, _File] = {}
        static = resources.files("tocsin.web").joinpath("static")
        for entry in sorted((*static.iterdir(), *static.joinpath("vendor").iterdir()), key=lambda one: one.name):
            stem, _, kind = entry.name.rpartition(".")
            if kind not in _TYPES:
                continue
            content = entry.read_bytes()
            name = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{kind}"
            self._names[entry.name] = name
            packed = b"" if kind == "png" or len(content) < _SMALL else gzip.compress(content, 9, mtime=0)
            self._files[name] = _File(content, packed, _TYPES[kind])
        self.digest = hashlib.sha256(" ".join(self._files).encode()).hexdigest()[:8]
        """Changes whenever a file does."""

    def url(self, name: str) -> str:
        """Return the address of a file, such as ``/static/base.0123456789ab.css``."""
        return f"/static/{self._names[name]}"

    def routes(self) -> list[Route]:
        """Return the public route of the files, and those whose address must not change: the icons and the service worker."""

        async def static(request: Request) -> Response:
            found = self._files.get(request.path_params["name"])
            if found is None:
                return PlainTextResponse("There is no such file. Reload the page.\n", 404)
            return found.answer(request, cache_control=_FOR_EVER)

        async def icon(request: Request) -> Response:
            return self._files[self._names["icon.svg"]].answer(request, cache_control="public, max-age=86400")

        def plain(name: str) -> Route:
            async def file(request: Request) -> Response:
                # The service worker's address never changes, so that the browser asks for it anew; what it may show is the whole site.
                return self._files[self._names[name]].answer(request, cache_control="no-cache", service_worker_allowed="/")

            return Route(f"/{name}", file)

        named = [plain(name) for name in ("sw.js", "icon-180.png", "icon-192.png", "icon-512.png")]
        return [Route("/static/{name}", static), Route("/favicon.ico", icon), *named]
