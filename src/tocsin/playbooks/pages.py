"""The pages of playbooks: the shelf, each as a document that people read, its file with the findings, its versions, and a try-out of its scale."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from tocsin.comms.render import renderer
from tocsin.engine.model import Reader
from tocsin.engine.ports import ChannelFailed
from tocsin.people import rights
from tocsin.playbooks import crosswalk, handlers, ladders, queries, samples
from tocsin.playbooks import shelf as shipped
from tocsin.playbooks.graph import drawing
from tocsin.playbooks.lint import lint, unaccepted
from tocsin.playbooks.load import Loaded
from tocsin.playbooks.model import CANONICAL_MILESTONES, Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.playbooks.refusals import AnswersHaveProblems
from tocsin.web.layout import Shell, Visit

_MOST_RUNNING: Final = 40


def routes(shell: Shell, bookshelf: Bookshelf) -> list[Route]:
    """Return the routes of the pages."""
    known = _Known()

    def page(template: str, values: Callable[[Visit, Reader], dict[str, Any]]) -> Callable[[Visit], Any]:
        async def handle(visit: Visit) -> Response:
            def work() -> dict[str, Any]:
                with visit.runtime.reading() as reader:
                    return values(visit, reader)

            return shell.page(visit, template, await asyncio.to_thread(work))

        return handle

    def shelf(visit: Visit, reader: Reader) -> dict[str, Any]:
        loaded = [handlers.opened(bookshelf, reader, name) for name in bookshelf.ids(reader)]
        number = queries.open_counts(reader, visit.viewer)
        return {
            "books": [
                {
                    "book": one.playbook,
                    "open_findings": len(unaccepted(known.of(one)["findings"])),
                    "running": number.get(one.playbook.playbook, 0),
                }
                for one in loaded
            ],
            "manager": rights.at_least(visit.viewer.role, "manager"),
        }

    def one(visit: Visit, reader: Reader) -> dict[str, Any]:
        loaded = handlers.opened(bookshelf, reader, visit.path["id"])
        book = loaded.playbook
        current = bookshelf.current(book.playbook, reader)
        others = [other for other in handlers.all_in_force(bookshelf, reader) if other.playbook != book.playbook]
        return {
            **known.of(loaded), "in_force": current is not None and current.digest == loaded.digest, "current": current,
            "running": queries.open_counts(reader, visit.viewer).get(book.playbook, 0), "lines": loaded.text.count("\n") + 1,
            "levels_elsewhere": [
                {"level": level, "labels": crosswalk.crosswalk(book, level.id, others)} for level in book.severities
            ] if others else [],
            "others": others, "address": _address(visit.path["id"], book), "manager": rights.at_least(visit.viewer.role, "manager"),
        }  # fmt: skip

    def text(visit: Visit, reader: Reader) -> dict[str, Any]:
        loaded = handlers.opened(bookshelf, reader, visit.path["id"])
        by_line: dict[int, list[Any]] = {}
        for finding in known.of(loaded)["findings"]:
            by_line.setdefault(finding.line, []).append(finding)
        return {
            "book": loaded.playbook, "lines": loaded.text.splitlines(), "by_line": by_line, "address": _address(visit.path["id"], loaded.playbook),
            "findings": known.of(loaded)["findings"], "manager": rights.at_least(visit.viewer.role, "manager"),
        }  # fmt: skip

    def versions(visit: Visit, reader: Reader) -> dict[str, Any]:
        loaded = handlers.opened(bookshelf, reader, visit.path["id"])
        book = loaded.playbook
        current = bookshelf.current(book.playbook, reader)
        found = queries.versions(visit.runtime.facts("playbook", book.playbook), current.digest if current else "")
        running: dict[str, list[dict[str, Any]]] = {}
        for incident in handlers.running(visit.runtime, visit.viewer, book.playbook, _MOST_RUNNING + 1):
            running.setdefault(incident["digest"], []).append(incident)
        return {
            "book": book, "versions": found, "running": running, "manager": rights.at_least(visit.viewer.role, "manager"),
            "most": _MOST_RUNNING, "total": queries.open_counts(reader, visit.viewer).get(book.playbook, 0),
        }  # fmt: skip

    def tried(visit: Visit, reader: Reader) -> dict[str, Any]:
        loaded = handlers.opened(bookshelf, reader, visit.path["id"])
        book = loaded.playbook
        given = {question.id: visit.query[question.id][:200] for question in book.classify.questions if visit.query.get(question.id, "")}
        found, problem = None, None
        try:
            found = handlers.level(book, given, handlers.all_in_force(bookshelf, reader)) if given or "asked" in visit.query else None
        except AnswersHaveProblems as refusal:
            problem = refusal
        asks = {question.id: question.ask for question in book.classify.questions}
        return {
            "book": book, "given": given, "found": found, "problem": problem, "asks": asks, "address": _address(visit.path["id"], book),
            "ranks": {level.id: level.rank for level in book.severities},
        }  # fmt: skip

    def compared(visit: Visit, reader: Reader) -> dict[str, Any]:
        books = handlers.all_in_force(bookshelf, reader)
        return {"books": books, "rows": crosswalk.table(books)}

    return [
        shell.get("/playbooks", page("playbooks/shelf.html", shelf)),
        shell.get("/playbooks/crosswalk", page("playbooks/crosswalk.html", compared)),
        shell.get("/playbooks/{id}", page("playbooks/playbook.html", one)),
        shell.get("/playbooks/{id}/text", page("playbooks/text.html", text)),
        shell.get("/playbooks/{id}/versions", page("playbooks/versions.html", versions)),
        shell.get("/playbooks/{id}/try", page("playbooks/try.html", tried)),
    ]


class _Known:
    """What follows from a playbook's text alone, worked out once for each digest."""

    def __init__(self) -> None:
        self._by_digest: dict[str, dict[str, Any]] = {}

    def of(self, loaded: Loaded) -> dict[str, Any]:
        found = self._by_digest.get(loaded.digest)
        if found is None:
            book = loaded.playbook
            called, whenever = ladders.ladders(loaded)
            found = self._by_digest[loaded.digest] = {
                "book": book, "digest": loaded.digest, "findings": lint(loaded), "drawing": drawing(book), "names": names_of(book),
                "ladders": called, "whenever": whenever, "cadences": ladders.cadences(loaded), "examples": _examples(book),
                "places": {part: loaded.position((part,))[0] for part in book.__struct_fields__}, "tested": _tested(loaded),
            }  # fmt: skip
        return found


