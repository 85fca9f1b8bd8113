"""Declaring: what is broken, then how bad it is by the playbook's questions. Whether it is open already, the level and whom it pages are shown live.

The page works without scripts: then the level is worked out when the form is sent, or by the button beside the questions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts import queries as alerts
from tocsin.alerts.groups import queries as groups
from tocsin.engine.errors import Refused
from tocsin.engine.model import Reader
from tocsin.incidents import commands as c
from tocsin.incidents import forms, glance_queries, handlers
from tocsin.incidents.similar import similar
from tocsin.paging import queries as paging
from tocsin.paging.standing import callees, says
from tocsin.paging.standing_queries import calling, name_in, standing
from tocsin.people.queries import list_people
from tocsin.playbooks.classify import Classification, classify, parse_answers
from tocsin.playbooks.errors import AnswersRefused
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.playbooks.scale import Severity
from tocsin.services import queries as services
from tocsin.web.layout import Shell, Visit, go

_ANSWER: Final = "q."
"""What the names of the questions' fields begin with."""
_MOST_SIMILAR: Final = 4
_LOOKED_THROUGH: Final = 300
"""Open incidents that are compared with what is typed."""
_MOST_FIRING: Final = 6
_TYPED: Final = ("title", "service", "playbook", "severity", "impact", "started_at", "private", "alert", "group")


class _Level(msgspec.Struct, frozen=True):
    """The level as it stands by the answers, and what declaring at it does."""

    level: Severity | None
    found: Classification | None
    by_hand: bool
    people: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    """Names of escalation policies that call people by themselves."""
    already: tuple[str, ...] = ()
    """Those whom the alerts' pages call already, so that nothing calls them anew."""
    missing: tuple[str, ...] = ()
    """What to say of words that reach nobody, a sentence each."""
    problem: Refused | None = None


def routes(shell: Shell, shelf: Bookshelf, default_playbook: str) -> list[Route]:
    """Return the routes of the page, of its live parts, and of attaching instead."""
    pages = _Pages(shell, shelf, default_playbook)
    return [
        shell.get("/declare", pages.form),
        shell.post("/declare", pages.declare),
        shell.post("/declare/attach", pages.attach),
        shell.get("/declare/similar", pages.part("incidents/declare_similar.html")),
        shell.get("/declare/level", pages.part("incidents/declare_level.html")),
        shell.get("/declare/questions", pages.questions),
    ]


