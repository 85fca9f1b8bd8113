"""The pages of escalation policies: the list, and one as a ladder with who each step is right now, what does not fit beside the step, and a form."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.chance import fresh
from tocsin.engine.errors import Conflict, NotFound, Refused
from tocsin.engine.model import Reader
from tocsin.oncall.clocks import FIRST_YEAR, LAST_YEAR, on_clock
from tocsin.oncall.walltime import instant_of, moment, read_wall
from tocsin.paging import commands as c
from tocsin.paging import events as e
from tocsin.paging import handlers, ladder_queries, policies, policy_forms, queries, target_queries, test_queries
from tocsin.paging.model import Policy, PolicyRecord, Step
from tocsin.paging.reach import step_holes
from tocsin.people import ownership, rights
from tocsin.people.queries import list_people, list_teams
from tocsin.services.queries import list_services, named
from tocsin.settings import forms, versions
from tocsin.web.layout import Shell, Visit, go
from tocsin.web.zones import ZONES

HERE: Final = "/settings/policies"
_LOOKED_AT: Final = timedelta(days=14)
_MOST_HOLES: Final = 3
_TITLE: Final = 300
_SPARE: Final = {**policy_forms.form_of(Policy("", steps=(Step(to=()),)))["steps"][0], "place": None}
_WHOSE: Final = re.compile(r"no way of (\S+) was")


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the pages."""
    pages = _Pages(shell)
    return [
        shell.get(HERE, pages.listed),
        shell.get("/settings/new-policy", pages.new),
        shell.post("/settings/new-policy", pages.make),
        shell.post("/settings/policy-preview", pages.preview, needs="viewer"),
        shell.get(f"{HERE}/{{id}}", pages.one),
        shell.post(f"{HERE}/{{id}}/save", pages.save),
        shell.post(f"{HERE}/{{id}}/retire", pages.retire),
        shell.post(f"{HERE}/{{id}}/restore", pages.restore),
        shell.post(f"{HERE}/{{id}}/test", pages.test),
    ]


