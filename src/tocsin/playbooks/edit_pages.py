"""Change a playbook in the browser: a text with its problems, findings and tests beside it, what would change, and its publication."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Refused
from tocsin.engine.model import Reader
from tocsin.playbooks import diff, handlers, queries
from tocsin.playbooks import shelf as shipped
from tocsin.playbooks.load import Loaded
from tocsin.playbooks.queries import Bookshelf
from tocsin.playbooks.refusals import NoPlaybook, PlaybookHasProblems
from tocsin.playbooks.textdiff import beside, renamed, renumbered
from tocsin.web.layout import Shell, Visit, go, number_of
from tocsin.web.shown import many

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHOWN: Final = 400
"""Differences and lines of one comparison that a page shows."""
_LONGEST_NOTE: Final = 1000


def routes(shell: Shell, bookshelf: Bookshelf) -> list[Route]:
    """Return the routes of the editor; who publishes is a manager."""

    def opened(visit: Visit, name: str) -> Loaded:
        with visit.runtime.reading() as reader:
            return handlers.opened(bookshelf, reader, name)

    def base_of(visit: Visit) -> Loaded | None:
        """Return the version in force of what is edited; None for a playbook that is new."""
        try:
            return opened(visit, visit.path["id"])
        except NoPlaybook:
            return None

    def begin(visit: Visit) -> dict[str, Any]:
        name = visit.path["id"]
        source = visit.query.get("from", "")
        base = base_of(visit)
        if base is None and not source:
            raise NoPlaybook(name, [])
        loaded = opened(visit, source or name)
        text = loaded.text if base is not None and loaded.playbook.playbook == name else renamed(loaded.text, name)
        if base is not None:
            text = renumbered(text, base.playbook.version + 1)
        return {"id": name, "base": base.playbook if base else None, "text": text, "tests": _tests_of(name), "source": source}

    async def edit(visit: Visit) -> Response:
        values = await asyncio.to_thread(begin, visit)
        return shell.page(visit, "playbooks/edit.html", {**values, "checked": None})

    async def again(visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(looked_at, visit)
        status = problem.status if problem else 200
        return shell.page(visit, "playbooks/edit.html", {**values, "problem": problem, "checked": values}, status=status)

    def looked_at(visit: Visit) -> dict[str, Any]:
        text, tests = visit.form.get("text", ""), visit.form.get("tests", "")
        if not tests.strip():
            tests = ""
        base = base_of(visit)
        name = visit.path["id"]
        found = handlers.examine(handlers.CheckPlaybook(text, f"{name}.yaml", tests, f"{name}.tests.yaml"))
        changes: list[diff.Difference] = []
        if found["ok"] and base is not None:
            try:
                changes = diff.diff(base.playbook, handlers.read_text(text))
            except PlaybookHasProblems:
                changes = []
        changes = [one for one in changes if one.steps != ("version",)]
        lines = text.count("\n") + 1
        return {
            "id": name, "base": base.playbook if base else None, "text": text, "tests": tests, "found": found, "source": "",
            "changes": changes[:_SHOWN], "more_changes": max(0, len(changes) - _SHOWN), "lines": lines,
            "failed": [one for one in found["results"] if one.outcome == "failed"], "passed": sum(one.outcome == "passed" for one in found["results"]),
            "open": [one for one in found["findings"] if one["accepted"] is None], "other_id": found["playbook"] not in (None, name),
            "rows": beside(base.text, text)[:_SHOWN] if base is not None else [], "next": base.playbook.version + 1 if base is not None else 1,
        }  # fmt: skip

    async def check(visit: Visit) -> Response:
        """Answer the panel beside the text, while somebody writes."""
        values = await asyncio.to_thread(looked_at, visit)
        return shell.page(visit, "playbooks/checked.html", values)

    async def sent(visit: Visit) -> Response:
        if visit.form.get("to") == "review":
            values = await asyncio.to_thread(looked_at, visit)
            if values["found"]["ok"] and not values["other_id"]:
                return shell.page(visit, "playbooks/review.html", values)
            refusal = Refused(
                f"It has {many(len(values['found']['problems']), 'problem')}, so it cannot be published." if not values["found"]["ok"]
                else f"The text calls itself {values['found']['playbook']}, and this is {values['id']}.",
                fix="Mend what stands beside the text." if not values["found"]["ok"] else f"Write `playbook: {values['id']}`, or begin a copy from the shelf.", field="text",
            )  # fmt: skip
            return shell.page(visit, "playbooks/edit.html", {**values, "problem": refusal, "checked": values}, status=refusal.status)
        return await again(visit)

    async def publish(visit: Visit) -> Response:
        name, note = visit.path["id"], visit.form.get("note", "").strip()
        try:
            if len(note) > _LONGEST_NOTE:
                raise Refused(f"The note has {len(note):,} characters, more than {_LONGEST_NOTE:,}.", fix="Make it shorter.", field="note")
            base = await asyncio.to_thread(base_of, visit)
            text = visit.form.get("text", "")
            if base is not None and visit.form.get("over", "") != str(base.playbook.version):
                raise Refused(
                    f"Version {base.playbook.version} was published while you wrote.", fix="Look again at what would change, then publish.", field="text",
                )  # fmt: skip
            if base is not None:
                text = renumbered(text, base.playbook.version + 1)
            body = handlers.PlaybookText(text, f"{name}.yaml", note)
            result = await handlers.publish(visit.runtime, body, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await again(visit, refusal)
        return go(f"/playbooks/{quote(result['playbook'])}/versions")

    async def restore(visit: Visit) -> Response:
        body = handlers.Restore(number_of(visit.form.get("version", "")), visit.form.get("note", "").strip()[:_LONGEST_NOTE])
        await handlers.restore(visit.runtime, bookshelf, visit.path["id"], body, visit.actor, visit.key, visit.fingerprint)
        return go(f"/playbooks/{quote(visit.path['id'])}/versions")

    async def copy(visit: Visit) -> Response:
        name, source = visit.form.get("id", "").strip(), visit.form.get("from", "")
        with visit.runtime.reading() as reader:
            known = bookshelf.ids(reader)
        if not _ID.fullmatch(name):
            raise Refused(
                f"{name!r} cannot be a playbook's id.",
                fix="Use letters, digits, dots, hyphens and underscores, such as `my-team`.",
                field="id",
            )
        if name in known:
            raise Refused(f"There is a playbook {name} already.", fix="Edit it, or choose another id.", field="id")
        return go(f"/playbooks/{quote(name)}/edit?from={quote(source)}")

    async def compare(visit: Visit) -> Response:
        return shell.page(visit, "playbooks/compare.html", await asyncio.to_thread(_compared, visit, bookshelf))

    path = "/playbooks/{id}"
    return [
        shell.get("/playbooks/compare", compare),
        shell.post("/playbooks/copy", copy, needs="manager"),
        shell.get(f"{path}/edit", edit, needs="manager"),
        shell.post(f"{path}/edit", sent, needs="manager"),
        shell.post(f"{path}/check", check, needs="manager"),
        shell.post(f"{path}/publish", publish, needs="manager"),
        shell.post(f"{path}/restore", restore, needs="manager"),
    ]


def _tests_of(name: str) -> str:
    return (shipped.shipped_tests(name) or "") if name in shipped.shipped() else ""


def _compared(visit: Visit, bookshelf: Bookshelf) -> dict[str, Any]:
    with visit.runtime.reading() as reader:
        offered = _offered(bookshelf, reader)
        before, after = visit.query.get("before", ""), visit.query.get("after", "")
        one = handlers.opened(bookshelf, reader, before) if before else None
        two = handlers.opened(bookshelf, reader, after) if after else None
    changes = diff.diff(one.playbook, two.playbook) if one and two else []
    only = visit.query.get("only") == "weight"
    wanted = [change for change in changes if change.weight or not only]
    same = one is not None and two is not None and one.playbook.playbook == two.playbook.playbook
    return {
        "offered": offered, "before": _chosen(before, offered), "after": _chosen(after, offered), "one": one.playbook if one else None, "two": two.playbook if two else None,
        "groups": grouped(wanted[:_SHOWN]), "count": len(changes), "only": only, "cut": len(wanted) > _SHOWN, "stricter": sum(change.weight == "stricter" for change in changes), "looser": sum(change.weight == "looser" for change in changes), "shown": _SHOWN, "rows": beside(one.text, two.text)[: _SHOWN * 2] if one and two and same else [],
    }  # fmt: skip


def _offered(bookshelf: Bookshelf, reader: Reader) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each playbook by its title, with its versions, the newest first: how an address calls them, and what people read."""
    known = queries.numbers(reader)
    found = []
    for book in sorted(handlers.all_in_force(bookshelf, reader), key=lambda one: (one.title.casefold(), one.playbook)):
        versions = [(book.playbook, f"{book.title}, version {book.version} (in force)")]
        versions += [
            (f"{book.playbook}@{one}", f"{book.title}, version {one}") for one in known.get(book.playbook, ()) if one != book.version
        ]
        found.append((book.title, versions))
    return found


def _chosen(name: str, offered: list[tuple[str, list[tuple[str, str]]]]) -> str:
    """Return how a list calls what an address names: the version in force is called by its id alone."""
    known = {one for _, versions in offered for one, _ in versions}
    return name if name in known else name.partition("@")[0]


def grouped(changes: list[diff.Difference]) -> list[tuple[str, list[diff.Difference]]]:
    """Return differences by the part of the playbook that they are about, in its order."""
    found: dict[str, list[diff.Difference]] = {}
    for change in changes:
        found.setdefault(change.steps[0], []).append(change)
    return list(found.items())
