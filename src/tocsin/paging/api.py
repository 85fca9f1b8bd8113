"""The API of pages and escalation policies."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from tocsin.engine.errors import Refused
from tocsin.paging import commands as c
from tocsin.paging import handlers, queries, views
from tocsin.paging.explain import explain
from tocsin.paging.model import PolicyRecord, Urgency
from tocsin.paging.standing_queries import nobody_stands
from tocsin.paging.watch_model import STREAM_ID, SetPager
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.endpoints import Asked, Endpoint, command, limit_of, moment_of

MOST_WEEKS: Final = 53

_DIGITS: Final = 15
"""Of the longest number of a page."""


def endpoints(shelf: Bookshelf, default_playbook: str) -> list[Endpoint]:
    """Return the endpoints."""

    async def opened(asked: Asked) -> Any:
        return await handlers.open_page(asked.runtime, asked.body, asked.actor, asked.key, asked.fingerprint)

    async def listed(asked: Asked) -> Any:
        after = asked.query.get("after", "")
        if after and not (after.isascii() and after.isdigit() and len(after) <= _DIGITS):
            raise Refused(f"after {after!r} is not the number of a page.", fix="Use `next` of the answer before.", field="after")

        def work() -> dict[str, Any]:
            limit = limit_of(asked, queries.DEFAULT_LIMIT, queries.MOST)
            with asked.runtime.reading() as reader:
                rows = queries.list_pages(
                    reader, asked.viewer, **{name: asked.query.get(name, "") for name in ("state", "person", "incident", "group", "service")},
                    after=int(after or 0), limit=limit,
                )  # fmt: skip
            return {"pages": rows, "next": str(rows[-1]["number"]) if len(rows) == limit else None}

        return await asyncio.to_thread(work)

    async def one(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            page = asked.runtime.state("page", asked.path["id"])
            return views.page_view(page, asked.runtime.facts("page", page.id))

        return await asyncio.to_thread(work)

    async def explained(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            page = asked.runtime.state("page", asked.path["id"])
            with asked.runtime.reading() as reader:
                sent = queries.deliveries_of(reader, page.id)
            return explain(page.id, asked.runtime.facts("page", page.id), sent)

        return await asyncio.to_thread(work)

    async def policies_listed(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                return {"policies": queries.list_policies(reader, everything=asked.query.get("everything") == "true")}

        return await asyncio.to_thread(work)

    async def policy(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            record: PolicyRecord = asked.runtime.state("policy", asked.path["id"])
            assert record.saved is not None
            return {"id": record.id, "version": record.version, "retired": record.retired, "policy": record.saved}

        return await asyncio.to_thread(work)

    async def policy_history(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            facts = asked.runtime.facts("policy", asked.runtime.state("policy", asked.path["id"]).id)
            return {
                "policy": asked.path["id"],
                "history": [
                    {"version": fact.version, "at": fact.recorded_at, "by": str(fact.actor), "what": fact.type, "policy": getattr(fact.event, "policy", None)}
                    for fact in facts
                ],
            }  # fmt: skip

        return await asyncio.to_thread(work)

    async def rehearsed(asked: Asked) -> Any:
        urgency = asked.query.get("urgency", "high")
        if urgency not in ("high", "low"):
            raise Refused(f"urgency {urgency!r} is none.", fix="Write high or low.", field="urgency")
        loud: Urgency = "low" if urgency == "low" else "high"
        return await asyncio.to_thread(handlers.rehearse, asked.runtime, asked.path["id"], loud, moment_of(asked))

    async def reached(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            weeks = asked.query.get("weeks", "") or "2"
            if not (weeks.isascii() and weeks.isdigit() and 1 <= int(weeks[:4]) <= MOST_WEEKS):
                raise Refused(f"weeks {weeks!r} cannot be used.", fix=f"Write a number from 1 to {MOST_WEEKS}.", field="weeks")
            answers, start, end = handlers.look_ahead(
                asked.runtime, shelf, default_playbook, int(weeks), asked.query.get("service", ""), asked.query.get("severity", ""),
            )  # fmt: skip
            return views.reach_view(answers, start, end)

        return await asyncio.to_thread(work)

    async def words(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                return {"playbooks": nobody_stands(reader, shelf, default_playbook, reader.now)}

        return await asyncio.to_thread(work)

    async def pager(asked: Asked) -> Any:
        return await asyncio.to_thread(lambda: views.pager_view(asked.runtime.state("pager", STREAM_ID)))

    async def set_pager(asked: Asked) -> Any:
        return await asked.runtime.commit("pager", STREAM_ID, asked.body, asked.actor, asked.key, asked.fingerprint)

    paging = (("after", "Number of the last one seen"), ("limit", "At most 500"))
    return [
        Endpoint("POST", "/pages", "Call people", opened, c.OpenPage, tag="page"),
        Endpoint(
            "GET", "/pages", "List pages, newest first", listed, tag="page",
            query=(
                ("state", "live, unanswered, open, acknowledged, snoozed or resolved"), ("person", "Whom they call or called"), ("incident", "An incident's id"),
                ("group", "A group's id"), ("service", "A service's id"), *paging,
            ),
        ),
        Endpoint("GET", "/pages/{id}", "One page with its story", one, tag="page"),
        Endpoint("GET", "/pages/{id}/explain", "Why this person, why then, why not the other", explained, tag="page"),
        command("/pages/{id}/acknowledge", "page", c.AcknowledgePage, "Say that you are on it"),
        command("/pages/{id}/escalate", "page", c.EscalatePage, "Go on to the next step now"),
        command("/pages/{id}/hand", "page", c.HandPage, "Give it to somebody else"),
        command("/pages/{id}/snooze", "page", c.SnoozePage, "Be silent until a moment"),
        command("/pages/{id}/resolve", "page", c.ResolvePage, "End it"),
        command("/pages/{id}/raise", "page", c.RaisePage, "Make it more urgent, or say something new"),
        Endpoint(
            "GET", "/policies", "List escalation policies", policies_listed, tag="policy",
            query=(("everything", "true: also those that no new page uses"),),
        ),
        Endpoint("GET", "/policies/{id}", "One escalation policy", policy, tag="policy"),
        Endpoint("GET", "/policies/{id}/history", "Every version of an escalation policy", policy_history, tag="policy"),
        Endpoint(
            "GET", "/policies/{id}/rehearsal", "Who would be called when, if nobody answered", rehearsed, tag="policy",
            query=(("at", "When the page is opened; now without it"), ("urgency", "high or low")),
        ),
        command("/policies/{id}", "policy", c.SavePolicy, "Write down an escalation policy"),
        command("/policies/{id}/retire", "policy", c.RetirePolicy, "Have no new page use an escalation policy"),
        Endpoint("GET", "/pager", "How the pager watches itself, and what it found", pager, tag="pager"),
        Endpoint("POST", "/pager", "Say how the pager watches itself", set_pager, SetPager, tag="pager", needs="manager"),
        Endpoint("GET", "/reach/words", "Roles, contacts and targets of escalations that nobody stands for, by playbook in use", words, tag="reach"),
        Endpoint(
            "GET", "/reach", "Who is reached for each severity of each service in the coming weeks, and when nobody is", reached, tag="reach",
            query=(("weeks", f"1 to {MOST_WEEKS}; 2 without it"), ("service", "Only this one"), ("severity", "Only this one")),
        ),
    ]  # fmt: skip
