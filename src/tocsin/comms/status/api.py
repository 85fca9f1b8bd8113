"""The API of the status page for the people of the house. The page's own JSON is public and lies below ``/status/api/v2/``."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, Literal

import msgspec

from tocsin.comms.status import model as m
from tocsin.comms.status import notice, queries, shapes
from tocsin.comms.status import subscriber as s
from tocsin.comms.status.publisher import Publisher
from tocsin.engine.model import moment
from tocsin.services.model import SetComponent
from tocsin.web.endpoints import Asked, Endpoint, limit_of


class InviteSubscriber(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask somebody whether they want to be told: a mail address or a webhook. They confirm it themselves."""

    address: str
    way: Literal["email", "webhook"] = "email"
    contact: str = ""
    components: tuple[str, ...] = ()
    """Public ids of components; none: all."""


def endpoints(publisher: Publisher) -> list[Endpoint]:
    """Return the endpoints."""

    async def page(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                found = queries.settings(reader)
                return {
                    **msgspec.structs.asdict(found.saved), "version": found.version, "url": publisher.base,
                    "components": [
                        {**msgspec.structs.asdict(one), "id": one.id, "hidden": one.service in found.saved.hidden} for one in queries.components(reader)
                    ],
                    "set_by_hand": [one for one in found.overrides if one.since <= reader.now < one.until],
                    "subscribers": queries.subscriber_counts(reader),
                }  # fmt: skip

        return await asyncio.to_thread(work)

    async def shown(asked: Asked) -> Any:
        await asyncio.to_thread(publisher.make)
        assert publisher.board is not None
        return shapes.documents(publisher.board, publisher.base)["summary.json"]

    def on_page(body: type[Any]) -> Any:
        async def handle(asked: Asked) -> Any:
            return await asked.runtime.commit("status_page", m.PAGE, asked.body, asked.actor, asked.key, asked.fingerprint)

        return handle, body

    async def component(asked: Asked) -> Any:
        return await asked.runtime.commit("service", asked.path["id"], asked.body, asked.actor, asked.key, asked.fingerprint)

    def of_incident(command: Any) -> Any:
        async def handle(asked: Asked) -> Any:
            await asyncio.to_thread(asked.runtime.state, "notice", asked.path["id"])
            given = asked.body if asked.body is not None else command()
            await asked.runtime.commit("notice", asked.path["id"], given, asked.actor, asked.key, asked.fingerprint)
            return {"incident": asked.path["id"]}

        return handle

    async def listed(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            limit = limit_of(asked, queries.DEFAULT_LIMIT, queries.MOST)
            query = asked.query
            with asked.runtime.reading() as reader:
                rows = queries.list_subscribers(
                    reader, state=query.get("state", ""), way=query.get("way", ""), sought=query.get("text", ""), after=query.get("after", ""), limit=limit,
                )  # fmt: skip
                return {
                    "subscribers": [shown_row(row) for row in rows], "counts": queries.subscriber_counts(reader),
                    "next": rows[-1].id if len(rows) == limit else None,
                }  # fmt: skip

        return await asyncio.to_thread(work)

    async def invited(asked: Asked) -> Any:
        return await invite(asked.runtime, asked.body)

    def managed(command: type[Any]) -> Any:
        async def handle(asked: Asked) -> Any:
            return await asked.runtime.enter(s.STREAM, s.Manage(asked.path["id"], command(), str(asked.actor)))

        return handle

    save, clear, set_ = (on_page(body) for body in (m.SaveStatusPage, m.ClearComponentState, m.SetComponentState))
    tag: Any = {"tag": "status"}
    return [
        Endpoint("GET", "/status-page", "The status page: its texts, components, states set by hand, how many subscribe", page, **tag),
        Endpoint("GET", "/status-page/shown", "What the public sees now, as Statuspage's summary.json", shown, **tag),
        Endpoint("POST", "/status-page", "Write down the status page", save[0], save[1], needs="manager", **tag),
        Endpoint("POST", "/status-page/states", "Set a component's state by hand, until a time", set_[0], set_[1], needs="responder", **tag),
        Endpoint("POST", "/status-page/states/clear", "Let a component's state be computed again", clear[0], clear[1], needs="responder", **tag),
        Endpoint("POST", "/status-page/components/{id}", "Say what the page shows of a service", component, SetComponent, needs="manager", **tag),
        Endpoint("POST", "/status-page/incidents/{id}/hide", "Take an incident off the page", of_incident(notice.HideNotice), notice.HideNotice, needs="responder", **tag),
        Endpoint("POST", "/status-page/incidents/{id}/show", "Put an incident back on the page", of_incident(notice.ShowNotice), None, needs="responder", **tag),
        Endpoint(
            "GET", "/status-page/subscribers", "Who subscribed, the newest first", listed, needs="manager", **tag,
            query=(("state", "active, pending, stopped"), ("way", "email, webhook"), ("text", "A part of the address"), ("after", "Id of the last one seen"), ("limit", "At most 500")),
        ),
        Endpoint("POST", "/status-page/subscribers", "Ask somebody whether they want to be told", invited, InviteSubscriber, 202, needs="manager", **tag),
        Endpoint("POST", "/status-page/subscribers/{id}/remove", "Remove a subscriber; the address is deleted", managed(s.Leave), None, needs="manager", **tag),
        Endpoint("POST", "/status-page/subscribers/{id}/enable", "Try a subscriber that was stopped again", managed(s.Enable), None, needs="manager", **tag),
    ]  # fmt: skip


async def invite(runtime: Any, body: InviteSubscriber) -> dict[str, Any]:
    """Have a confirmation sent to an address.

    Raises:
        Refused: it is no address that we send to.

    """
    entry = s.Subscribe(secrets.token_hex(8), secrets.token_urlsafe(32), body.way, body.address, body.contact, body.components)
    taken: dict[str, Any] = await runtime.enter(s.STREAM, entry)
    return {"subscriber": taken["subscriber"], "new": taken["new"]} | (
        {"secret": entry.secret} if body.way == "webhook" and taken["new"] else {}
    )


def shown_row(row: s.Row) -> dict[str, Any]:
    """Return a subscriber for managers; without the secret."""
    return {
        "id": row.id, "way": row.way, "address": row.address, "contact": row.contact, "components": row.components, "state": row.state,
        "created_at": moment(row.created_at), "confirmed_at": moment(row.confirmed_at) if row.confirmed_at else None, "failures": row.failures,
        "failed_at": moment(row.failed_at) if row.failed_at else None, "why": row.why,
    }  # fmt: skip
