"""The files that pages load: style sheets, scripts, icons. Each has the hash of its content in its address, so that it is never stale."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import Final

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


class Assets:
    """The static files of the wheel, read once."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._files: dict[str, tuple[bytes, str]] = {}
        static = resources.files("tocsin.web").joinpath("static")
        for entry in (*static.iterdir(), *static.joinpath("vendor").iterdir()):
            stem, _, kind = entry.name.rpartition(".")
            if kind not in _TYPES:
                continue
            content = entry.read_bytes()
            name = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{kind}"
            self._names[entry.name] = name
            self._files[name] = (content, _TYPES[kind])

    def url(self, name: str) -> str:
        """Return the address of a file, such as ``/static/base.0123456789ab.css``."""
        return f"/static/{self._names[name]}"

    def routes(self) -> list[Route]:
        """Return the public route of the files, and those whose address must not change: the icons and the service worker."""

        async def static(request: Request) -> Response:
            found = self._files.get(request.path_params["name"])
            if found is None:
                return PlainTextResponse("There is no such file. Reload the page.\n", 404)
            return Response(found[0], headers={"cache-control": _FOR_EVER, "content-type": found[1]})

        async def icon(_request: Request) -> Response:
            content, kind = self._files[self._names["icon.svg"]]
            return Response(content, headers={"cache-control": "public, max-age=86400", "content-type": kind})

        def plain(name: str) -> Route:
            async def file(_request: Request) -> Response:
                content, kind = self._files[self._names[name]]
                # The service worker's address never changes, so that the browser asks for it anew; what it may show is the whole site.
                return Response(content, headers={"cache-control": "no-cache", "content-type": kind, "service-worker-allowed": "/"})

            return Route(f"/{name}", file)

        named = [plain(name) for name in ("sw.js", "icon-180.png", "icon-192.png", "icon-512.png")]
        return [Route("/static/{name}", static), Route("/favicon.ico", icon), *named]
