"""The public pages that ask the database: subscribing, a subscriber's own page, and history older than what memory holds.

Nobody signs in here. Whoever has the address of a subscription may change it: the address is signed, and was sent to its owner alone. Opening it
changes nothing, for mail scanners open links too.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tocsin.channels.standing import standing_of
from tocsin.comms.status import queries, tokens, views
from tocsin.comms.status import subscriber as s
from tocsin.comms.status.board import Board, incident_view
from tocsin.comms.status.names import public_id
from tocsin.comms.status.pace import Pace
from tocsin.comms.status.publisher import Publisher
from tocsin.engine.errors import NotFound, Refused, Unavailable
from tocsin.web.layout import Shell, read_form

_PRIVATE: Final = {"referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow", "cache-control": "no-store, private"}
_OLD: Final = {"cache-control": "public, max-age=300"}
_BY_SENDER: Final = 10
"""Subscriptions that one address of the network may ask for in an hour."""
_BY_ALL: Final = 120
"""Subscriptions that everybody together may ask for in a minute."""
_HOUR: Final = 3600.0
_MINUTE: Final = 60.0
_MONTH: Final = 7
_TRAP: Final = "website"
"""A field that no person sees; a program that fills it in is thanked and forgotten."""


class TooOften(Refused):
    """Somebody asks too often."""

    status = 429
    code = "too_often"


def routes(shell: Shell, publisher: Publisher, key: Callable[[], bytes]) -> list[Route]:
    """Return the routes below ``/status``. key: what addresses of subscriptions are signed with."""
    pages = _Pages(shell, publisher, key)
    return [
        Route("/status/subscribe", pages.guarded(pages.form), methods=["GET"]),
        Route("/status/subscribe", pages.guarded(pages.subscribe), methods=["POST"]),
        Route("/status/subscription/{token}", pages.guarded(pages.subscription), methods=["GET"]),
        Route("/status/subscription/{token}", pages.guarded(pages.change), methods=["POST"]),
        Route("/status/history/{month}", pages.guarded(pages.month), methods=["GET"]),
        Route("/status/incidents/{id}", pages.guarded(pages.incident), methods=["GET"]),
    ]


class _Pages:
    def __init__(self, shell: Shell, publisher: Publisher, key: Callable[[], bytes]) -> None:
        self._shell = shell
        self._runtime = shell.runtime
        self._publisher = publisher
        self._key = key
        self._by_sender = Pace(_BY_SENDER, _HOUR)
        self._by_all = Pace(_BY_ALL, _MINUTE)

    def guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Return a handler whose refusals are pages in the words of the public."""

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except Refused as refusal:
                if self._publisher.board is None:
                    return HTMLResponse("This page is not ready yet. Try again in a moment.\n", 503, {"retry-after": "5"})
                return self._page("comms/status_subscription.html", {"refusal": refusal}, refusal.status, _PRIVATE)

        return handle

    def _board(self) -> Board:
        board = self._publisher.board
        if board is None:
            raise Unavailable("The status page is not ready yet.", fix="Try again in a moment.")
        if not board.page.saved.on:
            raise NotFound("This status page is off.", fix="Whoever runs it can switch it on.")
        return board

    def _page(self, template: str, values: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] = _OLD) -> Response:
        everywhere = {
            "board": self._publisher.board, "base": self._publisher.base, "problem": None, "refusal": None, "left": False, "saved": False, "row": None,
            "most_failures": s.MOST_FAILURES,
        }  # fmt: skip
        text = self._shell.templates.get_template(template).render({**everywhere, **values})
        return HTMLResponse(text, status, dict(headers))

    # -- subscribing ------------------------------------------------------------------------------

    def _open(self) -> Board:
        board = self._board()
        if not board.page.saved.subscribing:
            raise NotFound("This page takes no subscriptions.", fix="Use its feeds: /status/history.rss or /status/history.atom.")
        return board

    async def form(self, request: Request) -> Response:
        """Show the ways to be told."""
        self._open()
        return self._form({"way": request.query_params.get("way", ""), "address": "", "contact": "", "components": []})

    def _form(self, typed: Mapping[str, Any], problem: Refused | None = None, **more: Any) -> Response:
        mail = self._runtime.channels.get("status_email")
        values = {
            "typed": typed,
            "problem": problem,
            "done": "",
            "secret": "",
            "manage": "",
            "mail": mail is not None and standing_of(mail).ready,
            **more,
        }
        return self._page("comms/status_subscribe.html", values, problem.status if problem else 200, _PRIVATE)

    async def subscribe(self, request: Request) -> Response:
        """Take somebody in who wants to be told; what is answered is the same whether the address is known or not."""
        board = self._open()
        fields, lists = await read_form(request)
        way: s.Way = "webhook" if fields.get("way") == "webhook" else "email"
        components = tuple(one for one in lists.get("component", []) if one in {view.id for view in board.components})
        typed: dict[str, Any] = {
            "way": way,
            "address": fields.get("address", ""),
            "contact": fields.get("contact", ""),
            "components": components,
        }
        fresh = s.Subscribe(secrets.token_hex(8), secrets.token_urlsafe(32), way, typed["address"], typed["contact"], components)
        try:
            self._count(request)
            if fields.get(_TRAP):
                return self._form(typed, done=way)
            taken = await self._runtime.enter(s.STREAM, fresh)
        except Refused as refusal:
            return self._form(typed, refusal)
        if way == "webhook" and taken["new"]:
            manage = f"/status/subscription/{tokens.sign(taken['subscriber'], self._key())}"
            return self._form(typed, done=way, secret=fresh.secret, manage=manage)
        return self._form(typed, done=way)

    def _count(self, request: Request) -> None:
        now = time.monotonic()
        sender = request.client.host if request.client else ""
        wait = max(self._by_sender.wait(sender, now), self._by_all.wait("", now))
        if wait:
            raise TooOften("Too many subscriptions were asked for from here.", fix=f"Try again in {max(1, round(wait / _MINUTE))} minutes.")

    # -- a subscription ---------------------------------------------------------------------------

    async def _found(self, request: Request) -> s.Row:
        name = tokens.verify(request.path_params["token"], await asyncio.to_thread(self._key))
        if not name:
            raise NotFound("This link is not one of ours, or a part of it was lost on the way.", fix="Open the whole link of the mail.")

        def work() -> s.Row | None:
            with self._runtime.reading() as reader:
                return queries.subscriber(reader, name)

        row = await asyncio.to_thread(work)
        if row is None:
            raise s.gone()
        return row

    async def subscription(self, request: Request) -> Response:
        """Show a subscription with what can be done about it."""
        self._board()
        row = await self._found(request)
        return self._subscription(row, saved="saved" in request.query_params)

    def _subscription(self, row: s.Row, **more: Any) -> Response:
        address = row.address if row.way == "email" else row.address.split("?", 1)[0]
        return self._page("comms/status_subscription.html", {"row": row, "address": address, **more}, 200, _PRIVATE)

    async def change(self, request: Request) -> Response:
        """Confirm, choose, start again or leave. A mail program that posts ``List-Unsubscribe=One-Click`` leaves (RFC 8058)."""
        board = self._board()
        row = await self._found(request)
        fields, lists = await read_form(request)
        do = "leave" if fields.get("List-Unsubscribe") else fields.get("do", "")
        match do:
            case "confirm":
                command: Any = s.Confirm()
            case "choose":
                command = s.Choose(tuple(one for one in lists.get("component", []) if one in {view.id for view in board.components}))
            case "enable":
                command = s.Enable()
            case "leave":
                command = s.Leave()
            case _:
                raise Refused("The form says nothing.", fix="Open the page again and press one of its buttons.")
        if isinstance(command, s.Enable):
            self._count(request)
        await self._runtime.enter(s.STREAM, s.Manage(row.id, command))
        if isinstance(command, s.Leave):
            return self._page("comms/status_subscription.html", {"left": True}, 200, _PRIVATE)
        return self._subscription(await self._found(request), saved=do in ("confirm", "choose"))

    # -- what memory does not hold ----------------------------------------------------------------

    async def month(self, request: Request) -> Response:
        """Show the incidents of one month."""
        board = self._board()
        text = request.path_params["month"]
        try:
            begin = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC) if len(text) == _MONTH else None
        except ValueError:
            begin = None
        if begin is None or begin.year < 1970 or begin > board.at:  # noqa: PLR2004 (the first year that the record knows)
            raise NotFound("There is no such month.", fix="Write it like 2025-10.")
        values = await asyncio.to_thread(self._month, board, begin)
        return self._page("comms/status_history.html", values)

    def _month(self, board: Board, begin: datetime) -> dict[str, Any]:
        with self._runtime.reading() as reader:
            until = views.first_of(begin + timedelta(days=32))
            notices = queries.notices_between(reader, begin, until)
            names = {one.service: one for one in board.components}
            texts = self._publisher.texts(reader, notices)
            shown = [view for one in notices if (view := incident_view(one, names, texts, reader.now)) is not None]
            return views.month(board, shown, begin, queries.first_month(reader))

    async def incident(self, request: Request) -> Response:
        """Show one incident that is older than what memory holds."""
        board = self._board()
        wanted = request.path_params["id"]

        def work() -> dict[str, Any]:
            with self._runtime.reading() as reader:
                notice = queries.notice_by_public_id(reader, wanted) if len(wanted) == len(public_id("")) else None
                names = {one.service: one for one in board.components}
                view = incident_view(notice, names, self._publisher.texts(reader, [notice]), reader.now) if notice is not None else None
            if view is None:
                raise NotFound("There is no such incident on this page.", fix="The history lists what there was.")
            return views.incident(board, view)

        return self._page("comms/status_incident.html", await asyncio.to_thread(work))
