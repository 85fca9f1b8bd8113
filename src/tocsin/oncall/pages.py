"""The pages of on-call duty: who is on call everywhere, my shifts, one schedule as lanes and weeks, one written hand-off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Refused
from tocsin.engine.model import Command, Reader
from tocsin.oncall import charts, coverage, fairness, forms, handlers, queries, views
from tocsin.oncall.availability import Availability
from tocsin.oncall.draft import draft
from tocsin.oncall.handoff import Handoff
from tocsin.oncall.layers import roles_of
from tocsin.oncall.model import Schedule
from tocsin.oncall.shifts import merged, shifts
from tocsin.oncall.walltime import day_of, seconds, show_wall, wall_of
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.layout import Shell, Visit, go, number_of

_WEEKS: Final = 2
_MOST_WEEKS: Final = 12
_FAIR: Final = timedelta(days=91)
"""How far back and ahead the table of who had how much looks."""
_OWN: Final = timedelta(days=60)
_RECENT: Final = 10


def routes(shell: Shell, shelf: Bookshelf, default_playbook: str, public_url: str) -> list[Route]:
    """Return the routes of the pages. public_url: what the addresses of published calendars begin with."""
    pages = _Pages(shell, shelf, default_playbook, public_url)
    return [
        shell.get("/on-call", pages.everywhere),
        shell.get("/on-call/handoffs/{id}", pages.handoff),
        shell.get("/on-call/{id}", pages.one),
        *(shell.post(f"/on-call/my/{verb}", pages.do_own(verb)) for verb in forms.OWN),
        *(shell.post(f"/on-call/handoffs/{{id}}/{verb}", pages.do_handoff(verb)) for verb in forms.HANDOFF),
        *(shell.post(f"/on-call/{{id}}/{verb}", pages.do(verb)) for verb in forms.COMMANDS),
    ]


class _Pages:
    def __init__(self, shell: Shell, shelf: Bookshelf, default_playbook: str, public_url: str) -> None:
        self._shell = shell
        self._shelf = shelf
        self._default = default_playbook
        self._url = public_url

    # -- everywhere -------------------------------------------------------------------------------

    async def everywhere(self, visit: Visit) -> Response:
        """Show who is on call in every schedule, what can be taken, and the visitor's own shifts."""
        return await self._everywhere(visit)

    async def _everywhere(self, visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(self._of_all, visit)
        return self._shell.page(
            visit, "oncall/list.html", {**values, "problem": problem, "typed": visit.form}, status=problem.status if problem else 200
        )

    def _of_all(self, visit: Visit) -> dict[str, Any]:
        me = _me(visit)
        with visit.runtime.reading() as reader:
            names = handlers.names(reader)
            all_ = queries.all_schedules(reader)
            now = reader.now
            own = queries.availability_of(reader, me) or Availability(me)
            handed = queries.list_handoffs(reader, person=me, limit=_RECENT) if me else queries.list_handoffs(reader, limit=_RECENT)
            zone = handlers.zones(reader, (me,)).get(me, "UTC")
        offers = [(one, offer) for one in all_ for offer in views.offers_of(one, now) if offer.state == "offered"]
        mine = [
            (one, shift)
            for one in all_
            for role in roles_of(one)
            for shift in merged(shifts(one, now - _OWN, now + _OWN, role))
            if shift.person == me and shift.end > now
        ]
        return {
            "schedules": [views.now_view(one, now, names) for one in all_], "mine": sorted(mine, key=lambda pair: pair[1].start), "offers": offers,
            "handoffs": handed, "names": names, "local": _on_clock(zone), "own": views.availability_view(own, now, self._url), "zone": zone, "person": me,
        }  # fmt: skip

    def do_own(self, verb: str) -> Callable[[Visit], Awaitable[Response]]:
        """Return the handler of a form about the visitor's own availability."""

        async def handle(visit: Visit) -> Response:
            try:
                if visit.actor.kind != "person":
                    raise Refused("It is not said who you are.", fix="Sign in with your name.")
                await self._commit(visit, "availability", visit.actor.id, forms.OWN[verb](visit.form))
            except Refused as refusal:
                return await self._everywhere(visit, refusal)
            return go("/on-call")

        return handle

    # -- one schedule -----------------------------------------------------------------------------

    async def one(self, visit: Visit) -> Response:
        """Show a schedule."""
        return await self._one(visit)

    async def _one(self, visit: Visit, problem: Refused | None = None, verb: str = "") -> Response:
        values = await asyncio.to_thread(self._of_one, visit)
        values |= {"problem": problem, "typed": visit.form if problem else {}, "verb": verb}
        return self._shell.page(visit, "oncall/schedule.html", values, status=problem.status if problem else 200)

    def _of_one(self, visit: Visit) -> dict[str, Any]:
        schedule: Schedule = visit.runtime.state("schedule", visit.path["id"])
        me = _me(visit)
        with visit.runtime.reading() as reader:
            names, now = handlers.names(reader), reader.now
            _, terms = handlers.terms_of(reader, self._shelf, schedule, self._default)
            loads = _loads(reader, schedule, now, fairness.nights_of(terms.terms.get("overnight", "")))
            handed = queries.list_handoffs(reader, schedule=schedule.id, limit=_RECENT)
            mine = handlers.zones(reader, (me,)).get(me, "") if me else ""
        own_zone, zone = schedule.rota.zone, _zone(visit, schedule, mine)
        weeks = min(max(number_of(visit.query.get("weeks", "")) or _WEEKS, 1), _MOST_WEEKS)
        first = _first(visit, zone, now)
        shown = charts.chart(schedule, first, weeks * 7, zone, now, names)
        return {
            "schedule": schedule, "rota": schedule.rota, "local": _on_clock(zone), "view": views.now_view(schedule, now, names), "chart": shown, "weeks": weeks, "zone": zone,
            "zones": [one for one in dict.fromkeys((mine or own_zone, own_zone)) if one], "names": names, "person": me, "loads": loads,
            "most": max((load.hours for load in loads), default=0), "roles": roles_of(schedule),
            "findings": coverage.findings(schedule, now, now + timedelta(days=28), names, names),
            "overrides": views.overrides_from(schedule, now), "offers": views.offers_of(schedule, now), "handoffs": handed,
            "feed": views.feed_url(self._url, schedule.feed), "earlier": _link(visit, first - timedelta(weeks=weeks), weeks, zone),
            "later": _link(visit, first + timedelta(weeks=weeks), weeks, zone), "links": {one: _link(visit, first, weeks, one) for one in (mine, own_zone) if one},
            "spans": {count: _link(visit, first, count, zone) for count in (1, 2, 4, 8)}, "people": sorted(names.items(), key=lambda one: one[1].casefold()),
        }  # fmt: skip

    def do(self, verb: str) -> Callable[[Visit], Awaitable[Response]]:
        """Return the handler of a form about a schedule."""

        async def handle(visit: Visit) -> Response:
            try:
                await self._commit(visit, "schedule", visit.path["id"], forms.COMMANDS[verb](visit.form))
            except Refused as refusal:
                return await self._one(visit, refusal, verb)
            back = {name: visit.form[name] for name in ("from", "weeks", "zone") if visit.form.get(name)}
            return go(f"/on-call/{quote(visit.path['id'])}" + (f"?{urlencode(back)}" if back else ""))

        return handle

    # -- hand-offs --------------------------------------------------------------------------------

    async def handoff(self, visit: Visit) -> Response:
        """Show a hand-off with its draft."""
        return await self._handoff(visit)

    async def _handoff(self, visit: Visit, problem: Refused | None = None) -> Response:
        def work() -> dict[str, Any]:
            handoff: Handoff = visit.runtime.state("handoff", visit.path["id"])
            material, names = handlers.material_of(visit.runtime, self._shelf, handoff)
            return {
                "handoff": handoff,
                "material": material,
                "local": _on_clock(material.zone),
                "names": names,
                "draft": draft(material, names),
            }

        values = {**await asyncio.to_thread(work), "problem": problem, "typed": visit.form if problem else {}, "person": _me(visit)}
        return self._shell.page(visit, "oncall/handoff.html", values, status=problem.status if problem else 200)

    def do_handoff(self, verb: str) -> Callable[[Visit], Awaitable[Response]]:
        """Return the handler of a form about a hand-off."""

        async def handle(visit: Visit) -> Response:
            try:
                await self._commit(visit, "handoff", visit.path["id"], forms.HANDOFF[verb](visit.form))
            except Refused as refusal:
                return await self._handoff(visit, refusal)
            return go(f"/on-call/handoffs/{quote(visit.path['id'])}")

        return handle

    async def _commit(self, visit: Visit, kind: str, record: str, command: Command) -> None:
        await visit.runtime.commit(kind, record, command, visit.actor, visit.key, visit.fingerprint)


def _on_clock(zone: str) -> Callable[[datetime], str]:
    """Return a function that writes a moment on a clock: ``Mon 3 Nov 09:00``."""

    def shown(at: datetime) -> str:
        there = show_wall(wall_of(zone, seconds(at)))
        return f"{there:%a} {there.day} {there:%b %H:%M}"

    return shown


def _me(visit: Visit) -> str:
    return visit.actor.id if visit.actor.kind == "person" else ""


def _zone(visit: Visit, schedule: Schedule, mine: str) -> str:
    """Return the clock of the page: the one asked for, where it is the visitor's or the schedule's; else the visitor's."""
    known = (mine, schedule.rota.zone)
    asked = visit.form.get("zone", "") or visit.query.get("zone", "")
    return asked if asked and asked in known else mine or schedule.rota.zone


def _first(visit: Visit, zone: str, now: datetime) -> date:
    """Return the page's first day: the Monday of the week asked for, or of this one."""
    try:
        day = date.fromisoformat(visit.query.get("from", ""))
        if not 1971 <= day.year <= 2990:  # noqa: PLR2004 (the years that one can reckon with)
            raise ValueError
    except ValueError:
        day = day_of(wall_of(zone, seconds(now)))
    return day - timedelta(days=day.weekday())


def _link(visit: Visit, first: date, weeks: int, zone: str) -> str:
    return f"/on-call/{quote(visit.path['id'])}?" + urlencode({"from": first.isoformat(), "weeks": weeks, "zone": zone})


def _loads(reader: Reader, schedule: Schedule, now: datetime, nights: Any) -> list[fairness.Load]:
    start, end = now - _FAIR, now + _FAIR
    found = [shift for role in roles_of(schedule) for shift in merged(shifts(schedule, start, end, role))]
    people = tuple(dict.fromkeys(shift.person for shift in found))
    called = [
        (person, datetime.fromisoformat(row["opened_at"])) for person in people for row in handlers.pages_of(reader, person, start, end)
    ]
    zones: Mapping[str, str] = handlers.zones(reader, people)
    return fairness.loads(found, zones, schedule.rota.zone, nights, schedule.rota.holidays, called)
