"""The form of a schedule's layers: a new schedule, a changed one, and what either would make of the next weeks."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Conflict, Refused
from tocsin.oncall import charts, checks, coverage, handlers, queries, rota_forms
from tocsin.oncall.asking import COMING, head_of, me_of
from tocsin.oncall.availability import spans_of
from tocsin.oncall.clocks import day_asked, on_clock
from tocsin.oncall.commands import SaveSchedule
from tocsin.oncall.model import Rota, Schedule, plain
from tocsin.people.queries import list_teams
from tocsin.playbooks.queries import Bookshelf
from tocsin.settings.forms import id_of
from tocsin.web.layout import Shell, Visit, go
from tocsin.web.zones import ZONES

_PREVIEW_DAYS: Final = 28


def routes(shell: Shell, shelf: Bookshelf) -> list[Route]:
    """Return the routes of the form. They stand before the pages of one schedule: ``new`` is not the id of one."""
    pages = _Pages(shell, shelf)
    return [
        shell.get("/on-call/new", pages.new),
        shell.post("/on-call/new", pages.make),
        shell.post("/on-call/preview", pages.preview, needs="viewer"),
        shell.get("/on-call/{id}/edit", pages.edit),
        shell.post("/on-call/{id}/edit", pages.save),
    ]


class _Pages:
    def __init__(self, shell: Shell, shelf: Bookshelf) -> None:
        self._shell = shell
        self._shelf = shelf

    async def new(self, visit: Visit) -> Response:
        """Show the form of a schedule that is not there yet."""
        return await self._form(visit, None)

    async def edit(self, visit: Visit) -> Response:
        """Show a schedule's layers as a form."""
        schedule: Schedule = await asyncio.to_thread(visit.runtime.state, "schedule", visit.path["id"])
        return await self._form(visit, schedule)

    async def make(self, visit: Visit) -> Response:
        """Write a new schedule down, or only show what it would be."""
        try:
            rota = await asyncio.to_thread(_rota_of, visit)
            if visit.form.get("do") == "preview":
                return await self._form(visit, None, rota=rota)
            schedule_id = id_of(rota.name, visit.form.get("id", ""))
            if await asyncio.to_thread(visit.runtime.committer.state, f"schedule:{schedule_id}") is not None:
                raise Conflict(f"There is a schedule {schedule_id} already.", fix="Write another id, or change that one.", field="id")
            await visit.runtime.commit("schedule", schedule_id, rota, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._form(visit, None, refusal)
        return go(f"/on-call/{quote(schedule_id)}")

    async def save(self, visit: Visit) -> Response:
        """Write a schedule down as the form says, or only show what it would be."""
        schedule: Schedule = await asyncio.to_thread(visit.runtime.state, "schedule", visit.path["id"])
        try:
            rota = await asyncio.to_thread(_rota_of, visit)
            if visit.form.get("do") == "preview":
                return await self._form(visit, schedule, rota=rota)
            await visit.runtime.commit("schedule", schedule.id, rota, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._form(visit, schedule, refusal)
        return go(f"/on-call/{quote(schedule.id)}")

    async def preview(self, visit: Visit) -> Response:
        """Show what the form of a schedule would make of the next weeks: a part of a page."""
        try:
            rota = await asyncio.to_thread(_rota_of, visit)
            checks.check(rota)
            values: dict[str, Any] = {"tried": await asyncio.to_thread(_tried, visit, rota), "refusal": None}
        except Refused as refusal:
            values = {"tried": None, "refusal": refusal}
        return self._shell.page(visit, "oncall/preview.html", values)

    async def _form(self, visit: Visit, schedule: Schedule | None, problem: Refused | None = None, rota: Rota | None = None) -> Response:
        values = await asyncio.to_thread(self._of_form, visit, schedule, problem, rota)
        return self._shell.page(
            visit, "oncall/edit.html", {**values, "problem": problem, "typed": visit.form}, status=problem.status if problem else 200
        )

    def _of_form(self, visit: Visit, schedule: Schedule | None, problem: Refused | None, rota: Rota | None) -> dict[str, Any]:
        with visit.runtime.reading() as reader:
            names, now = handlers.names(reader), reader.now
            mine = handlers.zones(reader, (me_of(visit),)).get(me_of(visit), "UTC")
            teams = [(row["id"], row["name"]) for row in list_teams(reader)]
            books = [(name, one.title) for name in self._shelf.ids(reader) if (one := self._shelf.current(name, reader)) is not None]
        if rota is None:
            rota = _kept(visit, problem) or (schedule.rota if schedule is not None else rota_forms.example(mine, now))
        try:
            checks.check(rota)
            tried = _tried(visit, rota)
        except Refused:
            tried = None
        return {
            **(head_of(visit, schedule) if schedule is not None else {"schedule": None, "may": True, "tab": "edit"}), "rota": rota, "layers": rota_forms.shown(rota, names),
            "names": names, "teams": teams, "books": books, "zones": ZONES, "tried": tried, "refusal": None, "since": visit.form.get("since", ""),
            "people": sorted(names.items(), key=lambda one: one[1].casefold()), "blank": rota_forms.blank(rota),
        }  # fmt: skip


def _rota_of(visit: Visit) -> SaveSchedule:
    with visit.runtime.reading() as reader:
        known = rota_forms.known_names(handlers.names(reader))
    return rota_forms.rota_of(visit.form, visit.lists, known)


def _kept(visit: Visit, problem: Refused | None) -> Rota | None:
    """Return the rota that was typed, where a refused form can still be read as one."""
    if problem is None:
        return None
    try:
        return _rota_of(visit)
    except Refused:
        return None


def _tried(visit: Visit, rota: Rota) -> dict[str, Any]:
    """Return what a rota would make of the next weeks: lanes, and what does not fit."""
    with visit.runtime.reading() as reader:
        names, now = handlers.names(reader), reader.now
        folk = {person for layer in rota.layers for group in layer.groups for person in group}
        known = ((person, queries.availability_of(reader, person)) for person in sorted(folk))
        away = {person: spans_of(found) for person, found in known if found is not None}
        before: Schedule | None = reader.state(f"schedule:{visit.path.get('id', '')}") if visit.path.get("id") else None
    values = {name: getattr(rota, name) for name in Rota.__struct_fields__}
    schedule = plain(Rota(**values), away=away, calendars=before.calendars if before is not None else {})
    first = day_asked("", rota.zone, now)
    return {
        "chart": charts.chart(schedule, first, _PREVIEW_DAYS, rota.zone, now, names), "zone": rota.zone, "local": on_clock(rota.zone),
        "findings": coverage.findings(schedule, now, now + COMING, names, names), "names": names,
        "covered": 100 - coverage.percent(coverage.uncovered(schedule, now, now + COMING)),
    }  # fmt: skip
