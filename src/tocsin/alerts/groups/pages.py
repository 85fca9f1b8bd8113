"""The pages of groups: the list, and one group with the buttons that a person wants at night. Opening a link changes nothing."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote, urlencode

from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts.group_commands import AcknowledgeGroup, ResolveGroup, UnmuteGroup
from tocsin.alerts.groups import queries
from tocsin.engine.model import Command
from tocsin.web.layout import Shell, Visit, go

_PAGE = 50
_KEPT = ("state", "service", "incident", "text")


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the pages."""

    async def listed(visit: Visit) -> Response:
        asked = {name: visit.query[name].strip() for name in _KEPT if visit.query.get(name, "").strip()}

        def work() -> dict[str, Any]:
            given = {**asked, "state": asked.get("state", "open")}
            with visit.runtime.reading() as reader:
                rows = queries.list_groups(reader, after=visit.query.get("after", ""), limit=_PAGE, **given)
            older = "?" + urlencode({**given, "after": rows[-1]["id"]}) if len(rows) == _PAGE else ""
            return {"rows": rows, "state": given["state"], "older": older}

        return shell.page(visit, "alerts/groups.html", await asyncio.to_thread(work))

    async def one(visit: Visit) -> Response:
        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                group = queries.group_of(reader, visit.path["id"])
                return {"group": queries.group_view(reader, visit.viewer, group, visit.runtime.facts("group", group.id))}

        return shell.page(visit, "alerts/group.html", await asyncio.to_thread(work))

    async def act(visit: Visit, command: Command) -> Response:
        await visit.runtime.commit("group", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        return go(f"/groups/{quote(visit.path['id'])}")

    async def acknowledge(visit: Visit) -> Response:
        return await act(visit, AcknowledgeGroup())

    async def resolve(visit: Visit) -> Response:
        return await act(visit, ResolveGroup(visit.form.get("why", "").strip()))

    async def unmute(visit: Visit) -> Response:
        return await act(visit, UnmuteGroup())

    return [
        shell.get("/groups", listed), shell.get("/groups/{id}", one), shell.post("/groups/{id}/acknowledge", acknowledge),
        shell.post("/groups/{id}/resolve", resolve), shell.post("/groups/{id}/unmute", unmute),
    ]  # fmt: skip