def _tested(loaded: Loaded) -> dict[str, int] | None:
    """Return how the tests that ship beside a playbook end on this text; None where there are none."""
    name = loaded.playbook.playbook
    tests = shipped.shipped_tests(name) if name in shipped.shipped() else None
    if tests is None:
        return None
    results = handlers.run_tests(loaded, tests, f"{name}.tests.yaml")
    return {"passed": sum(one.outcome == "passed" for one in results), "failed": sum(one.outcome == "failed" for one in results)}


def _examples(book: Playbook) -> dict[str, tuple[str, str]]:
    """Return each message as an audience would get it, from made-up values; a template that cannot be rendered says why."""
    render = renderer(lambda _digest: book)
    found = {}
    for message in book.messages:
        try:
            found[message.id] = render("incident.update", "", samples.values(book, message))
        except ChannelFailed as failure:
            found[message.id] = ("", str(failure))
    return found


def _address(asked: str, book: Playbook) -> str:
    """Return the path of a playbook's pages: with its version where an earlier one was asked for."""
    return f"/playbooks/{book.playbook}@{book.version}" if "@" in asked else f"/playbooks/{book.playbook}"


def names_of(book: Playbook) -> dict[str, dict[str, str]]:
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
        "checklists": {c.id: c.name for c in book.checklists},
        "windows": {w.id: w.name for w in book.windows},
        "measures": {m.id: m.name for m in book.measures},
    }
