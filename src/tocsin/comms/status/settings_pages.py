"""The settings of the status page: its texts, its components and their order, states set by hand, what is taken off it, who subscribed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.channels.standing import standing_of
from tocsin.comms.status import api, notice, queries
from tocsin.comms.status import model as m
from tocsin.comms.status import subscriber as s
from tocsin.comms.status.publisher import Publisher
from tocsin.comms.status.vocabulary import ORDER, WORDS
from tocsin.engine.errors import Refused
from tocsin.people.rights import at_least
from tocsin.playbooks.durations import Duration
from tocsin.services.model import SetComponent
from tocsin.services.queries import list_services
from tocsin.web.layout import Shell, Visit, go

HERE: Final = "/settings/status"
SUBSCRIBERS: Final = "/settings/subscribers"
_PAGE: Final = 50
_RECENT: Final = timedelta(days=30)


def routes(shell: Shell, publisher: Publisher) -> list[Route]:
    """Return the routes."""
    pages = _Pages(shell, publisher)
    return [
        shell.get(HERE, pages.show),
        shell.post(HERE, pages.form(pages.save), needs="manager"),
        shell.post(f"{HERE}/component", pages.form(pages.component), needs="manager"),
        shell.post(f"{HERE}/order", pages.form(pages.order), needs="manager"),
        shell.post(f"{HERE}/state", pages.form(pages.state), needs="responder"),
        shell.post(f"{HERE}/clear", pages.form(pages.clear), needs="responder"),
        shell.post(f"{HERE}/incident", pages.form(pages.incident), needs="responder"),
        shell.get(SUBSCRIBERS, pages.subscribers, needs="manager"),
        shell.post(SUBSCRIBERS, pages.invite, needs="manager"),
        shell.post(f"{SUBSCRIBERS}/remove", pages.remove, needs="manager"),
        shell.post(f"{SUBSCRIBERS}/enable", pages.enable, needs="manager"),
    ]


class _Pages:
    def __init__(self, shell: Shell, publisher: Publisher) -> None:
        self._shell = shell
        self._publisher = publisher

    # -- the page ---------------------------------------------------------------------------------

    async def show(self, visit: Visit) -> Response:
        """Show the settings."""
        return await self._show(visit)

    async def _show(self, visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(self._values, visit)
        values |= {"problem": problem, "typed": visit.form if problem else {}}
        return self._shell.page(visit, "comms/settings_status.html", values, status=problem.status if problem else 200)

    def _values(self, visit: Visit) -> dict[str, Any]:
        with visit.runtime.reading() as reader:
            page = queries.settings(reader)
            components = queries.components(reader)
            place = {service: number for number, service in enumerate(page.saved.order)}
            components.sort(key=lambda one: (place.get(one.service, len(place)), one.name.casefold()))
            taken = {one.service for one in components}
            notices = queries.recent_notices(reader, reader.now - _RECENT)
            rows = [
                {
                    "service": one.service, "name": one.name, "group": one.group, "about": one.about, "id": one.id, "hidden": one.service in page.saved.hidden,
                    "override": page.override_at(one.service, reader.now),
                }
                for one in components
            ]  # fmt: skip
            others = [row for row in list_services(reader) if row["id"] not in taken]
            counts = queries.subscriber_counts(reader)
        if self._publisher.outdated:
            self._publisher.make()
        states = {one.service: one.state for one in self._publisher.board.components} if self._publisher.board else {}
        mail = visit.runtime.channels.get("status_email")
        return {
            "page": page.saved, "components": rows, "others": others, "states": states, "words": WORDS, "order": ORDER, "counts": counts,
            "notices": notices, "may": at_least(visit.viewer.role, "manager"), "may_set": at_least(visit.viewer.role, "responder"),
            "mail": standing_of(mail) if mail is not None else None, "url": self._publisher.base,
        }  # fmt: skip

    def form(self, handler: Callable[[Visit], Awaitable[None]]) -> Callable[[Visit], Awaitable[Response]]:
        """Return the handler of a form; a refusal shows the page again with what was typed."""

        async def handle(visit: Visit) -> Response:
            try:
                await handler(visit)
            except Refused as refusal:
                return await self._show(visit, refusal)
            return go(HERE + (f"#{quote(visit.form['at'])}" if visit.form.get("at") else ""))

        return handle

    async def _saved(self, visit: Visit) -> m.SaveStatusPage:
        def work() -> m.SaveStatusPage:
            with visit.runtime.reading() as reader:
                return queries.settings(reader).saved

        return await asyncio.to_thread(work)

    async def _commit(self, visit: Visit, kind: str, record: str, command: Any) -> None:
        await visit.runtime.commit(kind, record, command, visit.actor, visit.key, visit.fingerprint)

    async def save(self, visit: Visit) -> None:
        """Write down name and texts."""
        form = visit.form
        texts = {name: form.get(name, "").strip() for name in ("name", "about", "header", "support_url")}
        for name, most in (("name", 80), ("about", 4000), ("header", 4000), ("support_url", 200)):
            if len(texts[name]) > most:
                raise Refused(f"That is longer than {most} letters.", fix="Make it shorter.", field=name)
        saved = msgspec.structs.replace(
            await self._saved(visit), **texts, on=form.get("on") == "yes", subscribing=form.get("subscribing") == "yes"
        )
        await self._commit(visit, "status_page", m.PAGE, saved)

    async def component(self, visit: Visit) -> None:
        """Name what the public sees of a service, or show it no more."""
        form = visit.form
        service = form.get("service", "").strip()
        if not service:
            raise Refused("No service is chosen.", fix="Choose the service that the component stands for.", field="service")
        name = "" if form.get("do") == "remove" else form.get("name", "").strip()
        if not name and form.get("do") != "remove":
            raise Refused("The component has no name.", fix="Write what readers outside call it.", field="name")
        command = msgspec.convert(
            {"name": name, "group": form.get("group", "").strip(), "about": form.get("about", "").strip()}, SetComponent
        )
        await self._commit(visit, "service", service, command)

    async def order(self, visit: Visit) -> None:
        """Move a component up or down, or hide it."""
        saved = await self._saved(visit)
        service, do = visit.form.get("service", ""), visit.form.get("do", "")
        if do in ("hide", "show"):
            hidden = tuple(one for one in saved.hidden if one != service) + ((service,) if do == "hide" else ())
            await self._commit(visit, "status_page", m.PAGE, msgspec.structs.replace(saved, hidden=hidden))
            return

        def arranged() -> list[str]:
            with visit.runtime.reading() as reader:
                place = {one: number for number, one in enumerate(saved.order)}
                found = sorted(queries.components(reader), key=lambda one: (place.get(one.service, len(place)), one.name.casefold()))
            return [one.service for one in found]

        names = await asyncio.to_thread(arranged)
        if service not in names:
            raise Refused("There is no such component.", fix="Load the page again.", field="service")
        at = names.index(service)
        to = max(0, min(len(names) - 1, at + (-1 if do == "up" else 1)))
        names.insert(to, names.pop(at))
        await self._commit(visit, "status_page", m.PAGE, msgspec.structs.replace(saved, order=tuple(names)))

    async def state(self, visit: Visit) -> None:
        """Set a component's state by hand."""
        form = visit.form
        state = form.get("state", "")
        if state not in ORDER:
            raise Refused("No state is chosen.", fix="Choose what the page shall say.", field="state")
        await self._commit(
            visit, "status_page", m.PAGE, m.SetComponentState(form.get("service", "") or "-", state, form.get("reason", "").strip() or " ", _until(form.get("until", ""), visit.now)),
        )  # fmt: skip

    async def clear(self, visit: Visit) -> None:
        """Let a component's state be computed again."""
        await self._commit(visit, "status_page", m.PAGE, m.ClearComponentState(visit.form.get("service", "") or "-"))

    async def incident(self, visit: Visit) -> None:
        """Take an incident off the page, or put it back."""
        incident = visit.form.get("incident", "")
        await asyncio.to_thread(visit.runtime.state, "notice", incident)
        hide = visit.form.get("do") == "hide"
        await self._commit(visit, "notice", incident, notice.HideNotice(visit.form.get("why", "").strip()) if hide else notice.ShowNotice())

    # -- subscribers ------------------------------------------------------------------------------

    async def subscribers(self, visit: Visit) -> Response:
        """Show who subscribed."""
        return await self._subscribers(visit)

    async def _subscribers(self, visit: Visit, problem: Refused | None = None, **more: Any) -> Response:
        asked = {name: visit.query.get(name, "").strip() for name in ("state", "way", "text")}

        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                rows = queries.list_subscribers(
                    reader, state=asked["state"], way=asked["way"], sought=asked["text"], after=visit.query.get("after", ""), limit=_PAGE,
                )  # fmt: skip
                names = {one.id: one.name for one in queries.components(reader)}
                counts = queries.subscriber_counts(reader)
            used = {name: value for name, value in asked.items() if value}
            older = f"{SUBSCRIBERS}?{urlencode({**used, 'after': rows[-1].id})}" if len(rows) == _PAGE else ""
            return {
                "rows": [{**api.shown_row(row), "heard": [names.get(one, "gone") for one in row.components]} for row in rows], "counts": counts, "asked": asked,
                "older": older, "filtered": bool(used), "invited": "", "secret": "",
            }  # fmt: skip

        values = {**await asyncio.to_thread(work), "problem": problem, "typed": visit.form if problem else {}, **more}
        return self._shell.page(visit, "comms/settings_subscribers.html", values, status=problem.status if problem else 200)

    async def invite(self, visit: Visit) -> Response:
        """Have somebody asked whether they want to be told."""
        way: s.Way = "webhook" if visit.form.get("way") == "webhook" else "email"
        try:
            taken = await api.invite(visit.runtime, api.InviteSubscriber(visit.form.get("address", ""), way))
        except Refused as refusal:
            return await self._subscribers(visit, refusal)
        return await self._subscribers(visit, invited=visit.form.get("address", ""), secret=taken.get("secret", ""))

    async def remove(self, visit: Visit) -> Response:
        """Remove a subscriber and the address."""
        await visit.runtime.enter(s.STREAM, s.Manage(visit.form.get("id", ""), s.Leave(), str(visit.actor)))
        return go(SUBSCRIBERS)

    async def enable(self, visit: Visit) -> Response:
        """Try a subscriber that was stopped again."""
        await visit.runtime.enter(s.STREAM, s.Manage(visit.form.get("id", ""), s.Enable(), str(visit.actor)))
        return go(SUBSCRIBERS)


def _until(text: str, now: datetime) -> datetime:
    """Return the end of a state: a duration from now, or a time.

    Raises:
        Refused: it is neither.

    """
    text = text.strip()
    try:
        return now + Duration.parse(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text.upper().removesuffix("UTC").strip())
    except ValueError as error:
        raise Refused(f"{text!r} is not a time.", fix="Write 2h, or 2026-01-31 14:20 (UTC).", field="until") from error
    return at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
