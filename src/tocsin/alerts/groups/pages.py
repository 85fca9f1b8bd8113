"""The pages of groups: the list, and one group with the buttons that a person wants at night. Opening a link changes nothing."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts import selected_pages
from tocsin.alerts.group_commands import AcknowledgeGroup, ResolveGroup, UnmuteGroup
from tocsin.alerts.groups import queries
from tocsin.engine.errors import Refused
from tocsin.engine.model import Command
from tocsin.people.queries import list_people
from tocsin.services.queries import list_services
from tocsin.web.layout import Shell, Visit, go, local_path

_PAGE: Final = 50
_FIELDS: Final = ("state", "service", "route", "urgency", "incident", "text")
_STATES: Final = (
    ("open", "Firing"),
    ("unacknowledged", "Nobody is on it"),
    ("acknowledged", "In hand"),
    ("muted", "Quiet"),
    ("resolved", "Over"),
    ("all", "All"),
)


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the pages."""

    async def listed(visit: Visit) -> Response:
        asked = {name: visit.query.get(name, "").strip()[:200] for name in _FIELDS}
        state = asked["state"] or "open"

        def work() -> dict[str, Any]:
            given = {**asked, "state": state}
            with visit.runtime.reading() as reader:
                rows = queries.list_groups(reader, visit.viewer, after=visit.query.get("after", ""), limit=_PAGE + 1, **given)
                more, rows = len(rows) > _PAGE, rows[:_PAGE]
                return {
                    "rows": rows, "asked": asked, "state": state, "states": _STATES, "services": list_services(reader), "paged": bool(visit.query.get("after")),
                    "older": selected_pages.address("/groups", asked, after=rows[-1]["id"]) if more else "",
                    "filtered": any(value for name, value in asked.items() if name != "state"),
                    "names": {row["id"]: row["name"] for row in list_people(reader, everybody=True)},
                    "address": lambda **other: selected_pages.address("/groups", asked, **other), "back": selected_pages.address("/groups", asked),
                    "ever": bool(rows) or bool(queries.list_groups(reader, visit.viewer, state="all", limit=1)),
                }  # fmt: skip

        return shell.page(visit, "alerts/groups.html", await asyncio.to_thread(work))

    async def one(visit: Visit, refusal: Refused | None = None) -> Response:
        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                group = queries.group_of(reader, visit.path["id"])
                return {
                    "group": queries.group_view(reader, visit.viewer, group, visit.runtime.facts("group", group.id)), "problem": refusal,
                    "names": {row["id"]: row["name"] for row in list_people(reader, everybody=True)},
                }  # fmt: skip

        return shell.page(visit, "alerts/group.html", await asyncio.to_thread(work), status=refusal.status if refusal else 200)

    async def show(visit: Visit) -> Response:
        return await one(visit)

    async def act(visit: Visit, command: Command) -> Response:
        await visit.runtime.commit("group", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        after = visit.form.get("after", "")  # a button on another page leads back to that page
        return go(local_path(after) if after else f"/groups/{quote(visit.path['id'])}")

    async def acknowledge(visit: Visit) -> Response:
        return await act(visit, AcknowledgeGroup())

    async def resolve(visit: Visit) -> Response:
        return await act(visit, ResolveGroup(visit.form.get("why", "").strip()))

    async def unmute(visit: Visit) -> Response:
        return await act(visit, UnmuteGroup())

    return [
        shell.get("/groups", listed), shell.post("/groups/selected", selected_pages.handler(shell, "group")), shell.get("/groups/{id}", show),
        shell.post("/groups/{id}/acknowledge", acknowledge), shell.post("/groups/{id}/resolve", resolve), shell.post("/groups/{id}/unmute", unmute),
    ]  # fmt: skip
