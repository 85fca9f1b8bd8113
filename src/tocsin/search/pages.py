"""The page of the search. It works as a plain form; with scripts, results follow while one types."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from tocsin.playbooks.queries import Bookshelf
from tocsin.search import queries
from tocsin.search.api import answer, asked_from
from tocsin.search.rows import KINDS
from tocsin.services.queries import list_services
from tocsin.web.layout import Shell, Visit, number_of

_KEPT: Final = ("q", "kind", "service", "incident", "from", "to")
"""Parts of the address that a link to the same search has."""
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "incident": ("incident", "Incidents"), "entry": ("entry", "Timeline"), "update": ("update", "Updates"), "postmortem": ("postmortem", "Postmortems"),
    "action": ("action item", "Action items"), "runbook": ("runbook", "Runbooks"), "service": ("service", "Services"), "person": ("person", "People"),
    "team": ("team", "Teams"),
}  # fmt: skip
"""A kind -> what one is called, and what its chip says."""


def routes(shell: Shell, shelf: Bookshelf) -> list[Route]:
    """Return the route. A request of the page's own script gets the results alone."""

    async def show(visit: Visit) -> Response:
        values = await asyncio.to_thread(_values, visit, shelf)
        if visit.request.headers.get("hx-request", "").casefold() != "true":
            return shell.page(visit, "search/search.html", values)
        response = shell.page(visit, "search/results.html", values)
        response.headers["hx-replace-url"] = values["address"]
        response.headers["vary"] = "HX-Request"
        return response

    return [shell.get("/search", show)]


def _values(visit: Visit, shelf: Bookshelf) -> dict[str, Any]:
    asked, wrong = asked_from(visit.query)
    most = min(number_of(visit.query.get("most", "")) or queries.USUAL, queries.MOST)
    found = answer(visit.runtime, shelf, visit.viewer, asked, most) if wrong is None else queries.Answer()
    given = {name: visit.query[name].strip() for name in _KEPT if visit.query.get(name, "").strip()}

    def link(**other: str) -> str:
        return "/search?" + urlencode({name: value for name, value in {**given, **other}.items() if value})

    chips = [
        {"kind": kind, "says": WORDS[kind][1], "count": found.counts.get(kind, 0), "url": link(kind=kind), "on": asked.kind == kind}
        for kind in KINDS
        if found.counts.get(kind) or asked.kind == kind
    ]
    with visit.runtime.reading() as reader:
        services = [row["id"] for row in list_services(reader)]
    address = "/search" + (f"?{urlencode(given)}" if given else "")
    return {
        "asked": asked, "given": given, "wrong": wrong, "found": found, "chips": chips, "everything": link(kind=""), "words": WORDS, "services": services,
        "link": link, "address": address, "total": sum(found.counts.values()), "further": link(most=str(queries.MOST)) if len(found.groups) == most < queries.MOST else "",
        "without": link(kind="", service="", incident="", **{"from": "", "to": ""}) if asked.filtered else "",
    }  # fmt: skip
