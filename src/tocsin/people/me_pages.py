"""The page of one's own account: name and zone, password, where one is signed in, and tokens that act in one's name."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from msgspec.structs import replace
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import NotAllowed, Refused
from tocsin.engine.model import Actor
from tocsin.people import access_queries, handlers, token_queries
from tocsin.people.agents import browser_of
from tocsin.people.commands import ChangePerson
from tocsin.people.model import Person
from tocsin.people.passwords import SHORTEST
from tocsin.people.rights import MEANS
from tocsin.people.sign_in_pages import Doorkeeper
from tocsin.web import identity
from tocsin.web.layout import Shell, Visit, go
from tocsin.web.zones import ZONES

HERE: Final = "/settings/me"


def routes(shell: Shell, door: Doorkeeper) -> list[Route]:
    """Return the routes of the page."""
    pages = _Pages(shell, door)
    return [
        shell.get(HERE, pages.show),
        shell.post(f"{HERE}/save", pages.save, needs="viewer"),
        shell.post(f"{HERE}/password", pages.password, needs="viewer"),
        shell.post(f"{HERE}/sessions", pages.sessions, needs="viewer"),
    ]


class _Pages:
    def __init__(self, shell: Shell, door: Doorkeeper) -> None:
        self._shell = shell
        self._door = door

    async def show(self, visit: Visit) -> Response:
        """Show one's own account."""
        return await self._show(visit)

    async def _show(self, visit: Visit, problem: Refused | None = None, about: str = "") -> Response:
        values = await asyncio.to_thread(_of_me, visit)
        values |= {"problem": problem, "about": about, "typed": visit.form if problem else {}, "done": visit.query.get("done", "")}
        return self._shell.page(visit, "people/me.html", values, status=problem.status if problem else 200)

    async def save(self, visit: Visit) -> Response:
        """Write down one's name and zone."""
        try:
            name, zone = visit.form.get("name", "").strip(), visit.form.get("zone", "").strip()
            if await asyncio.to_thread(visit.runtime.committer.state, f"person:{visit.actor.id}") is None:
                raise Refused("Nobody has written you down yet.", fix="Ask a manager to: Settings, People.")
            command = ChangePerson(name=name or None, zone=zone or None)
            await visit.runtime.commit("person", visit.actor.id, command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._show(visit, refusal, "profile")
        return go(f"{HERE}?done=profile")

    async def password(self, visit: Visit) -> Response:
        """Change one's password; every other browser is signed out."""
        form = visit.form
        try:
            found = identity.identify(visit.request, visit.runtime)
            if found is None or found.session is None:
                raise NotAllowed("A password is changed by who is signed in with it.", fix="Sign in with your name and password.")
            session = found.session
            self._door.guess(session.person, visit.request)
            await asyncio.to_thread(
                handlers.change_password, visit.runtime, self._door.hasher, session, form.get("old", ""), form.get("password", ""), form.get("again", ""),
                _acting(visit),
            )  # fmt: skip
            self._door.right(session.person, visit.request)
        except Refused as refusal:
            return await self._show(visit, refusal, "password")
        return go(f"{HERE}?done=password#password")

    async def sessions(self, visit: Visit) -> Response:
        """Sign one browser out, all others, or all."""
        if visit.actor.kind != "person":
            return await self._show(visit, NotAllowed("A token has no browsers.", fix="Sign in under your own name."))
        found = identity.identify(visit.request, visit.runtime)
        this = found.session.id if found is not None and found.session is not None else ""
        only, others = visit.form.get("session", ""), visit.form.get("which") == "others"
        await asyncio.to_thread(
            lambda: handlers.end_sessions(visit.runtime, visit.actor.id, _acting(visit), only=only, but=this if others else "")
        )
        return go(f"{HERE}?done=sessions#sessions")


def _acting(visit: Visit) -> Actor:
    return replace(visit.actor, address=identity.address_of(visit.request))


def _of_me(visit: Visit) -> dict[str, Any]:
    me = visit.actor.id if visit.actor.kind == "person" else ""
    found = identity.identify(visit.request, visit.runtime)
    this = found.session.id if found is not None and found.session is not None else ""
    with visit.runtime.database.reading() as connection:
        account = access_queries.account_of(connection, me) if me else None
    with visit.runtime.reading() as reader:
        tokens = token_queries.list_tokens(reader, person=me) if me else []
    person: Person | None = visit.runtime.committer.state(f"person:{me}") if me else None
    sessions = visit.runtime.sessions.of_person(me) if me else []
    return {
        "person": person.saved if person is not None else None, "account": account, "tokens": [one for one in tokens if one["state"] == "good"],
        "sessions": [(one, browser_of(one.agent), one.id == this) for one in sessions], "this": this, "shortest": SHORTEST, "means": MEANS,
        "zones": ZONES, "real": visit.runtime.sessions.clock.now(),
    }  # fmt: skip
