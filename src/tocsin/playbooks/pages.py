"""The pages of playbooks: the shelf, and each as a document that people read."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from tocsin.playbooks import handlers
from tocsin.playbooks.graph import drawing
from tocsin.playbooks.lint import lint
from tocsin.playbooks.model import CANONICAL_MILESTONES, Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.layout import Shell, Visit


def routes(shell: Shell, bookshelf: Bookshelf) -> list[Route]:
    """Return the routes of the pages."""

    async def shelf(visit: Visit) -> Response:
        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                loaded = [handlers.opened(bookshelf, reader, name) for name in bookshelf.ids(reader)]
            return {"books": [one.playbook for one in loaded]}

        return shell.page(visit, "playbooks/shelf.html", await asyncio.to_thread(work))

    async def one(visit: Visit) -> Response:
        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                loaded = handlers.opened(bookshelf, reader, visit.path["id"])
            return {
                "book": loaded.playbook, "digest": loaded.digest, "findings": lint(loaded), "drawing": drawing(loaded.playbook),
                "names": _names(loaded.playbook), "lines": loaded.text.count("\n") + 1,
            }  # fmt: skip

        return shell.page(visit, "playbooks/playbook.html", await asyncio.to_thread(work))

    async def text(visit: Visit) -> Response:
        def work() -> str:
            with visit.runtime.reading() as reader:
                return handlers.opened(bookshelf, reader, visit.path["id"]).text

        lines = (await asyncio.to_thread(work)).splitlines()
        return shell.page(visit, "playbooks/text.html", {"id": visit.path["id"], "lines": lines})

    return [shell.get("/playbooks", shelf), shell.get("/playbooks/{id}", one), shell.get("/playbooks/{id}/text", text)]


def _names(book: Playbook) -> dict[str, dict[str, str]]:
    """Return what ids are called."""
    milestones = {name: name.replace("_", " ") for name in CANONICAL_MILESTONES} | {m.id: m.name.lower() for m in book.milestones}
    people = {contact.id: contact.name for contact in book.contacts} | {role.id: role.short or role.name for role in book.roles}
    return {
        "milestones": milestones,
        "people": {"on_call": "on-call", **people},
        "audiences": {a.id: a.name for a in book.audiences},
        "stages": {s.id: s.name for s in book.lifecycle.stages},
        "gates": {g.id: g.name for g in book.gates},
        "calendars": {"always": "", **{c.id: c.name for c in book.calendars}},
    }
