"""The page that a message's link opens: on a telephone, half awake, with one button.

The link is the proof: whoever has it may answer for that one page as that one person, without signing in, until it runs out. Opening it changes nothing,
for mail scanners, previews and prefetching open links too; only a POST does. Nothing leads out of it with its address (no referrer), no search engine
keeps it, no other site can frame it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Actor, Command
from tocsin.paging import commands as c
from tocsin.paging.links import Link, has_run_out, verify
from tocsin.paging.messages import following, nobody_called
from tocsin.paging.page import Page
from tocsin.paging.queries import last_resort
from tocsin.people import names_queries
from tocsin.web.endpoints import json_response
from tocsin.web.layout import Shell
from tocsin.web.problems import respond

_PRIVATE: Final = {
    "referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow", "cache-control": "no-store, private", "x-frame-options": "DENY",
}  # fmt: skip
_CORS: Final = {"access-control-allow-origin": "*"}
"""The web application of an ntfy server acknowledges from another origin. No cookie counts here: the address is the whole proof."""
_SEE_OTHER: Final = 303
_WAYS: Final = {
    "email": "the mail", "sms": "the text message", "voice": "the call", "push": "the notification", "ntfy": "the notification",
}  # fmt: skip


class RunOut(Refused):
    """The link was ours, and answers no more."""

    status = 410
    code = "link_run_out"


def routes(shell: Shell, key: Callable[[], bytes]) -> list[Route]:
    """Return the routes below ``/a/``. key: what links are signed with."""
    runtime = shell.runtime

    def read(request: Request) -> Link:
        link = verify(request.path_params["token"], key())
        if link is None:
            raise NotFound(
                "This link is not one of ours, or a part of it was lost on the way.",
                fix="Open the whole link of the message, or sign in and look at the open pages.",
            )
        if has_run_out(link, runtime.clock.now()):
            raise RunOut("This link has run out: it answers for two days.", fix="Sign in to see what became of the page.")
        return link

    def open_(request: Request) -> tuple[Link, Page]:
        link = read(request)
        page: Page = runtime.state("page", link.page)
        return link, page

    def beside(link: Link, page: Page) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return the installation's last resort, and what those are called whom the page shows."""
        with runtime.reading() as reader:
            people = (link.person, *(one.person for one in page.acknowledged), page.resolved.person if page.resolved else "")
            return last_resort(reader), names_queries.names_of(reader, people)

    async def show(request: Request) -> Response:
        try:
            link, page = await asyncio.to_thread(open_, request)
            last, names = await asyncio.to_thread(beside, link, page)
        except Refused as refusal:
            return _private(shell.render(request, "paging/link.html", {"refusal": refusal, "page": None}, status=refusal.status))
        return _private(
            shell.render(
                request,
                "paging/link.html",
                {"refusal": None, **view(link, page, last), "names": names, "token": request.path_params["token"]},
            )
        )

    def act(make: Callable[[Link], Command]) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            html = "text/html" in request.headers.get("accept", "")
            try:
                link, _page = await asyncio.to_thread(open_, request)
                done = await runtime.commit("page", link.page, make(link), Actor("person", link.person, via=f"link:{link.via}"))
            except Refused as refusal:
                if html:
                    return _private(shell.render(request, "paging/link.html", {"refusal": refusal, "page": None}, status=refusal.status))
                return _private(respond(refusal), _CORS)
            if html:
                return _private(RedirectResponse(f"/a/{request.path_params['token']}", _SEE_OTHER))
            return _private(json_response(done), _CORS)

        return handle

    def acknowledge(link: Link) -> Command:
        return c.AcknowledgePage(link.person, via=link.via)

    def escalate(link: Link) -> Command:
        return c.EscalatePage(why=f"{link.person} asked for it")

    return [
        Route("/a/{token}", show, methods=["GET"]),
        Route("/a/{token}/acknowledge", act(acknowledge), methods=["POST"]),
        Route("/a/{token}/escalate", act(escalate), methods=["POST"]),
    ]


def view(link: Link, page: Page, last: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what the page shows: how it stands for this person, and what happens next. last: the last resort of the installation."""
    carries = page.carries
    mine = any(one.person == link.person for one in page.acknowledged)
    facts = [("Value", carries.value), ("Threshold", carries.threshold), ("Service", page.service), ("Incident", page.incident)]
    links = [("Dashboard", carries.dashboard), ("Runbook", carries.runbook)]
    return {
        "nobody": nobody_called(page) if page.unanswered else "",
        "page": page, "person": link.person, "mine": mine, "others": [one for one in page.acknowledged if one.person != link.person],
        "facts": [(label, value) for label, value in facts if value], "next": following(page, last_resort=last) if page.state == "open" else "",
        "links": [(label, url) for label, url in links if url.startswith(("https://", "http://"))], "way": _WAYS.get(link.via, "the message"),
    }  # fmt: skip


def _private(response: Response, more: dict[str, str] | None = None) -> Response:
    response.headers.update({**_PRIVATE, **(more or {})})
    return response
