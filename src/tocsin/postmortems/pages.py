"""The page of a postmortem: the document section by section, and the forms that write it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tocsin.engine.errors import Refused
from tocsin.engine.model import Command
from tocsin.incidents.model import Incident
from tocsin.people import rights
from tocsin.playbooks.model import Playbook
from tocsin.postmortems import commands as c
from tocsin.postmortems import handlers, render, review_queries, whys
from tocsin.postmortems.decide import Overtaken, approvals, missing, unsigned
from tocsin.postmortems.kind import PlaybookOf
from tocsin.postmortems.model import Postmortem
from tocsin.postmortems.sheet_pages import Sheet, Sheets
from tocsin.postmortems.text import people_text
from tocsin.web.layout import Shell, Visit, go, local_path, number_of

_LONGEST: Final = 100_000
_LONGEST_ANSWER: Final = 2000
_MOST_AUTHORS: Final = 20
_MARKS: Final = ("", "cause", "contributing", "latent")


def routes(shell: Shell, playbook_of: PlaybookOf) -> list[Route]:
    """Return the routes of the page and its forms."""
    sheets = Sheets()

    async def show(visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_values, visit, playbook_of, sheets, problem)
        values |= {"problem": problem, "typed": visit.form if problem else {}}
        return shell.page(visit, "postmortems/postmortem.html", values, status=problem.status if problem else 200)

    async def publish_page(visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_publishing, visit, playbook_of, sheets)
        values |= {"problem": problem, "typed": visit.form if problem else {}, "ticked": visit.lists.get("target", [])}
        return shell.page(visit, "postmortems/publish.html", values, status=problem.status if problem else 200)

    def form(make: Callable[[Visit], Command], to: Callable[[Visit, dict[str, Any]], str] = lambda _visit, _result: "") -> Any:
        """Return the handler of a form that is one command; afterwards the page is shown at the place that ``to`` names."""

        async def handle(visit: Visit) -> Response:
            try:
                command = make(visit)
                result = await visit.runtime.commit("postmortem", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
            except Refused as refusal:
                return await show(visit, refusal)
            place = to(visit, dict(result))
            return go(_address(visit) + (f"#{quote(place)}" if place else ""))

        return handle

    async def begin(visit: Visit) -> Response:
        command = c.Draft(visit.form.get("kind") or None, _names(visit.form.get("authors", "")))
        try:
            await handlers.begin(visit.runtime, playbook_of, visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await show(visit, refusal)
        return go(_address(visit))

    async def withdraw(visit: Visit) -> Response:
        command = c.WithdrawApproval(visit.form.get("approver", "") or "-", _short(visit.form.get("reason", ""), "reason"))
        try:
            await handlers.withdraw(visit.runtime, visit.path["id"], command, visit.viewer, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await show(visit, refusal)
        return go(f"{_address(visit)}#signatures")

    async def replace(visit: Visit) -> Response:
        said = visit.form
        command = c.ReplaceFigure(
            said.get("section", "")[:200], number_of(said.get("line", "")), said.get("wrong", "")[:200], said.get("right", "")[:200], said.get("part", "")[:200],
        )  # fmt: skip
        try:
            await handlers.replace(visit.runtime, visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await show(visit, refusal)
        return go(f"{_address(visit)}#s-{quote(command.section)}")

    async def preview(visit: Visit) -> Response:
        text = visit.form.get("text", "")[:_LONGEST]
        html = await asyncio.to_thread(render.body, people_text(text))
        return HTMLResponse(html or '<p class="soft">Nothing is written yet.</p>', headers={"cache-control": "no-store"})

    async def publish(visit: Visit) -> Response:
        targets = tuple(name[:200] for name in visit.lists.get("target", ()))
        try:
            if not targets:
                raise Refused("No place is ticked.", fix="Tick where it should go, then publish.", field="target")
            command = c.Publish(targets, "confirmed" in visit.form)
            await handlers.publish(visit.runtime, playbook_of, visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await publish_page(visit, refusal)
        return go(f"{_address(visit)}/publish")

    async def show_page(visit: Visit) -> Response:
        return await show(visit)

    async def show_publish(visit: Visit) -> Response:
        return await publish_page(visit)

    def at_section(visit: Visit, _result: dict[str, Any]) -> str:
        return f"s-{visit.form.get('section', '')}"

    def at_why(_visit: Visit, result: dict[str, Any]) -> str:
        return f"why-{result.get('why', '')}"

    path = "/incidents/{id}/postmortem"
    return [
        shell.get(path, show_page),
        shell.post(path, begin),
        shell.post(f"{path}/preview", preview),
        shell.post(f"{path}/sections", form(_edit, at_section)),
        shell.post(f"{path}/claims/replace", replace),
        shell.post(f"{path}/review", form(lambda _visit: c.StartReview())),
        shell.post(f"{path}/met", form(lambda visit: c.HoldMeeting(attendees=_names(visit.form.get("attendees", ""))))),
        shell.post(f"{path}/approve", form(lambda visit: c.Approve(visit.form.get("approver", "") or "-"), lambda _v, _r: "signatures")),
        shell.post(f"{path}/withdraw", withdraw),
        shell.post(f"{path}/comments", form(lambda v: c.AddComment(v.form.get("section", "") or "-", _short(v.form.get("text", ""), "text")), at_section)),
        shell.post(f"{path}/comments/settle", form(lambda v: c.SettleComment(v.form.get("comment", "")[:40], v.form.get("settled") != "no"), at_section)),
        shell.post(f"{path}/whys", form(_add_why, at_why)),
        shell.post(f"{path}/whys/change", form(_change_why, at_why)),
        shell.post(f"{path}/whys/move", form(_move_why, at_why)),
        shell.post(f"{path}/whys/remove", form(lambda v: c.RemoveWhy(v.form.get("why", "")[:40]), lambda _v, _r: "whys")),
        shell.post(f"{path}/whys/restore", form(lambda v: c.RestoreWhy(v.form.get("why", "")[:40]), at_why)),
        shell.get(f"{path}/publish", show_publish),
        shell.post(f"{path}/publish", publish),
    ]  # fmt: skip


def _address(visit: Visit) -> str:
    back = visit.form.get("back", "")
    return local_path(back) if back else f"/incidents/{quote(visit.path['id'])}/postmortem"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip()[:200] for name in text.split(",") if name.strip())[:_MOST_AUTHORS]


def _short(text: str, field: str) -> str:
    if len(text) > _LONGEST_ANSWER:
        raise Refused(f"That has {len(text):,} characters, more than {_LONGEST_ANSWER:,}.", fix="Say it shorter.", field=field)
    if field == "text" and not text.strip():
        raise Refused("Nothing is written.", fix="Write a sentence first.", field=field)
    return text


def _edit(visit: Visit) -> Command:
    said = visit.form
    section, text = said.get("section", ""), said.get("text", "")
    if not section or len(text) > _LONGEST:
        raise Refused(f"A section holds at most {_LONGEST:,} characters.", fix="Make it shorter.", field="text")
    base = said.get("base", "")
    return c.EditSection(section[:200], text, said.get("part", ""), number_of(base) if base else None)


def _mark(visit: Visit) -> Any:
    mark = visit.form.get("mark", "")
    return mark if mark in _MARKS else ""


def _add_why(visit: Visit) -> Command:
    said = visit.form
    return c.AddWhy(
        _short(said.get("text", ""), "text"), said.get("parent", "")[:40], _short(said.get("evidence", ""), "evidence"), _mark(visit)
    )


def _change_why(visit: Visit) -> Command:
    said = visit.form
    return c.ChangeWhy(
        said.get("why", "")[:40], _short(said.get("text", ""), "text"), _short(said.get("evidence", ""), "evidence"), _mark(visit)
    )


def _move_why(visit: Visit) -> Command:
    said = visit.form
    parent, _, before = said.get("to", "").partition(":")
    return c.MoveWhy(said.get("why", "")[:40], parent[:40], before[:40])


def _head(visit: Visit) -> tuple[Incident, dict[str, Any]]:
    incident: Incident = visit.runtime.state("incident", visit.path["id"])
    here = incident.now_circumstances
    return incident, {
        "id": incident.id, "title": incident.title or incident.id, "severity": incident.severity, "rank": here.rank if here else -1,
        "stage_kind": incident.stage_kind, "begun": False, "can": rights.at_least(visit.viewer.role, "responder"),
    }  # fmt: skip


def _values(visit: Visit, playbook_of: PlaybookOf, sheets: Sheets, problem: Refused | None) -> dict[str, Any]:
    incident, values = _head(visit)
    state: Postmortem | None = visit.runtime.committer.state(f"postmortem:{incident.id}")
    with visit.runtime.reading() as reader:
        review = review_queries.of(reader, visit.viewer, incident.id)
        playbook = playbook_of(incident.playbook.digest, reader) if incident.playbook else None
    values |= {"review": review, "kinds": playbook.review.kinds if playbook else ()}
    if state is None:
        return values
    sheet = sheets.of(visit.runtime, playbook_of, incident, state)
    return {**values, "begun": True, **_state(visit, sheet, problem)}


def _state(visit: Visit, sheet: Sheet, problem: Refused | None) -> dict[str, Any]:
    material, state = sheet.material, sheet.material.state
    book, incident = material.playbook, material.incident
    edit = visit.query.get("edit", "")
    said = visit.form
    theirs = None
    if problem is not None and "section" in said and "text" in said and "base" in said:
        edit = f"{said['section']}.{said.get('part', '')}" if said.get("part") else said["section"]
    if isinstance(problem, Overtaken):
        theirs = problem.theirs
    wanted = {a.id for a in approvals(incident, book)}
    left = unsigned(state, incident, book)
    return {
        "sheet": sheet, "sections": sheet.sections, "state": state, "kind_name": material.kind.name, "document_title": sheet.document.title,
        "gaps": sum(section.gaps for section in sheet.sections), "wrong": sum(section.wrong for section in sheet.sections),
        "edit": edit, "theirs": theirs, "overtaken": isinstance(problem, Overtaken), "tree": whys.tree(state.whys), "called": whys.CALLED,
        "places": {one.id: whys.places(state.whys, one.id) for one in state.whys if not one.removed}, "people": material.people,
        "signatures": [_signature(a, state, a.id in wanted) for a in book.review.approvals if a.id in wanted or a.id in state.signed],
        "left": left, "targets": book.review.targets, "manager": rights.at_least(visit.viewer.role, "manager"), "agenda": book.review.agenda,
        "agenda_says": book.review.agenda_says, "agenda_length": sum(item.minutes for item in book.review.agenda), "rules": _rules(book),
        "remarks": sum(not one.settled_by for one in state.comments), "published_text_differs": _differs(sheet),
    }  # fmt: skip


def _signature(approver: Any, state: Postmortem, wanted: bool) -> dict[str, Any]:
    signed = state.signed.get(approver.id)
    return {
        "id": approver.id, "name": approver.name, "wanted": wanted, "by": signed.by if signed else "", "at": signed.at if signed else None,
        "stale": signed is not None and state.edited > signed.source,
    }  # fmt: skip


def _rules(book: Playbook) -> list[str]:
    """Return the rules of the review that are sentences; ids of wording rules are for the check of messages."""
    return [rule for rule in book.review.rules if " " in rule]


def _differs(sheet: Sheet) -> bool:
    """Tell whether people wrote on after the last publication."""
    state = sheet.material.state
    newest = max((one.at for one in state.publications.values() if one.state == "published"), default=None)
    return newest is not None and any(text.at > newest for text in state.texts.values())


def _publishing(visit: Visit, playbook_of: PlaybookOf, sheets: Sheets) -> dict[str, Any]:
    incident, values = _head(visit)
    state: Postmortem | None = visit.runtime.committer.state(f"postmortem:{incident.id}")
    if state is None:
        raise missing(incident.id)
    sheet = sheets.of(visit.runtime, playbook_of, incident, state)
    book = sheet.material.playbook
    outside, findings = (
        handlers.document_of(sheet.material, sanitised=True) if any(t.sanitised for t in book.review.targets) else (None, [])
    )
    lines = outside.markdown().splitlines() if outside else []
    return {
        **values, "targets": [{"target": t, "publication": state.publications.get(t.id)} for t in book.review.targets],
        "left": unsigned(state, incident, book), "gaps": sum(section.gaps for section in sheet.sections),
        "wrong": sum(section.wrong for section in sheet.sections), "document_title": sheet.document.title,
        "findings": [{"line": f.line, "kind": f.kind, "text": f.text, "in": lines[f.line - 1] if f.line <= len(lines) else ""} for f in findings[:100]],
        "sanitised": any(t.sanitised for t in book.review.targets), "stage": state.stage,
    }  # fmt: skip
