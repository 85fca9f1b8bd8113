"""The page of a postmortem: the document, what is still to be written, and the forms for it."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Refused
from tocsin.engine.model import Command
from tocsin.incidents.model import Incident
from tocsin.postmortems import commands as c
from tocsin.postmortems import handlers, render
from tocsin.postmortems.kind import PlaybookOf
from tocsin.postmortems.model import Postmortem
from tocsin.web.layout import Shell, Visit, go

_LONGEST = 100_000
_MOST_AUTHORS = 20
_GAP = re.compile(r"<blockquote>(\s*<p><strong>To write:</strong>)")
"""A place that people have to fill, as it is rendered; each gets an id, so that it can be linked to."""


def routes(shell: Shell, playbook_of: PlaybookOf) -> list[Route]:
    """Return the routes of the page and its forms."""

    async def show(visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_values, visit, playbook_of)
        values |= {"problem": problem, "typed": visit.form if problem else {}}
        return shell.page(visit, "postmortems/postmortem.html", values, status=problem.status if problem else 200)

    async def one(visit: Visit) -> Response:
        return await show(visit)

    async def begin(visit: Visit) -> Response:
        names = [name.strip() for name in visit.form.get("authors", "").split(",") if name.strip()]
        command = c.Draft(authors=tuple(name[:200] for name in names[:_MOST_AUTHORS]))
        try:
            await handlers.begin(visit.runtime, playbook_of, visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await show(visit, refusal)
        return go(_address(visit))

    async def write(visit: Visit) -> Response:
        section, text = visit.form.get("section", ""), visit.form.get("text", "")
        try:
            if not section or len(text) > _LONGEST:
                raise Refused(f"A section holds at most {_LONGEST:,} characters.", fix="Make it shorter.", field="text")
            await _commit(visit, c.EditSection(section, text, visit.form.get("part", "")))
        except Refused as refusal:
            return await show(visit, refusal)
        return go(f"{_address(visit)}#s-{quote(section)}")

    async def approve(visit: Visit) -> Response:
        try:
            await _commit(visit, c.Approve(visit.form.get("approver", "")))
        except Refused as refusal:
            return await show(visit, refusal)
        return go(_address(visit))

    path = "/incidents/{id}/postmortem"
    return [
        shell.get(path, one),
        shell.post(path, begin),
        shell.post(f"{path}/sections", write),
        shell.post(f"{path}/approve", approve),
    ]


def _address(visit: Visit) -> str:
    return f"/incidents/{quote(visit.path['id'])}/postmortem"


async def _commit(visit: Visit, command: Command) -> None:
    await visit.runtime.commit("postmortem", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)


def _values(visit: Visit, playbook_of: PlaybookOf) -> dict[str, Any]:
    incident: Incident = visit.runtime.state("incident", visit.path["id"])
    here = incident.now_circumstances
    values: dict[str, Any] = {
        "id": incident.id, "title": incident.title or incident.id, "severity": incident.severity, "rank": here.rank if here else -1,
        "stage_kind": incident.stage_kind, "begun": False,
    }  # fmt: skip
    state: Postmortem | None = visit.runtime.committer.state(f"postmortem:{incident.id}")
    if state is None:
        return values
    view = handlers.view(visit.runtime, playbook_of, incident.id)
    count = itertools.count(1)
    sections = [
        {
            **section, "gaps": sum(one["section"] == section["id"] for one in view["to_write"]),
            "html": _GAP.sub(lambda found: f'<blockquote id="gap-{next(count)}">{found.group(1)}', render.body(section["markdown"])),
        }
        for section in view["sections"]
    ]  # fmt: skip
    return {**values, "begun": True, "view": view, "sections": sections}
