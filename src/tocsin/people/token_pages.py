"""The page of API tokens: what there is, what each is good for, when it ends; made here, shown once, revoked with one button."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Refused
from tocsin.engine.model import Actor
from tocsin.people import queries, token_handlers, token_queries
from tocsin.people.rights import at_least
from tocsin.people.scopes import DOORS, PRIVATE, ROLE_SCOPES, SCOPES
from tocsin.people.tokens import NewToken
from tocsin.settings import forms
from tocsin.web import identity
from tocsin.web.layout import Shell, Visit, go, number_of

HERE: Final = "/settings/tokens"
_DAYS: Final = ((30, "30 days"), (90, "90 days"), (180, "half a year"), (365, "a year"))
_LONGEST_DAYS: Final = 3660


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the page."""
    pages = _Pages(shell)
    return [
        shell.get(HERE, pages.listed),
        shell.post(HERE, pages.make, needs="viewer"),
        shell.post(f"{HERE}/{{id}}/revoke", pages.revoke, needs="viewer"),
    ]


class _Pages:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    async def listed(self, visit: Visit) -> Response:
        """Show tokens, and the form that makes one."""
        return await self._listed(visit)

    async def _listed(self, visit: Visit, problem: Refused | None = None, made: dict[str, Any] | None = None) -> Response:
        values = await asyncio.to_thread(_of_all, visit)
        values |= {
            "problem": problem,
            "made": made,
            "typed": visit.form if problem else {},
            "chosen": visit.lists.get("scope", []) if problem else [],
        }
        values["making"] = visit.query.get("make")
        answer = self._shell.page(visit, "people/tokens.html", values, status=problem.status if problem else 200)
        if made is not None:
            answer.headers["cache-control"] = "no-store"
        return answer

    async def make(self, visit: Visit) -> Response:
        """Make a token and show its secret: this once."""
        form = visit.form
        try:
            name = form.get("name", "").strip()
            scopes = [form.get("role", ""), *visit.lists.get("scope", [])]
            body = {
                "scopes": [scope for scope in scopes if scope], "name": name, "team": form.get("team", ""), "expires_at": _ends(visit),
                "person": visit.actor.id if form.get("whose") == "me" and visit.actor.kind == "person" else "",
            }  # fmt: skip
            new = forms.built(body, NewToken)
            found = identity.identify(visit.request, visit.runtime)
            token_id = forms.id_of(name, form.get("id", ""))
            made = await asyncio.to_thread(
                lambda: token_handlers.make(
                    visit.runtime, token_id, new, visit.viewer, _acting(visit), local=found is not None and found.local,
                    ends=found.expires_at if found is not None else None, key=visit.key, request=visit.fingerprint,
                )
            )  # fmt: skip
        except Refused as refusal:
            return await self._listed(visit, refusal)
        return await self._listed(visit, made=made)

    async def revoke(self, visit: Visit) -> Response:
        """Have a token open nothing any more."""
        try:
            await asyncio.to_thread(
                token_handlers.revoke,
                visit.runtime,
                visit.path["id"],
                visit.form.get("why", ""),
                visit.viewer,
                _acting(visit),
                visit.key,
                visit.fingerprint,
            )
        except Refused as refusal:
            return await self._listed(visit, refusal)
        return go(HERE)


def _acting(visit: Visit) -> Actor:
    return replace(visit.actor, address=identity.address_of(visit.request))


def _ends(visit: Visit) -> datetime:
    days = number_of(visit.form.get("days", ""))
    if not 1 <= days <= _LONGEST_DAYS:
        raise Refused("It is not said when the token ends.", fix="Choose one of the times.", field="days")
    return visit.now + timedelta(days=days)


def _of_all(visit: Visit) -> dict[str, Any]:
    everybody = at_least(visit.viewer.role, "administrator")
    own = visit.viewer.id if visit.viewer.kind == "person" else ""
    with visit.runtime.reading() as reader:
        tokens = token_queries.list_tokens(reader, person=None if everybody else own) if everybody or own else []
        teams = queries.list_teams(reader)
    roles = [(scope, SCOPES[scope]) for scope, role in ROLE_SCOPES.items() if at_least(visit.viewer.role, role)]
    doors = [(scope, says) for scope, (role, says) in DOORS.items() if at_least(visit.viewer.role, role)]
    if visit.viewer.reads_private:
        doors.append((PRIVATE, SCOPES[PRIVATE]))
    mine = [one for one in teams if everybody or one["id"] in visit.viewer.teams]
    return {
        "good": [one for one in tokens if one["state"] == "good"], "gone": [one for one in tokens if one["state"] != "good"], "everybody": everybody,
        "own": own, "roles": roles, "doors": doors, "teams": [(one["id"], one["name"]) for one in mine], "days": _DAYS,
        "soon": visit.now + timedelta(days=14),
    }  # fmt: skip
