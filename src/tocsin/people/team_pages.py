"""The pages of teams: the list, and one team with who is in it and what it owns."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Conflict, NotFound, Refused
from tocsin.engine.model import Command, Reader
from tocsin.oncall import queries as oncall
from tocsin.oncall.layers import who_is_on_call
from tocsin.paging import queries as paging
from tocsin.paging.model import PolicyRecord
from tocsin.people import queries, rights
from tocsin.people.model import Person, SaveTeam, Team, TeamSaved
from tocsin.services.queries import list_services
from tocsin.settings import forms, versions
from tocsin.web.layout import Shell, Visit, go

HERE: Final = "/settings/teams"


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the pages."""

    async def show_all(visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_of_all, visit)
        values |= {"problem": problem, "typed": visit.form if problem else {}}
        return shell.page(visit, "people/teams.html", values, status=problem.status if problem else 200)

    async def listed(visit: Visit) -> Response:
        return await show_all(visit)

    async def add(visit: Visit) -> Response:
        try:
            name = visit.form.get("name", "").strip()
            team_id = forms.id_of(name, visit.form.get("id", ""))
            if await asyncio.to_thread(visit.runtime.committer.state, f"team:{team_id}") is not None:
                raise Conflict(f"There is a team {team_id} already.", fix="Write another id, or change that one.", field="id")
            await commit(
                visit, team_id, SaveTeam(name or team_id, tuple(visit.lists.get("member", ())), visit.form.get("about", "").strip())
            )
        except Refused as refusal:
            return await show_all(visit, refusal)
        return go(f"{HERE}/{quote(team_id)}")

    async def show(visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_of_one, visit)
        values |= {"problem": problem, "typed": visit.form if problem else {}}
        return shell.page(visit, "people/team.html", values, status=problem.status if problem else 200)

    async def one(visit: Visit) -> Response:
        return await show(visit)

    async def save(visit: Visit) -> Response:
        try:
            command = forms.built(
                {"name": visit.form.get("name", "").strip() or visit.path["id"], "members": visit.lists.get("member", []), "about": visit.form.get("about", "").strip()},
                SaveTeam,
            )  # fmt: skip
            await commit(visit, visit.path["id"], command)
        except Refused as refusal:
            return await show(visit, refusal)
        return go(f"{HERE}/{quote(visit.path['id'])}")

    async def restore(visit: Visit) -> Response:
        for fact in await asyncio.to_thread(visit.runtime.facts, "team", visit.path["id"]):
            if str(fact.version) == visit.form.get("version", "") and isinstance(fact.event, TeamSaved):
                await commit(visit, visit.path["id"], fact.event.team)
                return go(f"{HERE}/{quote(visit.path['id'])}")
        raise NotFound(f"There is no version {visit.form.get('version', '')} of this team.", fix="Its history lists them.")

    async def commit(visit: Visit, team_id: str, command: Command) -> None:
        await visit.runtime.commit("team", team_id, command, visit.actor, visit.key, visit.fingerprint)

    return [
        shell.get(HERE, listed),
        shell.post(HERE, add),
        shell.get(f"{HERE}/{{id}}", one),
        shell.post(f"{HERE}/{{id}}/save", save),
        shell.post(f"{HERE}/{{id}}/restore", restore),
    ]


def _of_all(visit: Visit) -> dict[str, Any]:
    with visit.runtime.reading() as reader:
        names = {row["id"]: row["name"] for row in queries.list_people(reader, everybody=True)}
        members = _members(reader)
        owned: dict[str, int] = {}
        for service in list_services(reader):
            owned[service["owner"]] = owned.get(service["owner"], 0) + 1
        rows = [{**row, "members": members.get(row["id"], ()), "services": owned.get(row["id"], 0)} for row in queries.list_teams(reader)]
        people = [(row["id"], row["name"]) for row in queries.list_people(reader)]
        unknown = sorted(owner for owner in owned if owner and all(row["id"] != owner for row in rows))
    return {
        "teams": sorted(rows, key=lambda row: row["name"].casefold()), "names": names, "people": sorted(people, key=lambda one: one[1].casefold()), "unknown": unknown,
        "may_add": rights.at_least(visit.viewer.role, "manager"), "own": set(visit.viewer.teams),
    }  # fmt: skip


def _members(reader: Reader) -> dict[str, tuple[str, ...]]:
    """Return the members of every team in one pass over people and teams."""
    found: dict[str, dict[str, None]] = {}
    for row in queries.list_teams(reader):
        team: Team = reader.state(f"team:{row['id']}")
        found[row["id"]] = dict.fromkeys(team.saved.members if team.saved else ())
    for row in queries.list_people(reader):
        person: Person = reader.state(f"person:{row['id']}")
        for name in person.saved.teams if person.saved else ():
            found.setdefault(name, {})[person.id] = None
    return {name: tuple(members) for name, members in found.items()}


def _of_one(visit: Visit) -> dict[str, Any]:
    team: Team = visit.runtime.state("team", visit.path["id"])
    saved = team.saved
    assert saved is not None
    facts = [fact for fact in visit.runtime.facts("team", team.id) if isinstance(fact.event, TeamSaved)]
    with visit.runtime.reading() as reader:
        everybody = queries.list_people(reader, everybody=True)
        names = {row["id"]: row["name"] for row in everybody}
        members = queries.members_of(reader, team)
        schedules = []
        for row in oncall.list_schedules(reader, team=team.id):
            schedule = reader.state(f"schedule:{row['id']}")
            schedules.append({"id": row["id"], "name": row["name"], "now": who_is_on_call(schedule, reader.now)})
        policies = []
        for row in paging.list_policies(reader):
            record: PolicyRecord = reader.state(f"policy:{row['id']}")
            if record.saved is not None and record.saved.team == team.id:
                policies.append(row)
        services = list_services(reader, team.id)
    return {
        "team": team, "saved": saved, "names": names, "members": members, "active": {row["id"] for row in everybody if row["active"]},
        "people": sorted(((row["id"], row["name"]) for row in everybody if row["active"]), key=lambda one: one[1].casefold()),
        "schedules": schedules, "policies": policies, "services": services, "may": rights.at_least(visit.viewer.role, "manager"),
        "versions": versions.versions([(fact.version, fact.recorded_at, str(fact.actor), "", fact.event.team) for fact in facts]),  # type: ignore[attr-defined] # filtered above
    }  # fmt: skip
