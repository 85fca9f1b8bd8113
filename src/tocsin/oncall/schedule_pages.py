"""The pages of one schedule: lanes and days, overrides with their effect, what happened to it. Its form and how it is spread: files of their own."""

from __future__ import annotations

import asyncio
import calendar
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Reader
from tocsin.oncall import charts, checks, coverage, effect, fairness_pages, forms, handlers, queries, rota_pages, story, views
from tocsin.oncall.asking import COMING, base_of, head_of, me_of
from tocsin.oncall.availability import spans_of
from tocsin.oncall.clocks import FIRST_YEAR, LAST_YEAR, clocks, day_asked, field_of, on_clock
from tocsin.oncall.commands import SaveSchedule
from tocsin.oncall.events import ScheduleSaved
from tocsin.oncall.kind import everybody
from tocsin.oncall.layers import roles_of
from tocsin.oncall.model import Schedule
from tocsin.oncall.shifts import shifts
from tocsin.oncall.walltime import known_zone
from tocsin.paging import queries as paging
from tocsin.playbooks.queries import Bookshelf
from tocsin.services.queries import list_services, named
from tocsin.settings import versions
from tocsin.web.layout import Shell, Visit, go, local_path, number_of

_DAYS: Final = {"1w": 7, "2w": 14, "4w": 28}
_MONTH: Final = "month"
_USUAL: Final = "2w"
_RECENT: Final = 10


def routes(shell: Shell, shelf: Bookshelf, default_playbook: str, public_url: str) -> list[Route]:
    """Return the routes of the pages. public_url: what the addresses of published calendars begin with."""
    pages = _Pages(shell, public_url)
    return [
        *rota_pages.routes(shell, shelf),
        shell.get("/on-call/{id}", pages.one),
        shell.get("/on-call/{id}/effect", pages.effect),
        *fairness_pages.routes(shell, shelf, default_playbook),
        shell.get("/on-call/{id}/history", pages.history),
        shell.post("/on-call/{id}/restore", pages.restore),
        *(shell.post(f"/on-call/{{id}}/{verb}", pages.do(verb)) for verb in forms.COMMANDS),
    ]