class _Pages:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    async def listed(self, visit: Visit) -> Response:
        """Show all policies."""
        return self._shell.page(visit, "paging/policies.html", await asyncio.to_thread(_of_all, visit))

    # -- one --------------------------------------------------------------------------------------

    async def one(self, visit: Visit) -> Response:
        """Show a policy."""
        return await self._one(visit)

    async def _one(self, visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_of_one, visit, problem)
        return self._shell.page(visit, "paging/policy.html", {**values, "problem": problem}, status=problem.status if problem else 200)

    async def new(self, visit: Visit) -> Response:
        """Show the form of a policy that is not there yet."""
        return await self._new(visit)

    async def _new(self, visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_of_new, visit, problem)
        return self._shell.page(visit, "paging/policy.html", {**values, "problem": problem}, status=problem.status if problem else 200)

    async def make(self, visit: Visit) -> Response:
        """Write a new policy down."""
        try:
            command = await asyncio.to_thread(_command, visit)
            policy_id = forms.id_of(command.name, visit.form.get("id", ""))
            if await asyncio.to_thread(visit.runtime.committer.state, f"policy:{policy_id}") is not None:
                raise Conflict(f"There is a policy {policy_id} already.", fix="Write another id, or change that one.", field="id")
            await visit.runtime.commit("policy", policy_id, command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._new(visit, refusal)
        return go(f"{HERE}/{quote(policy_id)}")

    async def save(self, visit: Visit) -> Response:
        """Write a policy down as the form says."""
        try:
            command = await asyncio.to_thread(_command, visit)
            await visit.runtime.commit("policy", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._one(visit, refusal)
        return go(f"{HERE}/{quote(visit.path['id'])}")

    async def preview(self, visit: Visit) -> Response:
        """Show the ladder that a form describes: a part of a page."""

        def work() -> dict[str, Any]:
            try:
                command = _command(visit)
                policy = policies.checked(visit.form.get("id", "").strip() or "new", command)
            except Refused as refusal:
                return {"refusal": refusal}
            with visit.runtime.reading() as reader:
                return {"refusal": None, **_looked(reader, policy, reader.now)}

        return self._shell.page(visit, "paging/policy_preview.html", await asyncio.to_thread(work))

    async def retire(self, visit: Visit) -> Response:
        """Have no new page use it."""
        command = c.RetirePolicy(visit.form.get("why", "").strip())
        await visit.runtime.commit("policy", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        return go(f"{HERE}/{quote(visit.path['id'])}")

    async def restore(self, visit: Visit) -> Response:
        """Write an earlier version down again; without a number, the last one (of a policy that was retired)."""
        facts = await asyncio.to_thread(visit.runtime.facts, "policy", visit.path["id"])
        saved = [fact for fact in facts if isinstance(fact.event, e.PolicySaved)]
        number = visit.form.get("version", "")
        found = next((fact for fact in saved if str(fact.version) == number), None) if number else saved[-1] if saved else None
        if found is None or not isinstance(found.event, e.PolicySaved):
            raise NotFound(f"There is no version {number} of this policy.", fix="Its history lists them.")
        policy = found.event.policy
        waive = policy.waiver.reason if policy.waiver is not None else ""
        command = c.SavePolicy(**{name: getattr(policy, name) for name in _FIELDS}, waive=waive)
        try:
            await visit.runtime.commit("policy", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._one(visit, refusal)
        return go(f"{HERE}/{quote(visit.path['id'])}")

    async def test(self, visit: Visit) -> Response:
        """Call people by the policy with a page that is only a test; it ends by itself."""
        record: PolicyRecord = await asyncio.to_thread(visit.runtime.state, "policy", visit.path["id"])
        name = record.saved.name if record.saved is not None else record.id
        command = c.OpenPage(
            f"Test of the escalation policy {name}"[:_TITLE], "low" if visit.form.get("urgency") == "low" else "high", policy=record.id,
            why=f"{visit.actor.id} tries the policy.", origin="test",
        )  # fmt: skip
        try:
            await visit.runtime.commit("page", f"P-{fresh()}", command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._one(visit, refusal)
        return go(f"{HERE}/{quote(visit.path['id'])}#test")


_FIELDS: Final = ("steps", "name", "repeat", "last_resort", "lease", "zone", "about", "cites", "note", "team")


# -- reading ---------------------------------------------------------------------------------------


def _of_all(visit: Visit) -> dict[str, Any]:
    everything = visit.query.get("everything") == "1"
    with visit.runtime.reading() as reader:
        now = reader.now
        used = _used(reader)
        rows = []
        for row in queries.list_policies(reader, everything=everything):
            record: PolicyRecord = reader.state(f"policy:{row['id']}")
            if record.saved is None:
                continue
            steps = ladder_queries.ladder(reader, record.saved, now)
            rows.append(
                {
                    **row,
                    "ladder": steps,
                    "services": used.get(row["id"], []),
                    "broken": sum(not one["reaches"] for one in steps if one["number"]),
                }
            )
        teams = {row["id"]: row["name"] for row in list_teams(reader)}
    return {
        "policies": rows,
        "teams": teams,
        "everything": everything,
        "may_add": rights.at_least(visit.viewer.role, "manager") or bool(visit.viewer.teams),
    }


def _used(reader: Reader) -> dict[str, list[tuple[str, str]]]:
    """Return the services (id and name) that use each policy."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in list_services(reader):
        service = named(reader, row["id"])
        policy = queries.policy_of_service(reader, service)
        if policy.id:
            found.setdefault(policy.id, []).append((row["id"], row["name"]))
    return found


def _of_one(visit: Visit, problem: Refused | None) -> dict[str, Any]:
    record: PolicyRecord = visit.runtime.state("policy", visit.path["id"])
    policy = record.saved
    assert policy is not None
    facts = [fact for fact in visit.runtime.facts("policy", record.id) if isinstance(fact.event, e.PolicySaved | e.PolicyRetired)]
    at, zone = _asked_at(visit, policy)
    with visit.runtime.reading() as reader:
        looked = _looked(reader, policy, at)
        names = {row["id"]: row["name"] for row in list_people(reader, everybody=True)}
        test = test_queries.newest_test(reader, policy=record.id)
        trail = test_queries.trail_of(reader, test["id"]) if test is not None else []
        used = _used(reader).get(record.id, [])
        typed = _is_typed(visit, problem)
        offered = _offered(reader, policy_forms.form_typed(visit.form, visit.lists) if typed else policy_forms.form_of(policy))
        preview = _typed_ladder(visit, reader) if typed else looked
    first = next((step for step in looked["ladder"] if step["number"] and not step["by_age"]), None)
    script = (
        handlers.rehearse(visit.runtime, record.id, "low" if visit.query.get("urgency") == "low" else "high", at)["lines"]
        if not record.retired
        else []
    )
    return {
        **looked, **offered, "record": record, "policy": policy, "names": names, "test": test, "trail": trail, "used": used, "script": script, "opened": at, "local": on_clock(zone),
        "zone": zone, "asked": visit.query.get("at", ""), "urgency": visit.query.get("urgency", "high"), "first": [who["name"] for who in first["people"]] if first else [],
        "may": rights.may_change(visit.viewer, ownership.owners_of("policy", record)), "may_test": rights.at_least(visit.viewer.role, "responder") and not record.retired,
        "again": typed, "preview": preview,
        "versions": versions.versions([
            (fact.version, fact.recorded_at, str(fact.actor), "" if isinstance(fact.event, e.PolicySaved) else "retired", _said(fact.event)) for fact in facts
        ]),
    }  # fmt: skip


def _of_new(visit: Visit, problem: Refused | None) -> dict[str, Any]:
    typed = _is_typed(visit, problem)
    empty = Policy("", steps=(Step(to=()), Step(to=())))
    with visit.runtime.reading() as reader:
        names = {row["id"]: row["name"] for row in list_people(reader, everybody=True)}
        offered = _offered(reader, policy_forms.form_typed(visit.form, visit.lists) if typed else policy_forms.form_of(empty))
        preview = _typed_ladder(visit, reader) if typed else None
    return {
        **offered, "warnings": [], "record": None, "policy": None, "names": names, "may": True, "again": True, "preview": preview, "zone": "UTC", "used": [],
        "test": None, "trail": [], "versions": [], "script": [], "may_test": False,
    }  # fmt: skip


def _said(event: Any) -> dict[str, Any] | None:
    return dict(policies.fields(event.policy)) if isinstance(event, e.PolicySaved) else None


def _looked(reader: Reader, policy: Policy, at: datetime) -> dict[str, Any]:
    """Return a policy's ladder at a moment, and beside each step when it reaches nobody in the coming weeks."""
    start, end = reader.now, reader.now + _LOOKED_AT
    found, warnings = step_holes(policy, queries.known_for(reader, queries.targets_of(policy), start, end), start, end)
    holes: dict[int, list[str]] = {}
    for hole in found:
        said = str(hole).partition(" reaches nobody ")[2]
        holes.setdefault(hole.step + 1, []).append(f"Reaches nobody {said}.")
    shortened = {
        step: [
            *said[:_MOST_HOLES],
            *([f"And {len(said) - _MOST_HOLES} more times in the coming two weeks."] if len(said) > _MOST_HOLES else []),
        ]
        for step, said in holes.items()
    }
    return {
        "ladder": ladder_queries.ladder(reader, policy, at),
        "holes": shortened,
        "warnings": [_with_name(one, reader) for one in warnings],
        "hole_count": len(found),
    }


def _with_name(warning: str, reader: Reader) -> str:
    """Return a warning with the name of whom it is about."""
    found = _WHOSE.search(warning)
    person = reader.state(f"person:{found.group(1)}") if found else None
    said = (
        warning.replace(f"of {found.group(1)} ", f"of {person.saved.name} ")
        if found and person is not None and person.saved is not None
        else warning
    )
    return said[:1].upper() + said[1:]


def _offered(reader: Reader, form: dict[str, Any]) -> dict[str, Any]:
    """Return what a form offers: targets by their kinds, what else it has chosen, teams, zones, and one more step for who has no scripts."""
    groups = target_queries.offered(reader)
    teams = [(row["id"], row["name"]) for row in list_teams(reader)]
    return {
        "form": form,
        "groups": groups,
        "others": target_queries.others(reader, policy_forms.targets_in(form), groups),
        "teams": teams,
        "zones": ZONES,
        "spare": _SPARE,
    }


def _asked_at(visit: Visit, policy: Policy) -> tuple[datetime, str]:
    """Return the moment that the page looks at, and the clock on which it is written: the policy's."""
    zone = policy.zone or "UTC"
    try:
        wall = read_wall(visit.query.get("at", ""))
        at = moment(instant_of(zone, wall))
    except ValueError:
        return visit.now, zone
    return (at, zone) if FIRST_YEAR <= at.year <= LAST_YEAR else (visit.now, zone)


def _typed_ladder(visit: Visit, reader: Reader) -> dict[str, Any] | None:
    """Return the ladder of what was typed; None where something in it cannot be read."""
    try:
        policy = policies.checked(visit.path.get("id", "") or "new", _command(visit))
    except Refused:
        return None
    return _looked(reader, policy, reader.now)


def _is_typed(visit: Visit, problem: Refused | None) -> bool:
    """Tell whether a refusal is of the form itself, so that it is shown as it was filled in."""
    return problem is not None and policy_forms.is_policy(visit.form)


def _command(visit: Visit) -> c.SavePolicy:
    with visit.runtime.reading() as reader:
        known = target_queries.by_name(reader)
    return policy_forms.command_of(visit.form, visit.lists, known)
