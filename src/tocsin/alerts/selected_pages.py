"""What is done with several groups or alerts at once: what was ticked, what it would mean in numbers, and doing it after a second press."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import Response

from tocsin.alerts import queries as alerts
from tocsin.alerts.commands import AcknowledgeAlert, ResolveAlert
from tocsin.alerts.group_commands import AcknowledgeGroup, ResolveGroup
from tocsin.alerts.groups import queries as groups
from tocsin.alerts.model import number_of
from tocsin.alerts.quiet import handlers as quiet
from tocsin.alerts.routing import span_of
from tocsin.alerts.silence_model import SaveSilence
from tocsin.engine import limits
from tocsin.engine.errors import Refused
from tocsin.engine.model import Command, Reader
from tocsin.incidents import queries as incidents
from tocsin.incidents.commands import LinkAlert
from tocsin.web.layout import Shell, Visit, go, local_path

Of = Literal["group", "alert"]
_DOES: Final = ("acknowledge", "resolve", "silence", "attach", "declare")
_MOST: Final = 200
"""Things that are changed by one press."""
_OPEN: Final = 200


class Chosen(msgspec.Struct, frozen=True):
    """What was ticked, as it stands now."""

    of: Of
    rows: tuple[dict[str, Any], ...]
    leads: tuple[str, ...]
    """The alerts by which they are linked to an incident: an alert itself, or the one that speaks for its group."""
    firing: int
    """Alerts in them that fire."""


def handler(shell: Shell, of: Of) -> Callable[[Visit], Awaitable[Response]]:
    """Return the handler of the buttons below a list: it shows what would happen, and does it when that page is sent."""

    async def handle(visit: Visit) -> Response:
        do = visit.form.get("do", "")
        back = local_path(visit.form.get("back", "") or f"/{of}s")
        if do not in _DOES:
            raise Refused("Nothing was chosen to be done.", fix="Press one of the buttons below the list.", field="do")
        chosen = await asyncio.to_thread(_chosen, visit, of)
        if not chosen.rows:
            raise Refused("Nothing was ticked.", fix="Tick what it is about, then press the button again.", field=of)
        if do == "declare":
            return go("/declare?" + urlencode([("alert", one) for one in chosen.leads]))
        problem: Refused | None = None
        if visit.form.get("sure") == "1":
            try:
                await _do(visit, do, chosen)
                return go(back)
            except Refused as refusal:
                problem = refusal
        return await _ask(shell, visit, do, chosen, back, problem)

    return handle


def _chosen(visit: Visit, of: Of) -> Chosen:
    ids = list(dict.fromkeys(visit.lists.get(of, ())))[:_MOST]
    with visit.runtime.reading() as reader:
        return _groups(reader, visit, ids) if of == "group" else _alerts(reader, visit, ids)


def _groups(reader: Reader, visit: Visit, ids: list[str]) -> Chosen:
    rows = groups.list_groups(reader, visit.viewer, state="all", ids=ids, limit=_MOST) if ids else []
    found = [reader.state(f"group:{row['id']}").lead for row in rows]
    leads = tuple(lead.alert for lead in found if lead is not None)
    return Chosen("group", tuple(rows), leads, sum(row["firing"] + row["muted"] for row in rows))


def _alerts(reader: Reader, visit: Visit, ids: list[str]) -> Chosen:
    numbers = [number for one in ids if (number := number_of(one)) is not None]
    found = [alerts.alert_for(reader, visit.viewer, str(number)) for number in numbers]
    rows = tuple(
        {"id": one.id, "title": one.title, "state": one.state, "service": one.service, "group": one.group}
        for one in found
        if one is not None
    )
    return Chosen("alert", rows, tuple(row["id"] for row in rows), sum(row["state"] != "resolved" for row in rows))


async def _ask(shell: Shell, visit: Visit, do: str, chosen: Chosen, back: str, problem: Refused | None) -> Response:
    def work() -> list[dict[str, Any]]:
        if do != "attach":
            return []
        with visit.runtime.reading() as reader:
            return incidents.list_incidents(reader, visit.viewer, state="open", limit=_OPEN)

    values = {"do": do, "chosen": chosen, "back": back, "problem": problem, "typed": visit.form, "open": await asyncio.to_thread(work)}
    return shell.page(visit, "alerts/selected.html", values, status=problem.status if problem else 200)


async def _do(visit: Visit, do: str, chosen: Chosen) -> None:
    """Do it to each; the ones that are done already stay so."""
    why = visit.form.get("why", "").strip()
    if do == "silence":
        await _silence(visit, chosen, why)
        return
    if do == "attach":
        incident = visit.form.get("incident", "").strip()
        if not incident:
            raise Refused("No incident was chosen.", fix="Choose the one that they belong to.", field="incident")
        for number, alert in enumerate(chosen.leads):
            await _commit(visit, "incident", incident, LinkAlert(alert), number)
        return
    person = visit.actor.id if visit.actor.kind == "person" else None
    for number, row in enumerate(chosen.rows):
        command: Command
        if chosen.of == "group":
            command = AcknowledgeGroup() if do == "acknowledge" else ResolveGroup(why)
        else:
            command = AcknowledgeAlert(person) if do == "acknowledge" else msgspec.convert({"why": why}, ResolveAlert)
        await _commit(visit, chosen.of, row["id"], command, number)


async def _silence(visit: Visit, chosen: Chosen, why: str) -> None:
    if not why:
        raise Refused("A silence needs a reason.", fix="Say why nobody needs to hear of these.", field="why")
    lasts = span_of(visit.form.get("for", "").strip() or "2h", "for")
    if lasts <= timedelta(0):
        raise Refused("A silence lasts for some time.", fix="Write it like 2h.", field="for")
    names = list(dict.fromkeys(row["id"] if chosen.of == "group" else row["group"] for row in chosen.rows))
    for number, group in enumerate(one for one in names if one):
        command = limits.checked(SaveSilence(visit.now + lasts, why[:2000], group=group))
        await quiet.save_silence(visit.runtime, command, visit.actor, f"{visit.key}:{number}" if visit.key else "", visit.fingerprint)


async def _commit(visit: Visit, kind: str, record: str, command: Command, number: int) -> None:
    await visit.runtime.commit(kind, record, command, visit.actor, f"{visit.key}:{number}" if visit.key else "", visit.fingerprint)


def address(path: str, asked: dict[str, str], **other: str) -> str:
    """Return the address of a list with these filters; ``other`` replaces some of them, and an empty text leaves one out."""
    found = {name: value for name, value in {**asked, **other}.items() if value}
    return quote(path) + (f"?{urlencode(found)}" if found else "")
