"""The API of written hand-offs: the list, one with its draft, writing, signing, acknowledging."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from tocsin.oncall import commands as c
from tocsin.oncall import handlers, queries, views
from tocsin.oncall.draft import draft
from tocsin.oncall.handoff import Handoff
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.endpoints import Asked, Endpoint, command, limit_of

_USUAL: Final = 50
_MOST: Final = 500


def endpoints(shelf: Bookshelf) -> list[Endpoint]:
    """Return the endpoints."""

    async def listed(asked: Asked) -> Any:
        limit = limit_of(asked, _USUAL, _MOST)

        def work() -> dict[str, Any]:
            filters = {name: asked.query.get(name, "") for name in ("schedule", "state", "person", "after")}
            with asked.runtime.reading() as reader:
                found = queries.list_handoffs(reader, **filters, limit=limit)
                names = handlers.names(reader)
            return {"handoffs": [views.handoff_view(one, names) for one in found], "next": found[-1].id if len(found) == limit else None}

        return await asyncio.to_thread(work)

    async def one(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            handoff: Handoff = asked.runtime.state("handoff", asked.path["id"])
            material, names = handlers.material_of(asked.runtime, shelf, handoff)
            facts = asked.runtime.facts("handoff", handoff.id)
            history = [{"at": fact.recorded_at, "type": fact.type, "by": str(fact.actor)} for fact in facts]
            return {**views.handoff_view(handoff, names, draft(material, names)), "history": history}

        return await asyncio.to_thread(work)

    return [
        Endpoint("GET", "/handoffs", "Written hand-offs, the latest first", listed, tag="handoff",
                 query=(("schedule", "Only of this schedule"), ("state", "due, missed, signed or dropped"), ("person", "Who goes or comes"),
                        ("after", "Go on after this id"), ("limit", "At most so many"))),
        Endpoint("GET", "/handoffs/{id}", "One hand-off, with a draft of its summary from what happened in the shift", one, tag="handoff"),
        command("/handoffs/{id}/summary", "handoff", c.SaveSummary, "Write the summary"),
        command("/handoffs/{id}/sign", "handoff", c.SignSummary, "Sign it as the one who goes"),
        command("/handoffs/{id}/acknowledge", "handoff", c.AcknowledgeSummary, "Say as the one who comes that you have read it"),
    ]  # fmt: skip
