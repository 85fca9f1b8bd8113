"""The pages of on-call duty as a whole: who is on call everywhere, what is mine, one written hand-off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Refused
from tocsin.engine.model import Command, Reader
from tocsin.oncall import charts, forms, handlers, queries, reach_pages, schedule_pages, views
from tocsin.oncall.asking import base_of, me_of
from tocsin.oncall.availability import Availability
from tocsin.oncall.clocks import field_of, natural, on_clock, today_of
from tocsin.oncall.draft import draft
from tocsin.oncall.handoff import Handoff
from tocsin.oncall.layers import Stretch, roles_of, stretches
from tocsin.oncall.model import Exchange, Schedule
from tocsin.oncall.shifts import merged, next_change, next_on_call, shifts
from tocsin.oncall.walltime import moment, seconds
from tocsin.paging.queries import list_pages
from tocsin.people import rights
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.layout import Shell, Visit, go, local_path

_DAYS: Final = 7
"""Of the week that is shown of every schedule."""
_OWN: Final = timedelta(days=91)
_LONGEST: Final = timedelta(days=35)
"""How much of the last shift is looked at that begins within this time."""
_RECENT: Final = 10
_MOST: Final = 200
"""Schedules on one page."""


def routes(shell: Shell, shelf: Bookshelf, default_playbook: str, public_url: str) -> list[Route]:
    """Return the routes of all pages of on-call duty. public_url: what the addresses of published calendars begin with."""
    pages = _Pages(shell, shelf, public_url)
    return [
        shell.get("/on-call", pages.everywhere),
        shell.get("/on-call/mine", pages.mine),
        *reach_pages.routes(shell),
        shell.get("/on-call/handoffs/{id}", pages.handoff),
        shell.post("/on-call/my/offer", pages.offer),
        *(shell.post(f"/on-call/my/{verb}", pages.do_own(verb)) for verb in forms.OWN),
        *(shell.post(f"/on-call/handoffs/{{id}}/{verb}", pages.do_handoff(verb)) for verb in forms.HANDOFF),
        *schedule_pages.routes(shell, shelf, default_playbook, public_url),
    ]


class Line(msgspec.Struct, frozen=True):
    """One line of a schedule, now and during the coming days."""

    schedule: str
    name: str
    role: str
    people: tuple[str, ...]
    asked: frozenset[str]
    until: datetime | None
    following: tuple[str, ...]
    bars: tuple[charts.Bar, ...]
    gap: tuple[datetime, datetime] | None
    """The first time without anybody in the coming days."""


def line_of(schedule: Schedule, role: str, frame: charts.Frame, now: datetime, names: dict[str, str]) -> Line | None:
    """Return a line of a schedule; None where nothing ever fills it."""
    start = min(seconds(frame.start), seconds(now))
    found = stretches(schedule, start, seconds(frame.end) + 1, role)
    if (
        role == ""
        and not any(one.duties for one in found)
        and len(roles_of(schedule)) > 1
        and all(layer.role for layer in schedule.rota.layers)
    ):
        return None
    at = seconds(now)
    here = next((place for place, one in enumerate(found) if one.start <= at < one.end), None)
    people = found[here].people if here is not None else ()
    until: datetime | None = None
    following: tuple[str, ...] = ()
    if here is not None:
        later = next((one for one in found[here + 1 :] if set(one.people) != set(people)), None)
        until = moment(later.start) if later is not None else next_change(schedule, now, role)
        others = next((names_ for one in found[here + 1 :] if (names_ := tuple(p for p in one.people if p not in people))), ())
        following = others or (next_on_call(schedule, now, role) if until is not None else ())
    gap = next((one for one in found if not one.duties and one.end > at), None)
    return Line(
        schedule.id, schedule.rota.name or schedule.id, role, people, frozenset(d.person for d in found[here].duties if d.asked) if here is not None else frozenset(),
        until, following, charts.final(_within(found, frame), frame, names), (moment(max(gap.start, at)), moment(gap.end)) if gap is not None else None,
    )  # fmt: skip


def _within(found: list[Stretch], frame: charts.Frame) -> list[Stretch]:
    start, end = seconds(frame.start), seconds(frame.end)
    return [one._replace(start=max(one.start, start), end=min(one.end, end)) for one in found if one.start < end and one.end > start]


class _Pages:
    def __init__(self, shell: Shell, shelf: Bookshelf, public_url: str) -> None:
        self._shell = shell
        self._shelf = shelf
        self._url = public_url

    # -- everywhere -------------------------------------------------------------------------------

    async def everywhere(self, visit: Visit) -> Response:
        """Show who is on call in every schedule now and this week, where nobody is, and what can be taken."""
        return self._shell.page(visit, "oncall/list.html", await asyncio.to_thread(self._of_all, visit))

    def _of_all(self, visit: Visit) -> dict[str, Any]:
        me, team = me_of(visit), visit.query.get("team", "")
        with visit.runtime.reading() as reader:
            names, now = handlers.names(reader), reader.now
            zone = handlers.zones(reader, (me,)).get(me, "UTC") if me else "UTC"
            rows = queries.list_schedules(reader, team=team, limit=_MOST)
            all_ = [one for row in rows if (one := reader.state(f"schedule:{row['id']}")) is not None]
            frame = charts.Frame(today_of(zone, now), _DAYS, zone)
            lines = [line for one in all_ for role in roles_of(one) if (line := line_of(one, role, frame, now, names)) is not None]
            offers = offers_for(all_, now, me)
            handed = _to_do(reader, me) if me else []
            told = _told(visit, reader)
        mine = [line for line in lines if me in line.people]
        return {
            "lines": sorted(lines, key=lambda line: (bool(line.people), natural(line.name), line.role)), "names": names, "person": me,
            "zone": zone, "local": on_clock(zone), "frame": frame, "days": [frame.first + timedelta(days=place) for place in range(_DAYS)],
            "now_x": frame.now(now), "offers": offers, "mine": mine, "handoffs": handed, "holes": [line for line in lines if line.gap is not None],
            "may_add": rights.at_least(visit.viewer.role, "manager") or bool(visit.viewer.teams), "team": team, "told": told,
        }  # fmt: skip

    # -- mine -------------------------------------------------------------------------------------

    async def mine(self, visit: Visit) -> Response:
        """Show the visitor's shifts, swaps, hand-offs and absences."""
        return await self._mine(visit)

    async def _mine(self, visit: Visit, problem: Refused | None = None, verb: str = "") -> Response:
        values = await asyncio.to_thread(self._of_me, visit)
        values |= {"problem": problem, "typed": visit.form if problem else {}, "verb": verb}
        return self._shell.page(visit, "oncall/mine.html", values, status=problem.status if problem else 200)

    def _of_me(self, visit: Visit) -> dict[str, Any]:
        me = me_of(visit)
        with visit.runtime.reading() as reader:
            names, now = handlers.names(reader), reader.now
            zone = handlers.zones(reader, (me,)).get(me, "UTC") if me else "UTC"
            all_ = handlers.schedules_at(reader, me) if me else []
            own = queries.availability_of(reader, me) or Availability(me)
            handed = queries.list_handoffs(reader, person=me, limit=_RECENT) if me else []
            offers = offers_for(queries.all_schedules(reader), now, me)
            told = _told(visit, reader)
            pages = len(list_pages(reader, visit.viewer, person=me, state="live", limit=_RECENT)) if me else 0
        found = [
            {"schedule": one.id, "name": one.rota.name or one.id, "role": role, "shift": shift}
            for one in all_
            for role in roles_of(one)
            for shift in merged(shifts(one, now, now + _OWN + _LONGEST, role))
            if shift.person == me and shift.start < now + _OWN
        ]
        found.sort(key=lambda one: one["shift"].start)  # type: ignore[attr-defined] # a shift
        return {
            "shifts": found, "names": names, "local": on_clock(zone), "field": field_of(zone), "zone": zone, "person": me,
            "own": views.availability_view(own, now, base_of(visit, self._url)), "offers": offers, "handoffs": handed, "pages": pages, "ahead": _OWN.days,
            "people": sorted(names.items(), key=lambda one: one[1].casefold()), "told": told,
        }  # fmt: skip

    async def offer(self, visit: Visit) -> Response:
        """Offer a shift of the visitor's own; the page then says what was offered to whom, and takes it back."""
        schedule = visit.form.get("schedule", "") or "-"
        try:
            command = forms.COMMANDS["offer"](visit.form)
            result = await visit.runtime.commit("schedule", schedule, command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._mine(visit, refusal, "offer")
        return go(f"/on-call/mine?{urlencode({'of': schedule, 'offer': str(result.get('exchange', ''))})}")

    def do_own(self, verb: str) -> Callable[[Visit], Awaitable[Response]]:
        """Return the handler of a form about the visitor's own availability."""

        async def handle(visit: Visit) -> Response:
            try:
                if visit.actor.kind != "person":
                    raise Refused("It is not said who you are.", fix="Sign in with your name.")
                await self._commit(visit, "availability", visit.actor.id, forms.OWN[verb](visit.form))
            except Refused as refusal:
                return await self._mine(visit, refusal)
            return go("/on-call/mine")

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
                "local": on_clock(material.zone),
                "names": names,
                "draft": draft(material, names),
            }

        values = {**await asyncio.to_thread(work), "problem": problem, "typed": visit.form if problem else {}, "person": me_of(visit)}
        return self._shell.page(visit, "oncall/handoff.html", values, status=problem.status if problem else 200)

    def do_handoff(self, verb: str) -> Callable[[Visit], Awaitable[Response]]:
        """Return the handler of a form about a hand-off."""

        async def handle(visit: Visit) -> Response:
            try:
                await self._commit(visit, "handoff", visit.path["id"], forms.HANDOFF[verb](visit.form))
            except Refused as refusal:
                return await self._handoff(visit, refusal)
            after = visit.form.get("after", "")
            return go(local_path(after) if after else f"/on-call/handoffs/{quote(visit.path['id'])}")

        return handle

    async def _commit(self, visit: Visit, kind: str, record: str, command: Command) -> None:
        await visit.runtime.commit(kind, record, command, visit.actor, visit.key, visit.fingerprint)