class _Pages:
    def __init__(self, shell: Shell, public_url: str) -> None:
        self._shell = shell
        self._url = public_url

    # -- shifts -----------------------------------------------------------------------------------

    async def one(self, visit: Visit) -> Response:
        """Show a schedule."""
        return await self._one(visit)

    async def _one(self, visit: Visit, problem: Refused | None = None, verb: str = "") -> Response:
        values = await asyncio.to_thread(self._of_one, visit)
        values |= {"problem": problem, "typed": visit.form if problem else {}, "verb": verb}
        return self._shell.page(visit, "oncall/schedule.html", values, status=problem.status if problem else 200)

    def _of_one(self, visit: Visit) -> dict[str, Any]:
        schedule: Schedule = visit.runtime.state("schedule", visit.path["id"])
        me = me_of(visit)
        with visit.runtime.reading() as reader:
            names, now = handlers.names(reader), reader.now
            handed = queries.list_handoffs(reader, schedule=schedule.id, limit=_RECENT)
            folk = handlers.zones(reader, everybody(schedule))
            mine = handlers.zones(reader, (me,)).get(me, "") if me else ""
            routed = _routed(reader, schedule)
        own_zone, zone = schedule.rota.zone, _zone(visit, schedule, mine)
        span, first, days = _window(visit, zone, now)
        shown = charts.chart(schedule, first, days, zone, now, names)
        done = schedule.overrides.get(visit.query.get("done", ""))
        asked = schedule.exchanges.get(visit.query.get("asked", ""))
        return {
            **head_of(visit, schedule), "view": views.now_view(schedule, now, names), "chart": shown, "span": span, "zone": zone, "names": names, "person": me,
            "local": on_clock(zone), "field": field_of(zone), "roles": roles_of(schedule), "routed": routed, "first": first,
            "findings": coverage.findings(schedule, now, now + COMING, names, names), "overrides": views.overrides_from(schedule, now),
            "offers": views.offers_of(schedule, now), "handoffs": handed, "feed": views.feed_url(base_of(visit, self._url), schedule.feed), "done": done,
            "asked": asked if asked is not None and asked.state == "offered" else None,
            "covered": 100 - coverage.percent(coverage.uncovered(schedule, now, now + COMING)),
            "earlier": _link(visit, _step(first, span, -1), span, zone), "later": _link(visit, _step(first, span, 1), span, zone), "today": _link(visit, None, span, zone),
            "spans": {name: _link(visit, first, name, zone) for name in (*_DAYS, _MONTH)},
            "links": {one: _link(visit, first, span, one) for one in clocks(mine, own_zone, (layer.zone for layer in schedule.rota.layers), folk.values())},
            "mine": mine, "people": sorted(names.items(), key=lambda one: one[1].casefold()), "said": charts.said_of,
            "preset": _preset(visit, zone),
        }  # fmt: skip

    def do(self, verb: str) -> Callable[[Visit], Awaitable[Response]]:
        """Return the handler of a form about a schedule."""

        async def handle(visit: Visit) -> Response:
            try:
                command = forms.COMMANDS[verb](visit.form)
                result = await visit.runtime.commit("schedule", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
            except Refused as refusal:
                return await self._one(visit, refusal, verb)
            after = visit.form.get("after", "")
            if after:
                return go(local_path(after))
            back = {name: visit.form[name] for name in ("from", "span", "zone") if visit.form.get(name)}
            if verb == "override":
                back["done"] = str(result.get("override", ""))
            elif verb == "offer":
                back["asked"] = str(result.get("exchange", ""))
            return go(f"/on-call/{quote(visit.path['id'])}" + (f"?{urlencode(back)}" if back else ""))

        return handle

    async def effect(self, visit: Visit) -> Response:
        """Say what an override would change, before anybody decides it: a part of a page."""
        values = await asyncio.to_thread(_effect_of, visit)
        return self._shell.page(visit, "oncall/effect.html", values)

    # -- what happened ----------------------------------------------------------------------------

    async def history(self, visit: Visit) -> Response:
        """Show every version of a schedule, and what was decided on top of it."""

        def work() -> dict[str, Any]:
            schedule: Schedule = visit.runtime.state("schedule", visit.path["id"])
            facts = visit.runtime.facts("schedule", schedule.id)
            with visit.runtime.reading() as reader:
                names = handlers.names(reader)
            saved = [fact for fact in facts if isinstance(fact.event, ScheduleSaved)]
            made = versions.versions([(fact.version, fact.recorded_at, str(fact.actor), "", fact.event.rota) for fact in saved])  # type: ignore[attr-defined] # filtered
            return {
                **head_of(visit, schedule),
                "versions": made,
                "names": names,
                "told": story.story(facts, names, on_clock(schedule.rota.zone)),
            }

        return self._shell.page(visit, "oncall/history.html", await asyncio.to_thread(work))

    async def restore(self, visit: Visit) -> Response:
        """Write an earlier version of a schedule down again, from now on."""
        for fact in await asyncio.to_thread(visit.runtime.facts, "schedule", visit.path["id"]):
            if str(fact.version) == visit.form.get("version", "") and isinstance(fact.event, ScheduleSaved):
                command = SaveSchedule(**msgspec.structs.asdict(fact.event.rota))
                await visit.runtime.commit("schedule", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
                return go(f"/on-call/{quote(visit.path['id'])}/history")
        raise NotFound(f"There is no version {visit.form.get('version', '')} of this schedule.", fix="Its history lists them.")


def _routed(reader: Reader, schedule: Schedule) -> list[str]:
    """Return the names of the services whose pages go to a schedule."""
    found = []
    for row in list_services(reader):
        service = named(reader, row["id"])
        if service is not None and schedule.id in handlers.schedules_paged_by(reader, service):
            found.append(row["name"])
    return found


def _effect_of(visit: Visit) -> dict[str, Any]:
    schedule: Schedule = visit.runtime.state("schedule", visit.path["id"])
    form = visit.query
    try:
        command = forms.override(form)
        checks.check_span(command.start, command.end)
        checks.check_role(command.role, roles_of(schedule))
        person = command.person or me_of(visit)
        if not person and command.how != "remove":
            raise Refused("It is not said who.", fix="Name a person.", field="person")
        found = effect.effect(schedule, command, person)
    except Refused as refusal:
        return {"refusal": refusal, "changes": [], "warnings": [], "button": ""}
    zone = known_zone(form.get("zone", "UTC"))
    local = on_clock(zone)
    with visit.runtime.reading() as reader:
        names = handlers.names(reader)
        warnings = _warnings(reader, schedule, command.start, command.end, person, local, names) if command.how != "remove" else []
        waiting = len(paging.pages_waiting_for(reader, schedule.id)) if command.start <= reader.now < command.end else 0
        routed = _routed(reader, schedule) if found else []
        zones = handlers.zones(reader, (person,)) if person else {}
    theirs = zones.get(person, "")
    who = names.get(person, person)
    return {
        "refusal": None, "changes": [(f"{effect.sentence(one, names)}", f"{local(one.start)} to {local(one.end)}") for one in found], "warnings": warnings, "who": who,
        "waiting": waiting, "routed": routed, "theirs": f"{on_clock(theirs)(command.start)} to {on_clock(theirs)(command.end)}" if theirs and theirs != zone else "",
        "their_zone": theirs, "button": f"Put {who} on call" if command.how != "remove" else f"Take {names.get(command.instead_of, command.instead_of)} off call",
    }  # fmt: skip


def _warnings(
    reader: Reader, schedule: Schedule, start: datetime, end: datetime, person: str, local: Callable[[datetime], str], names: Mapping[str, str]
) -> list[str]:  # fmt: skip
    """Return what speaks against putting somebody on call for a while: they are away, on call elsewhere, or nothing proved reaches them."""
    who = names.get(person, person)
    if person not in names:
        return [f"{person} is not written down: no page reaches them."]
    known = queries.availability_of(reader, person)
    found = [
        f"{who} is away {local(span.start)} to {local(span.end)}{': ' + span.why if span.why else ''}."
        for span in (spans_of(known) if known is not None else ())
        if span.start < end and span.end > start
    ]
    for name in queries.schedules_of(reader, person):
        other = reader.state(f"schedule:{name}")
        if other is None or name == schedule.id:
            continue
        if any(shift.person == person for role in roles_of(other) for shift in shifts(other, start, end, role)):
            found.append(f"{who} is on call in {other.rota.name or name} at that time too.")
    state = reader.state(f"person:{person}")
    if state is not None and state.saved is not None and not any(state.is_verified(way) for way in state.saved.contacts):
        found.append(f"No way to reach {who} was ever proved.")
    return found


def _zone(visit: Visit, schedule: Schedule, mine: str) -> str:
    """Return the clock of the page: the one asked for; else the visitor's, or the schedule's."""
    asked = visit.form.get("zone", "") or visit.query.get("zone", "")
    try:
        return known_zone(asked) if asked else mine or schedule.rota.zone
    except Refused:
        return mine or schedule.rota.zone


def _window(visit: Visit, zone: str, now: datetime) -> tuple[str, date, int]:
    """Return which days the page shows: the Monday of the week asked for and some weeks, or a month."""
    weeks = number_of(visit.query.get("weeks", ""))
    span = visit.form.get("span", "") or visit.query.get("span", "") or (f"{weeks}w" if f"{weeks}w" in _DAYS else _USUAL)
    day = day_asked(visit.form.get("from", "") or visit.query.get("from", ""), zone, now)
    if span == _MONTH:
        first = day.replace(day=1)
        first -= timedelta(days=first.weekday())
        last = day.replace(day=calendar.monthrange(day.year, day.month)[1])
        return span, first, ((last - first).days // 7 + 1) * 7
    span = span if span in _DAYS else _USUAL
    return span, day - timedelta(days=day.weekday()), _DAYS[span]


def _preset(visit: Visit, zone: str) -> dict[str, str]:
    """Return what a link wants the forms to begin with: moments of the address on the page's clock, and people."""
    found = {name: visit.query[name] for name in ("person", "to", "instead_of") if visit.query.get(name)}
    for name in ("start", "end"):
        try:
            at = datetime.fromisoformat(visit.query.get(name, ""))
        except ValueError:
            continue
        if at.tzinfo is not None and FIRST_YEAR <= at.year <= LAST_YEAR:
            found[name] = field_of(zone)(at)
    return found


def _step(first: date, span: str, way: int) -> date:
    if span != _MONTH:
        return first + way * timedelta(days=_DAYS[span])
    middle = first + timedelta(days=10)  # its first week may begin in the month before
    index = middle.year * 12 + middle.month - 1 + way
    return date(index // 12, index % 12 + 1, 1)


def _link(visit: Visit, first: date | None, span: str, zone: str) -> str:
    day = first
    if first is not None and span == _MONTH:
        day = first + timedelta(days=6)
    given = {**({"from": day.isoformat()} if day is not None else {}), "span": span, "zone": zone}
    return f"/on-call/{quote(visit.path['id'])}?" + urlencode(given)