class _Pages:
    def __init__(self, shell: Shell, shelf: Bookshelf, default_playbook: str) -> None:
        self._shell = shell
        self._shelf = shelf
        self._default = default_playbook

    async def form(self, visit: Visit) -> Response:
        """Show the form; filled in from an alert or a group where the address names one."""
        return await self._form(visit, visit.query)

    async def _form(self, visit: Visit, typed: Mapping[str, str], problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(self._values, visit, typed)
        fragment = visit.request.headers.get("x-tocsin-part", "") == "dialog" and problem is None
        more = {"problem": problem, "fragment": fragment}
        return self._shell.page(visit, "incidents/declare.html", {**values, **more}, status=problem.status if problem else 200)

    async def questions(self, visit: Visit) -> Response:
        """Answer with the questions of the playbook; with ``?follow=1`` those of the service's own, and nothing where they stand there already.

        What somebody is just answering must not be put in place anew.
        """
        shown = visit.query.get("playbook", "")
        given = dict(visit.query)
        if given.pop("follow", ""):
            given["playbook"] = await asyncio.to_thread(self._own_of, visit, given.get("service", "").strip()) or shown
            if shown and given["playbook"] == shown:
                return Response(status_code=204)
        values = await asyncio.to_thread(self._values, visit, given)
        return self._shell.page(visit, "incidents/declare_questions.html", {**values, "live": True})

    @staticmethod
    def _own_of(visit: Visit, service: str) -> str:
        with visit.runtime.reading() as reader:
            known = services.named(reader, service) if service else None
        return known.saved.playbook if known is not None and known.saved is not None else ""

    def part(self, template: str) -> Any:
        """Return the handler of a part of the page that changes while somebody types."""

        async def handle(visit: Visit) -> Response:
            values = await asyncio.to_thread(self._values, visit, visit.query)
            return self._shell.page(visit, template, {**values, "live": True})

        return handle

    def _values(self, visit: Visit, given: Mapping[str, str]) -> dict[str, Any]:
        typed = {name: given.get(name, "").strip() for name in _TYPED}
        typed["title"] = typed["title"][: forms.LONGEST_TITLE]
        answers = {name.removeprefix(_ANSWER): value for name, value in given.items() if name.startswith(_ANSWER)}
        chosen_alerts = visit.lists.get("alert") or [one for one in visit.request.query_params.getlist("alert") if one]
        with visit.runtime.reading() as reader:
            books = self._playbooks(reader)
            alert, chosen_alerts = self._from_alert(reader, visit, typed, chosen_alerts)
            known = services.named(reader, typed["service"]) if typed["service"] else None
            own = known.saved.playbook if known is not None and known.saved is not None else ""
            book = books.get(typed["playbook"] or own or self._default) or next(iter(books.values()), None)
            level = self._level(reader, book, typed["severity"], answers, chosen_alerts)
            rows, _ = glance_queries.open_now(reader, visit.viewer, _LOOKED_THROUGH)
            service = known.id if known is not None else typed["service"]
            typed["detected_by"] = self._detected_by(book, alert, given)
            return {
                "typed": typed, "books": books, "book": book, "alert": alert, "answers": answers, "level": level, "own": own,
                "similar": similar(typed["title"], service, rows, _MOST_SIMILAR) if typed["title"] or service else [],
                "firing": self._firing(reader, visit, service), "chosen_alerts": chosen_alerts,
                "services": [{"id": row["id"], "name": row["name"]} for row in services.list_services(reader)],
                "names": {row["id"]: row["name"] for row in list_people(reader, everybody=True)}, "fragment": False, "live": False,
            }  # fmt: skip

    @staticmethod
    def _detected_by(book: Playbook | None, alert: Any, given: Mapping[str, str]) -> str:
        """Return what was said of how it came to light, unless that was an answer to another playbook's question; else what follows."""
        said = given.get("detected_by")
        asked_of = given.get("asked_of", "")
        if book is None:
            return said or ""
        if said is not None and asked_of == book.playbook:
            return said
        return forms.detected_by(book, alert, "" if asked_of else said or "")

    def _from_alert(self, reader: Reader, visit: Visit, typed: dict[str, str], chosen: list[str]) -> tuple[Any, list[str]]:
        """Fill in what the alert says that the address names, or the worst one of the group that it names."""
        if typed["group"] and not chosen:
            found = groups.list_groups(reader, visit.viewer, state="all", text="", limit=1, ids=(typed["group"],))
            lead = reader.state(f"group:{typed['group']}").lead if found else None
            chosen = [lead.alert] if lead is not None else []
        alert = alerts.alert_for(reader, visit.viewer, chosen[0]) if chosen else None
        if alert is not None and not visit.form:
            service = services.named(reader, alert.service or alert.labels.get("service", ""))
            for name, value in forms.from_alert(alert, service.id if service else "").items():
                typed[name] = typed.get(name) or value
        return alert, chosen

    def _firing(self, reader: Reader, visit: Visit, service: str) -> list[dict[str, Any]]:
        """Return groups that fire for the service and belong to no incident, with the alert by which each would be linked."""
        if not service:
            return []
        rows = groups.list_groups(reader, visit.viewer, state="open", service=service, limit=_MOST_FIRING)
        leads = {row["id"]: reader.state(f"group:{row['id']}").lead for row in rows if not row["incident"]}
        return [{**row, "alert": leads[row["id"]].alert} for row in rows if leads.get(row["id"]) is not None]

    def _playbooks(self, reader: Reader) -> dict[str, Playbook]:
        found = {}
        for playbook_id in self._shelf.ids(reader):
            current = self._shelf.current(playbook_id, reader)
            book = self._shelf.by_digest(current.digest, reader) if current else None
            if book is not None:
                found[playbook_id] = book
        return found

    def _level(
        self, reader: Reader, book: Playbook | None, by_hand: str, answers: Mapping[str, str], alerts_chosen: Sequence[str] = ()
    ) -> _Level:
        if book is None:
            return _Level(None, None, by_hand=False)
        try:
            found = classify(book, parse_answers(book, _of_book(book, answers)))
        except AnswersRefused as refused:
            return _Level(None, None, by_hand=False, problem=_in_words(refused, book))
        chosen = book.severity(by_hand) if by_hand else None
        level = chosen or book.severity(found.severity)
        stands = standing(reader, level.page, reader.now) if level is not None and level.calls else ()
        called = callees(stands, calling(reader, alerts=alerts_chosen))
        policies = tuple(policy.name or policy.id for name in called.policies if (policy := paging.policy_of(reader, name)) is not None)
        missing = says(stands, lambda word: name_in(book, word))
        return _Level(level, found, chosen is not None, called.people, policies, called.already, missing)

    # -- doing it ---------------------------------------------------------------------------------

    async def declare(self, visit: Visit) -> Response:
        """Declare, at the level that was chosen or that the answers lead to; then show the room."""
        try:
            command = await asyncio.to_thread(self._command, visit)
            made = await handlers.declare(visit.runtime, self._shelf, self._default, command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._form(visit, visit.form, refusal)
        return go(f"/incidents/{quote(made['incident'])}")

    def _command(self, visit: Visit) -> c.Declare:
        given = visit.form
        answers = {name.removeprefix(_ANSWER): value for name, value in given.items() if name.startswith(_ANSWER)}
        command = forms.declaration(given, visit.now)
        with visit.runtime.reading() as reader:
            books = self._playbooks(reader)
            known = services.named(reader, command.service) if command.service else None
            own = known.saved.playbook if known is not None and known.saved is not None else ""
            book = books.get(command.playbook or own or self._default)
        because: tuple[str, ...] = ()
        severity = command.severity
        assessed = forms.assessed(book, answers) if book is not None else {}
        if book is not None and not severity:
            try:
                found = classify(book, parse_answers(book, _of_book(book, answers)))
            except AnswersRefused as refused:
                raise _in_words(refused, book) from refused
            severity, because = found.severity, found.because
        linked = tuple(dict.fromkeys(one for one in visit.lists.get("alert", ()) if one))
        return msgspec.structs.replace(
            command, severity=severity, because=because, alerts=linked, assessment=assessed, private=given.get("private") == "1",
            service=known.id if known is not None else command.service, playbook=command.playbook or (book.playbook if book else None),
        )  # fmt: skip

    async def attach(self, visit: Visit) -> Response:
        """Link alerts to an incident that is open, instead of declaring another one."""
        incident = visit.form.get("incident", "").strip()
        for number, alert in enumerate(dict.fromkeys(one for one in visit.lists.get("alert", ()) if one)):
            key = f"{visit.key}:{number}" if visit.key else ""
            await visit.runtime.commit("incident", incident, c.LinkAlert(alert), visit.actor, key, visit.fingerprint)
        return go(f"/incidents/{quote(incident)}")


def _of_book(book: Playbook, answers: Mapping[str, str]) -> dict[str, str]:
    """Return the answers to this playbook's questions: those to another one's may still stand in the form."""
    asked = {question.id for question in book.classify.questions}
    return {name: value for name, value in answers.items() if name in asked and value.strip()}


def _in_words(refused: AnswersRefused, book: Playbook) -> Refused:
    """Return a refusal of answers that names the first by its question."""
    bad = refused.answers[0]
    asks = {question.id: question.ask for question in book.classify.questions}
    return Refused(
        f"“{asks.get(bad.field, bad.field)}” has an answer that cannot be used: {bad.what}.", fix=bad.remedy, field=f"{_ANSWER}{bad.field}"
    )
