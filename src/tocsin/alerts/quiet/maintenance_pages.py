"""The pages of maintenance: what is on or to come, one plan with its windows, and the form that plans or changes one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts.maintenance_model import CancelMaintenance, EndMaintenance, SaveMaintenance
from tocsin.alerts.quiet import handlers, queries
from tocsin.alerts.silence_model import SaveSilence
from tocsin.engine import limits
from tocsin.engine.errors import Refused
from tocsin.engine.model import Command
from tocsin.services.queries import list_services
from tocsin.web.layout import Shell, Visit, go

_STATES: Final = (("", "On or to come"), ("over", "Over"), ("cancelled", "Cancelled"))
_DAYS: Final = (("mon", "Mon"), ("tue", "Tue"), ("wed", "Wed"), ("thu", "Thu"), ("fri", "Fri"), ("sat", "Sat"), ("sun", "Sun"))
_TYPED: Final = ("title", "since", "until", "match", "repeats", "interval", "last", "zone", "public_title", "public_text", "why")
_PREVIEWED: Final = 20


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the pages."""

    async def listed(visit: Visit) -> Response:
        state = visit.query.get("state", "")

        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                plans = queries.list_maintenance(reader, state=state if state in ("over", "cancelled") else "", limit=queries.MOST)
                return {
                    "plans": plans,
                    "state": state,
                    "states": _STATES,
                    "services": {row["id"]: row["name"] for row in list_services(reader)},
                }

        return shell.page(visit, "alerts/maintenance.html", await asyncio.to_thread(work))

    async def form(visit: Visit, typed: Mapping[str, Any], refusal: Refused | None = None) -> Response:
        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                return {
                    "services": list_services(reader), "typed": typed, "problem": refusal, "days": _DAYS, "plan": visit.path.get("id", ""),
                    "preview": _preview(visit, typed) if not refusal else None,
                }  # fmt: skip

        return shell.page(visit, "alerts/maintenance_form.html", await asyncio.to_thread(work), status=refusal.status if refusal else 200)

    async def new(visit: Visit) -> Response:
        empty: dict[str, Any] = {**dict.fromkeys(_TYPED, ""), "zone": "UTC", "services": [], "days": []}
        chosen = visit.query.get("service", "")
        return await form(visit, {**empty, "services": [chosen] if chosen else []})

    async def edit(visit: Visit) -> Response:
        view = await asyncio.to_thread(lambda: queries.maintenance_view(visit.runtime.state("maintenance", visit.path["id"]), visit.now))
        return await form(visit, _typed_of(view))

    async def save(visit: Visit) -> Response:
        typed = {name: visit.form.get(name, "").strip() for name in _TYPED} | {
            name: visit.lists.get(name, []) for name in ("services", "days")
        }
        try:
            command = _command(typed)
            plan = visit.path.get("id", "")
            if plan:
                await visit.runtime.commit("maintenance", plan, command, visit.actor, visit.key, visit.fingerprint)
            else:
                plan = (await handlers.save_maintenance(visit.runtime, command, visit.actor, visit.key, visit.fingerprint)).get(
                    "maintenance", ""
                )
        except Refused as refusal:
            return await form(visit, typed, refusal)
        return go(f"/maintenance/{quote(plan)}" if plan else "/maintenance")

    async def one(visit: Visit) -> Response:
        def work() -> dict[str, Any]:
            plan = visit.runtime.state("maintenance", visit.path["id"])
            view = queries.maintenance_view(plan, visit.now)
            with visit.runtime.reading() as reader:
                services = {row["id"]: row["name"] for row in list_services(reader, everything=True)}
            return {
                "plan": view, "history": queries.history(visit.runtime.facts("maintenance", plan.id)), "services": services,
                "preview": _preview(visit, {"match": view["match"], "services": list(view["services"])}) if view["state"] in ("planned", "active") else None,
            }  # fmt: skip

        return shell.page(visit, "alerts/maintenance_one.html", await asyncio.to_thread(work))

    def act(of: type[Command]) -> Any:
        async def handle(visit: Visit) -> Response:
            command = msgspec.convert({"why": visit.form.get("why", "").strip()[:2000]}, of)
            await visit.runtime.commit("maintenance", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
            return go(f"/maintenance/{quote(visit.path['id'])}")

        return handle

    return [
        shell.get("/maintenance", listed), shell.get("/maintenance/new", new), shell.post("/maintenance", save), shell.get("/maintenance/{id}", one),
        shell.get("/maintenance/{id}/edit", edit), shell.post("/maintenance/{id}", save), shell.post("/maintenance/{id}/end", act(EndMaintenance)),
        shell.post("/maintenance/{id}/cancel", act(CancelMaintenance)),
    ]  # fmt: skip


def _preview(visit: Visit, typed: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the alerts that fire now and would be kept quiet if it were on; None where nothing is named yet."""
    services = [one for one in typed["services"] if one]
    if not services and not typed["match"]:
        return None
    found: dict[str, Any] = {"alerts": [], "more": False}
    with visit.runtime.reading() as reader:
        for service in services or [""]:
            try:
                some = handlers.preview(reader, visit.viewer, SaveSilence(visit.now, "", typed["match"], service), _PREVIEWED)
            except Refused:
                return None
            found = {"alerts": [*found["alerts"], *some["alerts"]][:_PREVIEWED], "more": found["more"] or some["more"]}
    return found


def _typed_of(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows of a plan: times on the clocks of its own zone."""
    zone = ZoneInfo(view["zone"])
    repeats = view["repeats"]
    return {
        **{name: view[name] for name in ("title", "match", "zone", "public_title", "public_text", "why")}, "services": list(view["services"]),
        "since": f"{view['since'].astimezone(zone):%Y-%m-%dT%H:%M}", "until": f"{view['until'].astimezone(zone):%Y-%m-%dT%H:%M}",
        "repeats": repeats.every if repeats else "", "interval": str(repeats.interval) if repeats and repeats.interval > 1 else "",
        "days": list(repeats.days) if repeats else [], "last": f"{repeats.until.astimezone(zone):%Y-%m-%d}" if repeats and repeats.until else "",
    }  # fmt: skip


def _command(typed: Mapping[str, Any]) -> SaveMaintenance:
    try:
        zone = ZoneInfo(typed["zone"] or "UTC")
    except (KeyError, ValueError, OSError) as error:
        raise Refused(f"There is no time zone {typed['zone']!r}.", fix="Write it like Europe/Berlin.", field="zone") from error
    repeats = None
    if typed["repeats"]:
        repeats = {
            "every": typed["repeats"], "days": [day for day in typed["days"] if typed["repeats"] == "week"], "interval": int(typed["interval"] or 1)
            if str(typed["interval"] or "1").isdigit() else 0, "until": _moment(typed["last"], zone, "last") if typed["last"] else None,
        }  # fmt: skip
    body = {
        "title": typed["title"], "since": _moment(typed["since"], zone, "since"), "until": _moment(typed["until"], zone, "until"),
        "services": [one for one in typed["services"] if one], "match": typed["match"], "repeats": repeats, "zone": typed["zone"] or "UTC",
        "public_title": typed["public_title"], "public_text": typed["public_text"], "why": typed["why"],
    }  # fmt: skip
    try:
        made: SaveMaintenance = msgspec.convert(body, SaveMaintenance)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("$.")[2].rstrip("`").partition(".")[0] if "$." in str(error) else ""
        raise Refused(
            f"{(field or 'Something').replace('_', ' ').capitalize()} cannot be taken: {str(error).partition(' - ')[0]}.",
            fix="Mend it, and send it again.",
            field=field,
        ) from error
    return limits.checked(made)


def _moment(text: str, zone: ZoneInfo, field: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(
            f"{text!r} is not a time." if text else "A time is missing.", fix="Write it like 2026-01-31T22:00.", field=field
        ) from error
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
