"""The pages of accounts: who may sign in and as what, one account, and the index of all settings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Refused
from tocsin.engine.model import Role
from tocsin.people import access_queries, handlers, queries
from tocsin.people.account import Account, LinkPurpose
from tocsin.people.audit_queries import Wanted, entries
from tocsin.people.rights import MEANS, ROLES
from tocsin.people.sign_in_pages import Doorkeeper
from tocsin.settings import forms
from tocsin.web.layout import Shell, Visit, go

HERE: Final = "/settings/accounts"
_ADMIN: Final[Role] = "administrator"
_RECENT: Final = 15


class _Role(msgspec.Struct):
    role: Role


def routes(shell: Shell, door: Doorkeeper) -> list[Route]:
    """Return the routes of the pages."""
    pages = _Pages(shell, door)
    return [
        shell.get("/settings", pages.index),
        shell.get(HERE, pages.listed, needs=_ADMIN),
        shell.post(HERE, pages.invite, needs=_ADMIN),
        shell.get(f"{HERE}/{{id}}", pages.one, needs=_ADMIN),
        shell.post(f"{HERE}/{{id}}/role", pages.do(_role), needs=_ADMIN),
        shell.post(f"{HERE}/{{id}}/disable", pages.do(_disable), needs=_ADMIN),
        shell.post(f"{HERE}/{{id}}/enable", pages.do(_enable), needs=_ADMIN),
        shell.post(f"{HERE}/{{id}}/sign-out", pages.do(_sign_out), needs=_ADMIN),
        shell.post(f"{HERE}/{{id}}/link", pages.link, needs=_ADMIN),
    ]


class _Pages:
    def __init__(self, shell: Shell, door: Doorkeeper) -> None:
        self._shell = shell
        self._door = door

    async def index(self, visit: Visit) -> Response:
        """Show every section of the settings with a sentence each."""
        return self._shell.page(visit, "people/settings.html")

    async def listed(self, visit: Visit) -> Response:
        """Show all accounts, and the form that invites."""
        return await self._listed(visit)

    async def _listed(self, visit: Visit, problem: Refused | None = None) -> Response:
        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                accounts = access_queries.list_accounts(reader)
                people = queries.list_people(reader)
            known = {one["id"] for one in accounts}
            return {"accounts": accounts, "without": [(one["id"], one["name"]) for one in people if one["id"] not in known]}

        values = await asyncio.to_thread(work)
        values |= {
            "problem": problem,
            "typed": visit.form if problem else {},
            "roles": ROLES,
            "means": MEANS,
            "inviting": visit.query.get("invite"),
        }
        return self._shell.page(visit, "people/accounts.html", values, status=problem.status if problem else 200)

    async def invite(self, visit: Visit) -> Response:
        """Make an account with its invitation, and show the link: this once."""
        try:
            name = visit.form.get("name", "").strip()
            person = visit.form.get("person", "").strip() or forms.id_of(name, visit.form.get("id", ""))
            role = forms.built({"role": visit.form.get("role", "")}, _Role).role

            def work() -> dict[str, Any]:
                key = visit.key and f"{visit.key}:account"
                handlers.create(visit.runtime, person, name or person, role, visit.actor, key, visit.fingerprint)
                return handlers.make_link(visit.runtime, person, "invitation", visit.actor, visit.key, visit.fingerprint)

            link = await asyncio.to_thread(work)
        except Refused as refusal:
            return await self._listed(visit, refusal)
        return self._show_link(visit, person, link)

    async def one(self, visit: Visit) -> Response:
        """Show an account."""
        return await self._one(visit)

    async def _one(self, visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_of_one, visit)
        values |= {"problem": problem, "typed": visit.form if problem else {}, "roles": ROLES, "means": MEANS}
        return self._shell.page(visit, "people/account.html", values, status=problem.status if problem else 200)

    def do(self, work: Callable[[Visit, str], object]) -> Callable[[Visit], Awaitable[Response]]:
        """Return the handler of a form about an account."""

        async def handle(visit: Visit) -> Response:
            person = visit.path["id"]
            try:
                await asyncio.to_thread(work, visit, person)
            except Refused as refusal:
                return await self._one(visit, refusal)
            return go(f"{HERE}/{quote(person)}")

        return handle

    async def link(self, visit: Visit) -> Response:
        """Make a link that sets a password, and show it: this once."""
        person = visit.path["id"]

        def work() -> dict[str, Any]:
            purpose: LinkPurpose = "reset" if handlers.account_state(visit.runtime, person).has_password else "invitation"
            return handlers.make_link(visit.runtime, person, purpose, visit.actor, visit.key, visit.fingerprint)

        try:
            made = await asyncio.to_thread(work)
        except Refused as refusal:
            return await self._one(visit, refusal)
        return self._show_link(visit, person, made)

    def _show_link(self, visit: Visit, person: str, link: dict[str, Any]) -> Response:
        url = self._door.public_url.rstrip("/") + link["path"]
        answer = self._shell.page(
            visit, "people/link.html", {"person": person, "url": url, "purpose": link["purpose"], "until": link["until"]}
        )
        answer.headers["cache-control"] = "no-store"
        return answer


def _of_one(visit: Visit) -> dict[str, Any]:
    account: Account = visit.runtime.state("account", visit.path["id"])
    with visit.runtime.reading() as reader:
        known = visit.runtime.committer.state(f"person:{account.id}")
        recent = entries(reader, visit.viewer, Wanted(record=f"account:{account.id}", limit=_RECENT))
    name = known.saved.name if known is not None and known.saved is not None else account.id
    return {"account": account, "name": name, "recent": recent, "sessions": visit.runtime.sessions.of_person(account.id)}


def _role(visit: Visit, person: str) -> None:
    role = forms.built({"role": visit.form.get("role", "")}, _Role).role
    handlers.change_role(visit.runtime, person, role, visit.actor, visit.key, visit.fingerprint)


def _disable(visit: Visit, person: str) -> None:
    handlers.disable(visit.runtime, person, visit.form.get("why", "").strip(), visit.actor, visit.key, visit.fingerprint)


def _enable(visit: Visit, person: str) -> None:
    handlers.enable(visit.runtime, person, visit.actor, visit.key, visit.fingerprint)


def _sign_out(visit: Visit, person: str) -> None:
    handlers.account_state(visit.runtime, person)
    handlers.end_sessions(visit.runtime, person, visit.actor)
