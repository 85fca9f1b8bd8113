"""What every page has beside its content: light or dark, and the menu with its figures."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import NotAllowed, Refused
from tocsin.web.layout import Shell, Visit, go, local_path, read_form
from tocsin.web.security import check_form
from tocsin.web.themes import COOKIE, THEMES

_YEAR: Final = 365 * 24 * 3600


def routes(shell: Shell) -> list[Route]:
    """Return the form that sets the colours (scripts set the cookie themselves), and the menu."""

    async def choose(request: Request) -> Response:
        try:
            fields, _ = await read_form(request)
            check_form(request, shell.runtime, fields)
        except NotAllowed as refusal:
            return shell.problem(request, refusal)
        theme = fields.get("theme", "")
        if theme and theme not in THEMES:
            return shell.problem(request, Refused(f"There are no colours called {theme!r}.", fix="Choose light, dark or the device's own."))
        answer = go(local_path(fields.get("after", "/")))
        if theme:
            answer.set_cookie(COOKIE, theme, max_age=_YEAR, path="/", samesite="lax", secure=request.url.scheme == "https")
        else:
            answer.delete_cookie(COOKIE, path="/", samesite="lax")
        return answer

    async def menu(visit: Visit) -> Response:
        """Show the menu alone, as the page at ``?here=`` has it: its figures change while a page of something else is open."""
        return shell.page(visit, "web/nav.html", {"here": local_path(visit.query.get("here", "/"))})

    async def offline(request: Request) -> Response:
        """Give the page that a browser keeps for when it has no connection; it is the same for everybody."""
        answer = shell.render(request, "web/offline.html")
        answer.headers["cache-control"] = "public, max-age=3600"
        return answer

    return [Route("/theme", choose, methods=["POST"]), shell.get("/nav", menu), Route("/offline", offline, methods=["GET"])]
