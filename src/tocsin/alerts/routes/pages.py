"""The pages of routes: which alert becomes what, in order and readable; a draft as a file, checked and tried before it counts; rules of inhibition."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec
from starlette.responses import Response
from starlette.routing import Route as WebRoute

from tocsin.alerts import queries as alert_queries
from tocsin.alerts.groups.route_queries import by_route
from tocsin.alerts.inhibition import INHIBITIONS, Inhibitions, InhibitionsSaved, SaveInhibitions, compile_inhibitions
from tocsin.alerts.quiet.queries import living
from tocsin.alerts.route_model import ROUTES, Route, Routes, RoutesSaved, Settings
from tocsin.alerts.routes import api, load, queries
from tocsin.alerts.routes.shelf import shipped
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Reader
from tocsin.paging import queries as paging
from tocsin.people import rights
from tocsin.people.queries import list_people
from tocsin.playbooks.queries import Bookshelf
from tocsin.services.queries import list_services
from tocsin.settings import versions
from tocsin.web.layout import Shell, Visit, go

HERE: Final = "/settings/routes"
_LATELY: Final = timedelta(days=7)


class Row(msgspec.Struct, frozen=True):
    """A route as a line of a table."""

    place: str
    name: str
    depth: int
    match: str
    condition: str
    onward: bool
    about: str
    does: tuple[str, ...]
    """What it says itself, in words."""
    group_by: str


def routes(shell: Shell, shelf: Bookshelf, default_playbook: str) -> list[WebRoute]:
    """Return the routes of the pages. default_playbook: of a service that names none."""

    def in_force(visit: Visit) -> Routes:
        found: Routes | None = visit.runtime.committer.state(f"routes:{ROUTES}")
        return found or Routes(ROUTES, saved=shipped(), shipped=True)

    def rules_of(visit: Visit) -> Inhibitions:
        found: Inhibitions | None = visit.runtime.committer.state(f"inhibitions:{INHIBITIONS}")
        return found or Inhibitions(INHIBITIONS)

    def _values(visit: Visit) -> dict[str, Any]:
        now_ = in_force(visit)
        rules = rules_of(visit)
        facts = [fact for fact in visit.runtime.facts("routes", ROUTES) if isinstance(fact.event, RoutesSaved)]
        told = [fact for fact in visit.runtime.facts("inhibitions", INHIBITIONS) if isinstance(fact.event, InhibitionsSaved)]
        with visit.runtime.reading() as reader:
            lately = by_route(reader, visit.viewer, reader.now - _LATELY)
            names = {row["id"]: row["name"] for row in list_people(reader, everybody=True)}
            services = {row["id"]: row["name"] for row in list_services(reader)}
            policies = {row["id"]: row["name"] for row in paging.list_policies(reader)}
            trial = _of_alert(reader, visit) if visit.query.get("alert") else {}
        return {
            "routes": now_, "rows": list(rows(now_.saved.routes)), "defaults": says(now_.saved.defaults), "lately": lately, "names": names, "services": services, "policies": policies,
            "text": load.dump(now_.saved), "rules": rules, "rules_text": load.dump(SaveInhibitions(rules.rules)) if rules.rules else "", "trial": trial,
            "versions": versions.versions([(fact.version, fact.recorded_at, str(fact.actor), "shipped" if fact.event.shipped else "", fact.event.routes) for fact in facts]),  # type: ignore[attr-defined] # filtered
            "whys": {fact.version: fact.event.routes.why for fact in facts},  # type: ignore[attr-defined] # filtered
            "rule_versions": versions.versions([(fact.version, fact.recorded_at, str(fact.actor), "", fact.event.rules) for fact in told]),  # type: ignore[attr-defined] # filtered
            "may": rights.at_least(visit.viewer.role, "manager"),
        }  # fmt: skip

    async def show(visit: Visit, problem: Refused | None = None, **more: Any) -> Response:
        values = {
            **await asyncio.to_thread(_values, visit),
            "problem": problem,
            "typed": visit.form,
            "tried": None,
            "checked": None,
            **more,
        }
        return shell.page(visit, "alerts/routes.html", values, status=problem.status if problem else 200)

    async def shown(visit: Visit) -> Response:
        return await show(visit)

    async def send(visit: Visit) -> Response:
        """Try an alert, check a draft, or put it in force: by the button that was pressed."""
        text = visit.form.get("text", "")
        try:
            if visit.form.get("do") == "try":
                tried = await asyncio.to_thread(_try, visit, text)
                if visit.form.get("part"):
                    return shell.page(
                        visit, "alerts/tried.html", {"tried": tried, "refusal": None, **await asyncio.to_thread(_names, visit)}
                    )
                return await show(visit, tried=tried)
            read = await asyncio.to_thread(api.read_routes, text, "routes.yaml")
            if visit.form.get("do") == "check":
                changed = versions.changes(in_force(visit).saved, msgspec.structs.replace(read, why=in_force(visit).saved.why))
                return await show(visit, checked=list(changed)[:30])
            rights.require(visit.viewer, "manager")
            command = msgspec.structs.replace(read, why=visit.form.get("why", "").strip() or read.why)
            await visit.runtime.commit("routes", ROUTES, command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            if visit.form.get("part"):
                return shell.page(
                    visit, "alerts/tried.html", {"tried": None, "refusal": refusal, "names": {}, "services": {}, "policies": {}}
                )
            return await show(visit, refusal)
        return go(HERE)

    def _names(visit: Visit) -> dict[str, Any]:
        with visit.runtime.reading() as reader:
            return {
                "services": {row["id"]: row["name"] for row in list_services(reader)},
                "policies": {row["id"]: row["name"] for row in paging.list_policies(reader)},
            }

    def _try(visit: Visit, text: str) -> dict[str, Any]:
        form = visit.form
        trial = queries.Trial(
            _labels(form.get("labels", "")), form.get("source", "").strip() or "alertmanager", form.get("service", "").strip(), form.get("severity", "").strip(),
            title=form.get("title", "").strip(), routes=api.read_routes(text, "routes.yaml") if text.strip() else None,
        )  # fmt: skip
        with visit.runtime.reading() as reader:
            return queries.what_would_happen(
                trial, in_force(visit).saved, living(reader), queries.Services(shelf, default_playbook), reader
            )

    async def restore(visit: Visit) -> Response:
        number = visit.form.get("version", "")
        for fact in await asyncio.to_thread(visit.runtime.facts, "routes", ROUTES):
            if str(fact.version) == number and isinstance(fact.event, RoutesSaved):
                command = msgspec.structs.replace(fact.event.routes, why=f"version {number} again")
                await visit.runtime.commit("routes", ROUTES, command, visit.actor, visit.key, visit.fingerprint)
                return go(HERE)
        raise NotFound(f"There is no version {number} of the routes.", fix="Their history lists them.")

    async def inhibitions(visit: Visit) -> Response:
        try:
            text = visit.form.get("rules", "")
            rules = await asyncio.to_thread(load.load_inhibitions, text, "inhibitions.yaml") if text.strip() else SaveInhibitions(())
            compile_inhibitions(rules.rules)
            await visit.runtime.commit("inhibitions", INHIBITIONS, rules, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await show(visit, refusal)
        return go(f"{HERE}#inhibition")

    async def restore_rules(visit: Visit) -> Response:
        number = visit.form.get("version", "")
        for fact in await asyncio.to_thread(visit.runtime.facts, "inhibitions", INHIBITIONS):
            if str(fact.version) == number and isinstance(fact.event, InhibitionsSaved):
                await visit.runtime.commit(
                    "inhibitions", INHIBITIONS, SaveInhibitions(fact.event.rules), visit.actor, visit.key, visit.fingerprint
                )
                return go(f"{HERE}#inhibition")
        raise NotFound(f"There is no version {number} of these rules.", fix="Their history lists them.")

    return [
        shell.get(HERE, shown),
        shell.post(HERE, send, needs="viewer"),
        shell.post(f"{HERE}/restore", restore, needs="manager"),
        shell.post(f"{HERE}/inhibitions", inhibitions, needs="manager"),
        shell.post(f"{HERE}/inhibitions/restore", restore_rules, needs="manager"),
    ]


def rows(found: Sequence[Route], above: str = "", depth: int = 0) -> Iterator[Row]:
    """Yield routes in the order in which they are asked; those inside a route before it takes what fits none of them."""
    for one in found:
        place = f"{above}/{one.name}" if above else one.name
        match = one.match if isinstance(one.match, str) else ", ".join(one.match)
        grouped = "" if one.group_by is None else "each alert alone" if "..." in one.group_by else ", ".join(one.group_by) or "all are one"
        yield Row(place, one.name, depth, match, one.condition, one.onward, one.about, tuple(says(one)), grouped)
        yield from rows(one.routes, place, depth + 1)


def says(one: Settings) -> list[str]:
    """Return what a route, or the defaults, say of alerts, in words."""
    found = []
    if one.service is not None:
        found.append(f"service {one.service}")
    if one.policy is not None:
        found.append(f"policy {one.policy}")
    if one.targets is not None:
        found.append(f"pages {', '.join(one.targets) or 'nobody'}")
    if one.urgency is not None:
        found.append({"none": "calls nobody", "low": "low urgency", "high": "high urgency"}[one.urgency])
    for rule in one.urgencies or ():
        whose = ", ".join(rule.levels) or (rule.match if isinstance(rule.match, str) else ", ".join(rule.match)) or rule.condition
        found.append(f"{whose}: {rule.urgency if rule.urgency != 'none' else 'calls nobody'}")
    for name, word in (
        ("wait", "waits {}"),
        ("window", "one group for {}"),
        ("repeat", "calls again after {}"),
        ("reopen", "the same group within {}"),
        ("resolve_after", "ends unheard after {}"),
    ):
        value = getattr(one, name)
        if value is not None:
            found.append(word.format(value))
    if one.threshold is not None:
        found.append(f"from {one.threshold.count} alerts within {one.threshold.within} on")
    if one.limit is not None:
        found.append(f"a digest beyond {one.limit.pages} pages within {one.limit.within}")
    if one.flapping is not None:
        found.append(f"flapping from {one.flapping.changes} changes within {one.flapping.within} on")
    if one.declare is not None:
        found.append("declares an incident")
    if one.notify is not None:
        found.append(f"tells {', '.join(one.notify.to)}")
    return found


def _labels(text: str) -> dict[str, str]:
    found = {}
    for line in text.replace(",", "\n").splitlines():
        name, sign, value = line.strip().partition("=")
        if not line.strip():
            continue
        if not sign or not name.strip():
            raise Refused(f"{line.strip()!r} is no label.", fix="Write one on each line, like alertname=DiskFull.", field="labels")
        found[name.strip()] = value.strip().strip('"')
    return found


def _of_alert(reader: Reader, visit: Visit) -> dict[str, str]:
    """Return a real alert as the form has it, to try the routes with it."""
    try:
        found = alert_queries.alert_view(reader, visit.viewer, visit.query["alert"])
    except Refused:
        return {}
    labels = "\n".join(f"{name}={value}" for name, value in found["labels"].items())
    return {
        "labels": labels,
        "service": found["service"],
        "severity": found["severity"],
        "source": found["source"],
        "title": found["title"],
    }
