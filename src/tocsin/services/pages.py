"""The pages of the service catalogue: the list with what is missing, and one service with what is open on it and the form that changes it."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts.groups.queries import list_groups
from tocsin.engine.errors import Conflict, NotFound, Refused
from tocsin.engine.model import Command, Reader
from tocsin.incidents.queries import list_incidents
from tocsin.paging import ladder_queries
from tocsin.paging import queries as paging
from tocsin.people import queries as people
from tocsin.people import rights
from tocsin.playbooks.queries import Bookshelf
from tocsin.services import queries
from tocsin.services.model import RetireService, SaveService, Service, ServiceSaved
from tocsin.settings import forms, versions
from tocsin.web.layout import Shell, Visit, go

HERE: Final = "/settings/services"
_OPEN: Final = 20
LINKS: Final = ("dashboard", "runbook", "documents")
"""Names of links that most services have; others can be written as well."""
CONTACTS: Final = ("chat", "supplier", "owner by phone")


def routes(shell: Shell, shelf: Bookshelf, default_playbook: str) -> list[Route]:
    """Return the routes of the pages. default_playbook: of a service that names none."""
    pages = _Pages(shell, shelf, default_playbook)
    return [
        shell.get(HERE, pages.listed),
        shell.post(HERE, pages.add),
        shell.get(f"{HERE}/{{id}}", pages.one),
        shell.post(f"{HERE}/{{id}}/save", pages.save),
        shell.post(f"{HERE}/{{id}}/retire", pages.retire),
        shell.post(f"{HERE}/{{id}}/restore", pages.restore),
    ]


class _Pages:
    def __init__(self, shell: Shell, shelf: Bookshelf, default_playbook: str) -> None:
        self._shell = shell
        self._shelf = shelf
        self._default = default_playbook

    # -- the list ---------------------------------------------------------------------------------

    async def listed(self, visit: Visit) -> Response:
        """Show all services, with what each lacks."""
        return await self._listed(visit)

    async def _listed(self, visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(self._of_all, visit)
        values |= {"problem": problem, "typed": visit.form if problem else {}}
        return self._shell.page(visit, "services/list.html", values, status=problem.status if problem else 200)

    def _of_all(self, visit: Visit) -> dict[str, Any]:
        sought = visit.query.get("text", "").strip().casefold()
        owner = visit.query.get("owner", "")
        with visit.runtime.reading() as reader:
            rows = queries.list_services(reader, owner, everything=visit.query.get("everything") == "1")
            teams = {row["id"]: row["name"] for row in people.list_teams(reader)}
            policies = {row["id"]: row["name"] for row in paging.list_policies(reader)}
            firing: dict[str, int] = {}
            for group in list_groups(reader, visit.viewer, state="open", limit=500):
                firing[group["service"]] = firing.get(group["service"], 0) + 1
            shown = [_row(reader, row, teams, policies, firing) for row in rows]
        if sought:
            shown = [row for row in shown if sought in f"{row['id']} {row['name']} {row['owner_name']}".casefold()]
        return {
            "services": shown, "teams": sorted(teams.items(), key=lambda one: one[1].casefold()), "sought": visit.query.get("text", ""), "owner": owner,
            "everything": visit.query.get("everything", ""), "may_add": rights.at_least(visit.viewer.role, "responder"),
            "own_teams": None if rights.at_least(visit.viewer.role, "manager") else visit.viewer.teams,
        }  # fmt: skip

    async def add(self, visit: Visit) -> Response:
        """Write a new service down."""
        try:
            name, owner = visit.form.get("name", "").strip(), visit.form.get("owner", "").strip()
            service_id = forms.id_of(name, visit.form.get("id", ""))
            if await asyncio.to_thread(visit.runtime.committer.state, f"service:{service_id}") is not None:
                raise Conflict(f"There is a service {service_id} already.", fix="Write another id, or change that one.", field="id")
            await self._commit(visit, service_id, SaveService(name or service_id, owner))
        except Refused as refusal:
            return await self._listed(visit, refusal)
        return go(f"{HERE}/{quote(service_id)}#change")

    # -- one --------------------------------------------------------------------------------------

    async def one(self, visit: Visit) -> Response:
        """Show a service."""
        return await self._one(visit)

    async def _one(self, visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(self._of_one, visit, problem is not None)
        return self._shell.page(visit, "services/service.html", {**values, "problem": problem}, status=problem.status if problem else 200)

    def _of_one(self, visit: Visit, again: bool) -> dict[str, Any]:
        with visit.runtime.reading() as reader:
            service = queries.by_any_name(reader, visit.path["id"])
            if service is None:
                raise NotFound(f"There is no service {visit.path['id']}.", fix="The list of services shows them all.")
            facts = visit.runtime.facts("service", service.id)
            shown = queries.view(service, reader, self._default)
            names = {row["id"]: row["name"] for row in people.list_people(reader, everybody=True)}
            team = reader.state(f"team:{shown['owner']}") if shown["owner"] else None
            policy = paging.policy_of_service(reader, service)
            values = {
                "service": shown, "groups": list_groups(reader, visit.viewer, state="open", service=service.id, limit=_OPEN),
                "incidents": list_incidents(reader, visit.viewer, state="open", service=service.id, limit=_OPEN),
                "members": people.members_of(reader, team) if team is not None and team.saved is not None else (), "names": names,
                "ladder": ladder_queries.ladder(reader, policy, reader.now), "policy": policy, "unpaged": not policy.version and not shown["page"],
                "teams": [(row["id"], row["name"]) for row in people.list_teams(reader)],
                "policies": [(row["id"], row["name"]) for row in paging.list_policies(reader)],
                "playbooks": [(name, one.title) for name in self._shelf.ids(reader) if (one := self._shelf.current(name, reader)) is not None],
                "problems": problems(reader, service),
            }  # fmt: skip
        saved = service.saved
        assert saved is not None
        form = _typed(visit) if again else msgspec.structs.asdict(saved)
        return {
            **values, "form": form, "links": LINKS, "contacts": CONTACTS, "again": again,
            "versions": versions.versions([
                (fact.version, fact.recorded_at, str(fact.actor), "" if isinstance(fact.event, ServiceSaved) else "retired",
                 fact.event.service if isinstance(fact.event, ServiceSaved) else None) for fact in facts
            ]),
            "may": rights.may_change(visit.viewer, [saved.owner]),
        }  # fmt: skip

    async def save(self, visit: Visit) -> Response:
        """Write a service down as the form says."""
        try:
            command = forms.built({**_typed(visit), "name": visit.form.get("name", "").strip() or visit.path["id"]}, SaveService)
            kept = await asyncio.to_thread(visit.runtime.state, "service", visit.path["id"])
            # What the form does not show stays as it was.
            shown = {name: getattr(command, name) for name in _FIELDS}
            command = msgspec.structs.replace(kept.saved, **shown) if kept.saved is not None else command
            await self._commit(visit, visit.path["id"], command)
        except Refused as refusal:
            return await self._one(visit, refusal)
        return go(f"{HERE}/{quote(visit.path['id'])}")

    async def retire(self, visit: Visit) -> Response:
        """Take a service out of the catalogue."""
        await self._commit(visit, visit.path["id"], RetireService(visit.form.get("why", "").strip()))
        return go(f"{HERE}/{quote(visit.path['id'])}")

    async def restore(self, visit: Visit) -> Response:
        """Write an earlier version down again; without a number, the last one (of a service that is no more)."""
        facts = await asyncio.to_thread(visit.runtime.facts, "service", visit.path["id"])
        saved = [fact for fact in facts if isinstance(fact.event, ServiceSaved)]
        number = visit.form.get("version", "")
        found = next((fact for fact in saved if str(fact.version) == number), None) if number else saved[-1] if saved else None
        if found is None or not isinstance(found.event, ServiceSaved):
            raise NotFound(f"There is no version {number} of this service.", fix="Its history lists them.")
        await self._commit(visit, visit.path["id"], found.event.service)
        return go(f"{HERE}/{quote(visit.path['id'])}")

    async def _commit(self, visit: Visit, service_id: str, command: Command) -> None:
        await visit.runtime.commit("service", service_id, command, visit.actor, visit.key, visit.fingerprint)


_FIELDS: Final = ("name", "owner", "playbook", "links", "aliases", "page", "policy", "about", "contacts")


def _typed(visit: Visit) -> dict[str, Any]:
    form = visit.form
    return {
        "name": form.get("name", "").strip(), "owner": form.get("owner", "").strip(), "playbook": form.get("playbook", "").strip(),
        "policy": form.get("policy", "").strip(), "about": form.get("about", "").strip(), "aliases": forms.words(form.get("aliases", "")),
        "page": forms.words(form.get("page", "")), "links": forms.pairs(visit.lists, "link_name", "link"),
        "contacts": forms.pairs(visit.lists, "contact_name", "contact"),
    }  # fmt: skip


def _row(reader: Reader, row: dict[str, Any], teams: dict[str, str], policies: dict[str, str], firing: dict[str, int]) -> dict[str, Any]:
    service: Service = reader.state(f"service:{row['id']}")
    saved = service.saved
    assert saved is not None
    return {
        **row, "owner_name": teams.get(saved.owner, saved.owner), "policy": saved.policy, "policy_name": policies.get(saved.policy, saved.policy),
        "page": saved.page, "about": saved.about, "firing": firing.get(row["id"], 0), "problems": problems(reader, service),
    }  # fmt: skip


def problems(reader: Reader, service: Service) -> list[str]:
    """Return what a service lacks, in sentences: an owner, somebody who is paged, something that it names and is not there."""
    saved = service.saved
    if saved is None or service.retired:
        return []
    found = []
    if not saved.owner:
        found.append("No team owns it.")
    elif reader.state(f"team:{saved.owner}") is None:
        found.append(f"Its owner {saved.owner} is no team that is written down.")
    if saved.policy and paging.policy_of(reader, saved.policy) is None:
        found.append(f"Its escalation policy {saved.policy} is not written down, or retired.")
    elif not saved.policy and not saved.page:
        default = paging.policy_of(reader, paging.DEFAULT_POLICY) is not None
        found.append(f"It has no escalation policy; {'the default one pages for it' if default else 'nobody is paged'}.")
    if saved.playbook and reader.state(f"playbook:{saved.playbook}") is None:
        found.append(f"Its playbook {saved.playbook} is not there.")
    return found
