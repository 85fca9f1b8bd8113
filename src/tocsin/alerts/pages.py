"""The pages of alerts: the list, and one alert with its history and why it called people or not. Opening a link changes nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts import queries, receipt_pages, selected_pages, why
from tocsin.alerts.commands import AcknowledgeAlert, ResolveAlert
from tocsin.alerts.model import number_of
from tocsin.alerts.registry import TOOLS
from tocsin.alerts.routing import LEVELS
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import micros
from tocsin.incidents import queries as incidents
from tocsin.paging.queries import list_pages
from tocsin.people.queries import list_people
from tocsin.services.queries import list_services
from tocsin.web.layout import Shell, Visit, go, local_path

_PAGE: Final = 50
_FIELDS: Final = ("state", "service", "source", "level", "group", "text", "label", "age")
"""Parts of the address that the list is filtered by."""
_STATES: Final = (
    ("", "All"), ("firing", "Firing"), ("unacknowledged", "Nobody is on it"), ("acknowledged", "In hand"), ("muted", "Quiet"), ("resolved", "Over"),
)  # fmt: skip
_AGES: Final = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
_SAYS: Final = ("why", "text", "incident", "value")
"""What a page shows of an event's details: the first of these that there is."""
_OPEN: Final = 100


def _says(details: dict[str, Any]) -> str:
    return next((str(details[name]) for name in _SAYS if details.get(name)), "")


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the pages, of receipts too."""

    async def listed(visit: Visit) -> Response:
        asked = {name: visit.query.get(name, "").strip()[:1000] for name in _FIELDS}

        def work() -> dict[str, Any]:
            problem: Refused | None = None
            try:
                labels = queries.matchers_from([asked["label"]])
            except Refused as refusal:
                problem, labels = refusal, ()
            age = _AGES.get(asked["age"])
            wanted = queries.Wanted(
                asked["state"], asked["service"], asked["source"], labels=labels, text=asked["text"], group=asked["group"], level=asked["level"],
                since=micros(visit.now - age) if age else 0,
            )  # fmt: skip
            with visit.runtime.reading() as reader:
                rows = queries.list_alerts(reader, visit.viewer, wanted, after=visit.query.get("after", ""), limit=_PAGE + 1)
                more, rows = len(rows) > _PAGE, rows[:_PAGE]
                return {
                    "rows": rows, "asked": asked, "states": _STATES, "ages": tuple(_AGES), "levels": LEVELS, "tools": TOOLS, "services": list_services(reader),
                    "older": selected_pages.address("/alerts", asked, after=rows[-1]["id"]) if more else "", "paged": bool(visit.query.get("after")),
                    "filtered": any(value for name, value in asked.items() if name != "state"), "problem": problem,
                    "names": {row["id"]: row["name"] for row in list_people(reader, everybody=True)}, "back": selected_pages.address("/alerts", asked),
                    "address": lambda **other: selected_pages.address("/alerts", asked, **other),
                }  # fmt: skip

        return shell.page(visit, "alerts/list.html", await asyncio.to_thread(work))

    async def one(visit: Visit) -> Response:
        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                alert = queries.alert_for(reader, visit.viewer, visit.path["id"])
                if alert is None:
                    raise NotFound(f"There is no alert {visit.path['id']}.", fix="Check the id.")
                history = [
                    {**entry, "says": _says(entry["details"])} for entry in queries.history(reader, visit.viewer, number_of(alert.id) or 0)
                ]
                group = reader.state(f"group:{alert.group}") if alert.group else None
                pages = list_pages(reader, visit.viewer, group=alert.group, limit=5) if alert.group else []
                going_on = incidents.list_incidents(reader, visit.viewer, state="open", limit=_OPEN) if alert.state != "resolved" else []
                names = {row["id"]: row["name"] for row in list_people(reader, everybody=True)}
            links = [link for link in sorted(alert.links.items()) if link[1].startswith(("https://", "http://"))]
            return {
                "alert": alert, "links": links, "history": history, "names": names, "verdict": why.verdict(alert, group, pages),
                "reasons": why.reasons(alert, group, pages, visit.now, TOOLS.get(alert.source, alert.source)), "open": [row for row in going_on if row["id"] not in alert.incidents],
                "tool": TOOLS.get(alert.source, alert.source),
            }  # fmt: skip

        return shell.page(visit, "alerts/alert.html", await asyncio.to_thread(work))

    def act(of: type[Any], *fields: str) -> Any:
        async def handle(visit: Visit) -> Response:
            person = {"person": visit.actor.id if visit.actor.kind == "person" else None} if of is AcknowledgeAlert else {}
            command = msgspec.convert({**person, **{name: visit.form.get(name, "").strip()[:2000] for name in fields}}, of)
            await visit.runtime.commit("alert", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
            # A button on another page leads back to that page.
            after = visit.form.get("after", "")
            return go(local_path(after) if after else f"/alerts/{quote(visit.path['id'])}")

        return handle

    return [
        shell.get("/alerts", listed), shell.post("/alerts/selected", selected_pages.handler(shell, "alert")), shell.get("/alerts/{id}", one),
        shell.post("/alerts/{id}/acknowledge", act(AcknowledgeAlert)), shell.post("/alerts/{id}/resolve", act(ResolveAlert, "why")),
        *receipt_pages.routes(shell),
    ]  # fmt: skip
