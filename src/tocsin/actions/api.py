"""The API of action items."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from tocsin.actions import commands as c
from tocsin.actions import handlers
from tocsin.actions.kind import PlaybookOf
from tocsin.engine.model import Command
from tocsin.web.endpoints import Asked, Endpoint, command

_COMMANDS: Final[tuple[tuple[str, type[Command], str], ...]] = (
    ("update", c.UpdateAction, "Change an action item"),
    ("done", c.FinishAction, "Say that an action item is done, with evidence"),
    ("drop", c.DropAction, "Drop an action item, with a reason"),
    ("reopen", c.ReopenAction, "Open an action item again"),
)
_FILTERS: Final = (
    ("owner", "Whose they are"), ("state", "open, done, dropped or overdue"), ("overdue", "true: only open ones whose date has passed"),
    ("incident", "Of one incident"),
)  # fmt: skip


def endpoints(playbook_of: PlaybookOf) -> list[Endpoint]:
    """Return the endpoints of action items."""

    async def create(asked: Asked) -> Any:
        return await handlers.create(asked.runtime, playbook_of, asked.path["id"], asked.body, asked.actor, asked.key, asked.fingerprint)

    async def of_incident(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.of_incident, asked.runtime, playbook_of, asked.path["id"])

    async def listed(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.listed, asked.runtime, playbook_of, asked.viewer, asked.query)

    async def one(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.one, asked.runtime, playbook_of, asked.path["id"])

    return [
        Endpoint("POST", "/incidents/{id}/actions", "Write down an action item", create, c.NewAction, 201, tag="action"),
        Endpoint("GET", "/incidents/{id}/actions", "An incident's action items and how far they are", of_incident, tag="action"),
        Endpoint("GET", "/actions", "Action items of all incidents, the earliest due first", listed, tag="action", query=_FILTERS),
        Endpoint("GET", "/actions/{id}", "One action item", one, tag="action"),
        *(command(f"/actions/{{id}}/{path}", "action", body, summary) for path, body, summary in _COMMANDS),
    ]
