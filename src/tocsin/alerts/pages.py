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
from tocsin.alerts.model import number_of
from tocsin.engine.errors import NotFound
from tocsin.web.layout import Shell, Visit, go, local_path

_PAGE = 50
_KEPT = ("state", "service", "source", "group", "text", "label")
"""Parts of the address that go on to the next page of the list."""
_SAYS = ("why", "text", "incident", "value")
"""What a page shows of an event's details: the first of these that there is."""


def _says(details: dict[str, Any]) -> str:
    return next((str(details[name]) for name in _SAYS if details.get(name)), "")


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the pages."""

    async def listed(visit: Visit) -> Response:
        asked = {name: visit.query[name].strip() for name in _KEPT if visit.query.get(name, "").strip()}

        def work() -> dict[str, Any]:
            wanted = queries.Wanted(
                asked.get("state", ""), asked.get("service", ""), asked.get("source", ""), labels=queries.matchers_from([asked.get("label", "")]),
                text=asked.get("text", ""), group=asked.get("group", ""),
            )  # fmt: skip
            with visit.runtime.reading() as reader:
                rows = queries.list_alerts(reader, visit.viewer, wanted, after=visit.query.get("after", ""), limit=_PAGE)
            older = "?" + urlencode({**asked, "after": rows[-1]["id"]}) if len(rows) == _PAGE else ""
            return {"rows": rows, "state": asked.get("state", ""), "asked": asked, "older": older}

        return shell.page(visit, "alerts/list.html", await asyncio.to_thread(work))

    async def one(visit: Visit) -> Response:
        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                alert = queries.alert_of(reader, visit.path["id"])
                if alert is None:
                    raise NotFound(f"There is no alert {visit.path['id']}.", fix="Check the id.")
                history = [{**entry, "says": _says(entry["details"])} for entry in queries.history(reader, number_of(alert.id) or 0)]
            links = [link for link in sorted(alert.links.items()) if link[1].startswith(("https://", "http://"))]
            return {"alert": alert, "links": links, "history": history}

        return shell.page(visit, "alerts/alert.html", await asyncio.to_thread(work))

    async def acknowledge(visit: Visit) -> Response:
        person = visit.actor.id if visit.actor.kind == "person" else None
        command = msgspec.convert({"person": person}, AcknowledgeAlert)
        await visit.runtime.commit("alert", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        # A button on another page leads back to that page.
        after = visit.form.get("after", "")
        return go(local_path(after) if after else f"/alerts/{quote(visit.path['id'])}")

    return [shell.get("/alerts", listed), shell.get("/alerts/{id}", one), shell.post("/alerts/{id}/acknowledge", acknowledge)]
