"""The pages of action items: all of them as a board or a list, and each with its history."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from tocsin.actions import commands as c
from tocsin.actions import filters, handlers, queries
from tocsin.actions.filters import COLUMNS, Filter
from tocsin.actions.kind import PlaybookOf
from tocsin.actions.model import Listed
from tocsin.engine.errors import Refused
from tocsin.engine.model import Command, Reader
from tocsin.people import rights
from tocsin.playbooks.record import Actions
from tocsin.web.layout import Shell, Visit, go, local_path, number_of

_IN_A_COLUMN: Final = {"waiting": 25, "started": 25, "done": 10, "dropped": 10}
"""Items that a column shows; the list has them all. Of what is closed the newest few are enough."""
_ON_A_PAGE: Final = 50
_LONGEST: Final = {"title": 300, "owner": 200, "priority": 200, "ticket": 200, "group": 200, "about": 2000}
_WHY: Final = 2000
NAMES: Final = {"waiting": "To do", "started": "Under way", "done": "Done", "dropped": "Dropped"}
"""What the columns of the board are called."""


def routes(shell: Shell, playbook_of: PlaybookOf) -> list[Route]:
    """Return the routes of the pages and their forms."""

    async def several(visit: Visit, problem: Refused | None = None, gone: Mapping[str, Any] | None = None) -> Response:
        values = await asyncio.to_thread(_several, visit)
        status = problem.status if problem else 200
        return shell.page(visit, "actions/list.html", {**values, "problem": problem, "typed": visit.form, "gone": gone}, status=status)

    async def one(visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_one, visit, playbook_of)
        status = problem.status if problem else 200
        return shell.page(visit, "actions/item.html", {**values, "problem": problem, "typed": visit.form if problem else {}}, status=status)

    async def new(visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_new, visit, playbook_of)
        status = problem.status if problem else 200
        return shell.page(visit, "actions/new.html", {**values, "problem": problem, "typed": visit.form}, status=status)

    async def create(visit: Visit) -> Response:
        form = visit.form
        try:
            said = _fields(form)
            due = _due(form.get("due", ""))
            if due is not None and due < visit.now.date():
                raise Refused(f"{due} lies in the past.", fix="Give today or a later day.", field="due")
            command = c.NewAction(title=said.pop("title") or "", due=due, **said)
            incident = form.get("incident", "").strip().upper()
            if not incident:
                raise Refused(
                    "An action item follows from an incident.",
                    fix="Write the incident's id, such as INC-20260131-ABC123.",
                    field="incident",
                )
            await asyncio.to_thread(handlers.readable, visit.runtime, visit.viewer, incident)
            made = await handlers.create(visit.runtime, playbook_of, incident, command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await new(visit, refusal)
        return go(_back(visit) or f"/actions/{quote(str(made['action']))}")

    async def bulk(visit: Visit) -> Response:
        ticked = tuple(visit.lists.get("item", ()))[:500]
        try:
            if not ticked:
                raise Refused("No item is ticked.", fix="Tick the items that change hands, then send it again.", field="item")
            if not visit.form.get("to", "").strip():
                raise Refused("Nothing says who gets them.", fix="Write the new owner's name.", field="to")
            command = c.Reassign(visit.form["to"].strip()[:200], tuple(name[:200] for name in ticked))
            gone = await handlers.reassign(visit.runtime, command, visit.viewer, visit.actor, visit.key)
        except Refused as refusal:
            return await several(visit, refusal)
        if gone["refused"]:
            return await several(visit, gone=gone)
        return go(local_path(visit.form.get("back", "/actions")))

    def changes(make: Any) -> Any:
        async def change(visit: Visit) -> Response:
            try:
                command: Command = make(visit.form)
                await handlers.change(visit.runtime, visit.path["id"], command, visit.viewer, visit.actor, visit.key, visit.fingerprint)
            except Refused as refusal:
                return await one(visit, refusal)
            return go(_back(visit) or f"/actions/{quote(visit.path['id'])}")

        return change

    async def show_all(visit: Visit) -> Response:
        return await several(visit)

    async def show_one(visit: Visit) -> Response:
        return await one(visit)

    async def show_new(visit: Visit) -> Response:
        return await new(visit)

    path = "/actions/{id}"
    return [
        shell.get("/actions", show_all),
        shell.post("/actions/reassign", bulk),
        shell.get("/actions/new", show_new, needs="responder"),
        shell.post("/actions/new", create),
        shell.get(path, show_one),
        shell.post(path, changes(_update)),
        shell.post(f"{path}/start", changes(lambda _form: c.StartAction())),
        shell.post(f"{path}/put-back", changes(lambda _form: c.PutBackAction())),
        shell.post(f"{path}/done", changes(lambda form: c.FinishAction(_said(form, "evidence", "how one can see that it is done")))),
        shell.post(f"{path}/drop", changes(lambda form: c.DropAction(_said(form, "reason", "why it will not be done")))),
        shell.post(f"{path}/reopen", changes(lambda form: c.ReopenAction(_said(form, "reason", "why it is not done after all")))),
    ]


def _back(visit: Visit) -> str:
    back = visit.form.get("back", "")
    return local_path(back) if back else ""


def _said(form: Mapping[str, str], name: str, what: str) -> str:
    text = form.get(name, "").strip()
    if not text:
        raise Refused("A few words are missing.", fix=f"Say {what}.", field=name)
    if len(text) > _WHY:
        raise Refused(
            f"That has {len(text):,} characters, more than {_WHY:,}.", fix="Make it shorter; a link can hold the rest.", field=name
        )
    return text


def _fields(form: Mapping[str, str]) -> dict[str, str]:
    found = {name: form.get(name, "").strip() for name in _LONGEST if name in form}
    for name, text in found.items():
        if len(text) > _LONGEST[name]:
            raise Refused(f"The {name} has {len(text):,} characters, more than {_LONGEST[name]}.", fix="Make it shorter.", field=name)
    if not found.get("title"):
        raise Refused("The item says nothing.", fix="Write what will be done, beginning with a verb.", field="title")
    return found


def _due(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise Refused(f"{text!r} is not a date.", fix="Write it like 2026-01-31.", field="due") from error


def _update(form: Mapping[str, str]) -> Command:
    return c.UpdateAction(due=_due(form.get("due", "")), no_due="due" in form and not form["due"].strip(), **_fields(form))


def _several(visit: Visit) -> dict[str, Any]:
    wanted = filters.read(visit.query, visit.actor.id)
    board = visit.query.get("view", "board") != "list"
    page = max(1, number_of(visit.query.get("page", "1")))
    with visit.runtime.reading() as reader:
        number = queries.counts(reader, visit.viewer, wanted)
        values: dict[str, Any] = {
            "wanted": wanted, "board": board, "counts": number, "names": NAMES, "people": queries.names(reader), "services": queries.services(reader),
            "owners": queries.owners(reader, visit.viewer), "priorities": queries.priorities(reader, visit.viewer), "columns": [], "rows": [],
            "can": rights.at_least(visit.viewer.role, "responder"), "mine": wanted.owner == visit.actor.id, "page": page, "more": False,
            "late": late_of, "back": visit.request.url.path + (f"?{visit.request.url.query}" if visit.request.url.query else ""),
        }  # fmt: skip
        if board:
            values["columns"] = [
                _column(reader, visit, wanted, name, number[name])
                for name in COLUMNS
                if wanted.state in ("", "all", "open", "overdue", name)
            ]
        else:
            rows = queries.find(
                reader, visit.viewer, _listed_by_default(wanted), limit=_ON_A_PAGE + 1, skip=(page - 1) * _ON_A_PAGE,
            )  # fmt: skip
            values |= {"rows": rows[:_ON_A_PAGE], "more": len(rows) > _ON_A_PAGE}
    return values


def _listed_by_default(wanted: Filter) -> Filter:
    """A list shows what is open unless it is asked for more."""
    return wanted if wanted.state else Filter(**{name: getattr(wanted, name) for name in wanted.__struct_fields__} | {"state": "open"})


def _column(reader: Reader, visit: Visit, wanted: Filter, name: str, number: int) -> dict[str, Any]:
    fields = {field: getattr(wanted, field) for field in wanted.__struct_fields__}
    state = name
    late = wanted.state == "overdue"
    items = queries.find(reader, visit.viewer, Filter(**fields | {"state": state}), limit=_IN_A_COLUMN[name]) if number else []
    if late:
        items = [one for one in items if one.item.overdue(reader.now)]
    return {
        "id": name,
        "name": NAMES[name],
        "count": len(items) if late else number,
        "rows": items,
        "rest": 0 if late else number - len(items),
    }


def _one(visit: Visit, playbook_of: PlaybookOf) -> dict[str, Any]:
    item = handlers.one(visit.runtime, playbook_of, visit.path["id"], visit.viewer)
    history = handlers.story(visit.runtime, visit.path["id"], visit.viewer)["history"]
    with visit.runtime.reading() as reader:
        people = queries.names(reader)
        incident = reader.state(f"incident:{item['incident']}")
    wanted = handlers.wanted_of(visit.runtime, playbook_of, item["incident"])
    here = incident.now_circumstances if incident else None
    return {
        "item": item, "history": history, "people": people, "wanted": wanted, "columns": NAMES, "do": visit.query.get("do", ""),
        "incident": {"id": item["incident"], "title": incident.title if incident else "", "severity": incident.severity if incident else "", "rank": here.rank if here else -1},
        "can": rights.at_least(visit.viewer.role, "responder"), "link": item["ticket"] if item["ticket"].startswith(("https://", "http://")) else "",
        "late": late_words(date.fromisoformat(item["due"]) if item["due"] else None, item["state"], visit.now),
    }  # fmt: skip


def _new(visit: Visit, playbook_of: PlaybookOf) -> dict[str, Any]:
    incident = (visit.form.get("incident") or visit.query.get("incident", "")).strip().upper()
    wanted, title = Actions(), ""
    if incident:
        try:
            handlers.readable(visit.runtime, visit.viewer, incident)
            wanted, title = handlers.wanted_of(visit.runtime, playbook_of, incident), visit.runtime.state("incident", incident).title
        except Refused:
            incident = visit.form.get("incident", incident)
    with visit.runtime.reading() as reader:
        people = queries.names(reader)
    asked = {"due": visit.query.get("due", "")[:10], **{name: visit.query.get(name, "")[:length] for name, length in _LONGEST.items()}}
    return {
        "incident": incident,
        "incident_title": title,
        "wanted": wanted,
        "people": people,
        "asked": asked,
        "back": visit.query.get("back", visit.form.get("back", "")),
    }


def late_words(due: date | None, state: str, now: datetime) -> str:
    """Return when an item is due, as people say it: ``3 days overdue``, ``due today``, ``due in 2 weeks``; empty where it is closed or has no date."""
    if due is None or state != "open":
        return ""
    days = (due - now.date()).days
    if days < 0:
        return f"{_span(-days)} overdue"
    return ("due today", "due tomorrow")[days] if days <= 1 else f"due in {_span(days)}"


def _span(days: int) -> str:
    weeks, months = 14, 61
    if days < weeks:
        return f"{days} day{'' if days == 1 else 's'}"
    return f"{days // 7} weeks" if days < months else f"{days // 30} months"


def late_of(item: Listed, now: datetime) -> str:
    """Return ``late_words`` of an item of a list."""
    return late_words(item.due, item.state, now)
