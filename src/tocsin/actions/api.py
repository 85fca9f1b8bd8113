"""The API of action items."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import Response

from tocsin.actions import commands as c
from tocsin.actions import handlers, sheet
from tocsin.actions.kind import PlaybookOf
from tocsin.engine.errors import Refused
from tocsin.engine.model import Command
from tocsin.web.endpoints import Asked, Endpoint

_COMMANDS: Final[tuple[tuple[str, type[Command], str], ...]] = (
    ("update", c.UpdateAction, "Change an action item"),
    ("start", c.StartAction, "Say that somebody is at work on an action item"),
    ("put-back", c.PutBackAction, "Say that nobody is at work on it any more"),
    ("done", c.FinishAction, "Say that an action item is done, with evidence"),
    ("drop", c.DropAction, "Drop an action item, with a reason"),
    ("reopen", c.ReopenAction, "Open an action item again"),
)
_FILTERS: Final = (
    ("owner", "Whose they are; - for nobody's"), ("team", "Of a team: its members' and those of its services"), ("service", "Of incidents of a service"),
    ("state", "open (waiting or started), waiting, started, done, dropped or overdue"), ("overdue", "true: only open ones whose date has passed"),
    ("incident", "Of one incident"), ("priority", "With this priority"), ("q", "With these words in title, subject, ticket, owner or id"),
    ("format", "json (default) or csv"),
)  # fmt: skip


def endpoints(playbook_of: PlaybookOf) -> list[Endpoint]:
    """Return the endpoints of action items."""

    async def create(asked: Asked) -> Any:
        return await handlers.create(asked.runtime, playbook_of, asked.path["id"], asked.body, asked.actor, asked.key, asked.fingerprint)

    async def of_incident(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.of_incident, asked.runtime, playbook_of, asked.path["id"])

    async def listed(asked: Asked) -> Any:
        wanted = asked.query.get("format", "json")
        if wanted == "csv":
            rows = await asyncio.to_thread(handlers.rows, asked.runtime, asked.viewer, asked.query)
            headers = {"Content-Disposition": 'attachment; filename="action-items.csv"'}
            return Response(sheet.csv(rows), media_type="text/csv; charset=utf-8", headers=headers)
        if wanted != "json":
            raise Refused(f"There is no format {wanted!r}.", fix="Ask for json or csv.", field="format")
        return await asyncio.to_thread(handlers.listed, asked.runtime, playbook_of, asked.viewer, asked.query)

    async def one(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.one, asked.runtime, playbook_of, asked.path["id"], asked.viewer)

    async def story(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.story, asked.runtime, asked.path["id"], asked.viewer)

    async def reassign(asked: Asked) -> Any:
        return await handlers.reassign(asked.runtime, asked.body, asked.viewer, asked.actor, asked.key)

    async def change(asked: Asked) -> Any:
        return await handlers.change(asked.runtime, asked.path["id"], asked.body, asked.viewer, asked.actor, asked.key, asked.fingerprint)

    tag = "action"
    return [
        Endpoint("POST", "/incidents/{id}/actions", "Write down an action item", create, c.NewAction, 201, tag=tag),
        Endpoint("GET", "/incidents/{id}/actions", "An incident's action items and how far they are", of_incident, tag=tag),
        Endpoint(
            "GET", "/actions", "Action items of all incidents, the earliest due first", listed, tag=tag, query=_FILTERS,
            media=("application/json", "text/csv"),
        ),
        Endpoint("POST", "/actions/reassign", "Give several open items to another owner", reassign, c.Reassign, tag=tag),
        Endpoint("GET", "/actions/{id}", "One action item", one, tag=tag),
        Endpoint("GET", "/actions/{id}/history", "What happened to an action item, newest first", story, tag=tag),
        *(Endpoint("POST", f"/actions/{{id}}/{path}", summary, change, body, tag=tag) for path, body, summary in _COMMANDS),
    ]  # fmt: skip