def offers_for(all_: list[Schedule], now: datetime, me: str) -> list[tuple[Schedule, Any]]:
    """Return the open offers of schedules that are somebody's to answer, or their own: those asked of them first."""
    found = [
        (one, offer) for one in all_ for offer in views.offers_of(one, now)
        if offer.state == "offered" and me not in offer.declined_by and (not offer.to or me in (offer.to, offer.person))
    ]  # fmt: skip
    return sorted(found, key=lambda pair: (pair[1].to != me, pair[1].start))


def _told(visit: Visit, reader: Reader) -> tuple[Schedule, Exchange] | None:
    """Return the offer that the visitor has just made, taken, declined or withdrawn, as the address says, with its schedule."""
    schedule: Schedule | None = reader.state(f"schedule:{visit.query['of']}") if visit.query.get("of") else None
    offer = schedule.exchanges.get(visit.query.get("offer", "")) if schedule is not None else None
    return None if schedule is None or offer is None else (schedule, offer)


def _to_do(reader: Reader, me: str) -> list[Handoff]:
    """Return the hand-offs that wait for somebody: theirs to write and sign, or to read."""
    return [
        one for one in queries.list_handoffs(reader, person=me, limit=_RECENT)
        if (one.state in ("due", "missed") and me in one.outgoing) or (one.state == "signed" and me in one.incoming and me not in one.read_by)
    ]  # fmt: skip
