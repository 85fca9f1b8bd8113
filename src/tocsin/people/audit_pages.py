"""The page of the audit: who did what, when, by which way and from where, with filters in the address."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Refused
from tocsin.people.audit_queries import KINDS, Wanted, entries, families
from tocsin.web.layout import Shell, Visit, number_of

HERE: Final = "/settings/audit"
_PAGE: Final = 50
_FILTERS: Final = ("person", "kind", "record", "since", "until")
_PLACES: Final = {
    "account": "/settings/accounts/", "person": "/settings/people/", "team": "/settings/teams/", "service": "/settings/services/",
    "policy": "/settings/policies/", "schedule": "/on-call/", "playbook": "/playbooks/",
}  # fmt: skip
"""Where a record has a page of its own."""


def routes(shell: Shell) -> list[Route]:
    """Return the route of the page."""

    async def show(visit: Visit) -> Response:
        problem: Refused | None = None
        try:
            wanted = _wanted(visit)
        except Refused as refusal:
            problem, wanted = refusal, Wanted(limit=_PAGE + 1)

        def work() -> list[dict[str, Any]]:
            with visit.runtime.reading() as reader:
                return entries(reader, visit.viewer, wanted)

        found = await asyncio.to_thread(work)
        shown = [{**one, "href": _href(one)} for one in found[:_PAGE]]
        given = {name: visit.query[name] for name in _FILTERS if visit.query.get(name)}
        values = {
            "problem": problem, "entries": shown, "given": given, "kinds": list(KINDS.items()), "families": families(),
            "older": f"{HERE}?{urlencode({**given, 'after': shown[-1]['position']})}" if len(found) > _PAGE else "",
            "csv": f"/api/v1/audit?{urlencode({**_moments(wanted, given), 'format': 'csv', 'limit': 1000})}", "is_first": not wanted.after,
        }  # fmt: skip
        return shell.page(visit, "people/audit.html", values, status=problem.status if problem else 200)

    return [shell.get(HERE, show, needs="administrator")]


def _wanted(visit: Visit) -> Wanted:
    kind = visit.query.get("kind", "")
    if kind and kind not in KINDS and kind not in families():
        raise Refused(f"The audit knows no kind {kind!r}.", fix="Choose one of the list.", field="kind")
    return Wanted(
        visit.query.get("person", "").strip(), kind, visit.query.get("record", "").strip(), _moment(visit, "since"), _moment(visit, "until"),
        number_of(visit.query.get("after", "")), _PAGE + 1,
    )  # fmt: skip


def _moment(visit: Visit, name: str) -> datetime | None:
    """Return a moment of the address as a field for local times writes it, in UTC."""
    text = visit.query.get(name, "").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"{text!r} is not a time.", fix="Write it like 2026-01-31T14:05.", field=name) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _moments(wanted: Wanted, given: dict[str, str]) -> dict[str, str]:
    """Return the filters as the API takes them."""
    found = dict(given)
    for name, at in (("since", wanted.since), ("until", wanted.until)):
        if at is not None:
            found[name] = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return found


def _href(entry: dict[str, Any]) -> str:
    place = _PLACES.get(entry["kind"], "")
    return place + quote(entry["record"]) if place and entry["record"] else ""
