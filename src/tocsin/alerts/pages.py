"""The pages of alerts: the list, and one alert with the button that a page's link leads to. Opening a link changes nothing."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts import queries
from tocsin.alerts.commands import AcknowledgeAlert
from tocsin.alerts.model import Alert
from tocsin.web.layout import Shell, Visit, go, local_path

_PAGE = 50


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the pages."""

    async def listed(visit: Visit) -> Response:
        state = visit.query.get("state", "")

        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                rows = queries.list_alerts(reader, visit.viewer, state=state, after=visit.query.get("after", ""), limit=_PAGE)
            more = {"state": state} if state else {}
            older = "?" + urlencode({**more, "after": rows[-1]["id"]}) if len(rows) == _PAGE else ""
            return {"rows": rows, "state": state, "older": older}

        return shell.page(visit, "alerts/list.html", await asyncio.to_thread(work))

    async def one(visit: Visit) -> Response:
        def work() -> dict[str, Any]:
            alert: Alert = visit.runtime.state("alert", visit.path["id"])
            return {"alert": alert, "links": [link for link in sorted(alert.links.items()) if link[1].startswith(("https://", "http://"))]}

        return shell.page(visit, "alerts/alert.html", await asyncio.to_thread(work))

    async def acknowledge(visit: Visit) -> Response:
        person = visit.actor.id if visit.actor.kind == "person" else None
        command = msgspec.convert({"person": person}, AcknowledgeAlert)
        await visit.runtime.commit("alert", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        # A button on another page leads back to that page.
        after = visit.form.get("after", "")
        return go(local_path(after) if after else f"/alerts/{quote(visit.path['id'])}")

    return [shell.get("/alerts", listed), shell.get("/alerts/{id}", one), shell.post("/alerts/{id}/acknowledge", acknowledge)]
