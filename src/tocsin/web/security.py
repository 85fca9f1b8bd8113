"""What protects the pages: headers on every answer, and proof that a form came from a page of ours."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.engine import limits
from tocsin.engine.errors import NotAllowed, Refused
from tocsin.engine.runtime import Runtime
from tocsin.web.endpoints import COOKIE
from tocsin.web.problems import respond

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)
"""Nothing inline, nothing from another host."""
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_ENTRANCES: Final = ("/sign-in", "/sign-out", "/setup", "/password/")
FORM_TOKEN: Final = "csrf"  # noqa: S105 (the name of a field)


class SecurityHeaders:
    """Adds the headers to every answer, and refuses what another site makes a signed-in browser send."""

    def __init__(self, app: ASGIApp, public_url: str = "") -> None:
        """public_url: under which people reach this server; a proxy may have put another name into the request."""
        self._app = app
        self._ours = urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if limits.NUL in scope["path"] or b"%00" in scope["query_string"]:
            refused = respond(Refused("The address has a NUL character.", fix="Take `%00` out of it."))
            await refused(scope, receive, guarded)
            return
        if _from_elsewhere(scope, self._ours):
            refusal = PlainTextResponse("Another site sent this in your name. Nothing was done; open Tocsin itself and do it there.\n", 403)
            await refusal(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)


def _another_origin(headers: dict[bytes, Any], ours: str) -> bool:
    """Tell whether a page of another host sent this. ours: host and port under which people reach this server, where that is set."""
    origin = headers.get(b"origin", b"").decode("latin-1")
    if origin in ("", "null"):  # no browser's form, or one that hides where it comes from: then no cookie came from another site
        return False
    sent_by = urlsplit(origin).netloc.casefold()
    return sent_by not in (headers.get(b"host", b"").decode("latin-1").casefold(), ours.casefold())


def _from_elsewhere(scope: Scope, ours: str) -> bool:
    if scope["method"] in _SAFE:
        return False
    headers: dict[bytes, Any] = dict(scope["headers"])
    site = headers.get(b"sec-fetch-site")
    # Browsers say the site over https and on this machine only; over plain http the origin has to do.
    if site not in (b"cross-site", b"same-site") and (site is not None or not _another_origin(headers, ours)):
        return False
    # Without a cookie another site could still sign a browser in as somebody of its own choice, who would then write into that account.
    return b"cookie" in headers or scope["path"].startswith(_ENTRANCES)


def form_token(request: Request, runtime: Runtime) -> str:
    """Return what the forms of this browser's pages carry."""
    return runtime.sessions.form_token(request.cookies.get(COOKIE, ""))


def check_form(request: Request, runtime: Runtime, fields: dict[str, str]) -> None:
    """Make sure that a form came from a page that this browser was given.

    Raises:
        NotAllowed: it did not.

    """
    if not runtime.sessions.is_form_token(request.cookies.get(COOKIE, ""), fields.get(FORM_TOKEN, "")):
        raise NotAllowed(
            "This form was not made by a page of this sign-in, so nothing was done.",
            fix="Open the page again and send the form from there; what you typed is still in it.", field=FORM_TOKEN,
        )  # fmt: skip
