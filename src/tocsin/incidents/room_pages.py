"""The room of an incident: its page, now and as of any minute, and the forms by which people work in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts.model import number_of as number_of_alert
from tocsin.engine import blobs
from tocsin.engine.errors import Refused
from tocsin.engine.model import Command, moment
from tocsin.engine.ports import Renderer
from tocsin.incidents import attachments, forms, handlers, past, queries, room, room_queries
from tocsin.incidents import commands as c
from tocsin.incidents.belonging_queries import there
from tocsin.incidents.files_pages import too_large
from tocsin.incidents.line_pages import Lines
from tocsin.incidents.outline import Outline
from tocsin.incidents.presence import Presence
from tocsin.insights.durations import CANONICAL
from tocsin.insights.metrics import duration_of
from tocsin.insights.views import Duration
from tocsin.people import names_queries
from tocsin.people.rights import at_least
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.blobs import file_name
from tocsin.web.endpoints import json_response
from tocsin.web.layout import Shell, Visit, go, number_of
from tocsin.web.multipart import Upload
from tocsin.web.problems import respond


def routes(shell: Shell, shelf: Bookshelf, render: Renderer, presence: Presence, running: Any, largest: int) -> list[Route]:
    """Return the routes of the room.

    render: how the outbox renders, so that a page shows the message exactly as it was sent. running: seconds of a clock that only runs on,
    for what is no part of the record. largest: bytes of an attachment.
    """
    pages = Room(shell, shelf, render, presence, running, largest)
    return [
        shell.get("/incidents/{id}", pages.one),
        shell.get("/incidents/{id}/entries/{fact:int}", pages.line),
        shell.get("/incidents/{id}/people", pages.people),
        shell.post("/incidents/{id}/presence", pages.here, needs="viewer"),
        shell.post("/incidents/{id}/details", pages.details),
        shell.get("/incidents/{id}/details", pages.back),
        *(shell.post(f"/incidents/{{id}}/{verb}", pages.do(verb)) for verb in forms.COMMANDS),
        *(shell.get(f"/incidents/{{id}}/{verb}", pages.back) for verb in forms.COMMANDS),
    ]


class Room:
    """The handlers. One per application."""

    def __init__(self, shell: Shell, shelf: Bookshelf, render: Renderer, presence: Presence, running: Any, largest: int) -> None:
        self._shell = shell
        self._shelf = shelf
        self._presence = presence
        self._running = running
        self._largest = largest
        self._lines = Lines(shelf, render)

    # -- looking ----------------------------------------------------------------------------------

    async def one(self, visit: Visit) -> Response:
        """Show an incident, now or as of a moment; with ``?since=N`` only what changed after that fact, for pages that are open."""
        slid = past.slid(visit.query)
        if slid is not None:  # the slider: its answer has an address of its own, to be shared
            more = {"at": f"{slid.at:%Y-%m-%dT%H:%MZ}", "reading": slid.reading}
            return go(f"/incidents/{quote(visit.path['id'])}?{urlencode(more)}")
        return await self._incident(visit)

    async def _incident(self, visit: Visit, problem: Refused | None = None, verb: str = "") -> Response:
        values = await asyncio.to_thread(self._values, visit)
        values |= {"problem": problem, "typed": visit.form if problem else {}, "verb": verb}
        values["part"] = _PARTS.get(verb.partition("/")[0], "") or visit.query.get("part", "")
        template = "incidents/fresh.html" if values["since_fact"] and not problem else "incidents/incident.html"
        return self._shell.page(visit, template, values, status=problem.status if problem else 200)

    def _values(self, visit: Visit) -> dict[str, Any]:
        asked = past.asked(visit.query)
        name = visit.path["id"]
        today = queries.open_incident(visit.runtime, self._shelf, name)
        opened = today
        if asked is not None:
            opened = queries.open_incident(visit.runtime, self._shelf, name, at=asked.at, reading=asked.reading)
        incident, book = opened.incident, opened.playbook
        sorts = tuple(one for one in visit.query.get("show", "").split(",") if one)
        shown = self._lines.past(visit, opened, sorts) if asked is not None else self._lines.now(visit, opened, sorts)
        here = self._presence.here(name, self._running()) if asked is None else ()
        works = at_least(visit.viewer.role, "responder")
        values = room.room(incident, book, opened.now)
        outline: Outline = shown.pop("outline")
        with visit.runtime.reading() as reader:
            beside = {
                "pages": room_queries.pages_of(reader, visit.viewer, name) if asked is None else [],
                "groups": room_queries.groups_of(reader, visit.viewer, name) if asked is None else [],
                "runbooks": room_queries.runbooks_of(reader, incident, book),
                "service_name": room_queries.service_name(reader, values["service"]),
                "names": names_queries.names_of(reader, (*_people_in(incident, values, shown), *here, visit.actor.id)),
            }
        return {
            **values, **beside, **shown,
            "durations": _durations(opened), "asked": asked, "at_now": opened.now, "here_now": here,
            "chips": room.chips(outline.counts(), sorts, book), "sorts": sorts, "filter": ",".join(sorts),
            "strip": past.strip(today.incident, today.playbook, _ends(outline), today.now, asked.at if asked else None),
            "works": works, "writable": asked is None and not incident.ended and works,
            "mine": room.mine(incident, visit.actor.id), "may_privacy": handlers.may_set_privacy(incident, visit.viewer),
            "keys": room.keys(book), "largest": self._largest, "leaves": room.leaves(incident, book, visit.actor.id),
        }  # fmt: skip

    async def line(self, visit: Visit) -> Response:
        """Show one line of the timeline: what it says and said, with the forms that correct, pin and redact it."""
        return await self._line(visit, visit.path["fact"])

    async def _line(self, visit: Visit, fact: object, problem: Refused | None = None) -> Response:
        number = fact if isinstance(fact, int) else number_of(str(fact))

        values = await asyncio.to_thread(self._lines.one, visit, number)
        values |= {"problem": problem, "typed": visit.form if problem else {}}
        return self._shell.page(visit, "incidents/line.html", values, status=problem.status if problem else 200)

    async def people(self, visit: Visit) -> Response:
        """Show people whose names fit what was typed, for the form that asks them in."""

        def work() -> list[dict[str, str]]:
            with visit.runtime.reading() as reader:
                return names_queries.people_like(reader, visit.query.get("q", "")[:100])

        found = await asyncio.to_thread(work)
        return self._shell.page(visit, "incidents/people.html", {"found": found, "chosen": forms.people_in(visit.query.get("chosen", ""))})

    async def here(self, visit: Visit) -> Response:
        """Note that somebody has the room open, or closes it; return who is there. No part of the record."""
        room_id = visit.path["id"]
        await asyncio.to_thread(visit.runtime.state, "incident", room_id)
        who = visit.actor.id
        if visit.form.get("gone") == "yes":
            self._presence.went(room_id, who)
            return json_response({"here": []})
        people = (
            self._presence.came(room_id, who, self._running())
            if visit.actor.kind == "person"
            else self._presence.here(room_id, self._running())
        )

        def work() -> dict[str, str]:
            with visit.runtime.reading() as reader:
                return names_queries.names_of(reader, people)

        names = await asyncio.to_thread(work)
        return json_response({"here": [{"id": one, "name": names.get(one, one)} for one in people]})

    # -- working ----------------------------------------------------------------------------------

    def do(self, verb: str) -> Any:
        """Return the handler of a form: carry the command out, then show the incident; a refusal shows what was typed.

        A script that asks for JSON gets the result, or the refusal, as the API words it.
        """

        async def handle(visit: Visit) -> Response:
            program = "application/json" in visit.request.headers.get("accept", "")
            try:
                command = await self._command(verb, visit)
                result = await visit.runtime.commit("incident", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
            except Refused as refusal:
                if program:
                    return respond(refusal)
                if refusal.status == 404:  # noqa: PLR2004 (there is no such incident)
                    raise
                if verb in _OF_A_LINE and (number := visit.form.get("entry", "") or visit.form.get("fact", "")):
                    return await self._line(visit, number, refusal)
                return await self._incident(visit, refusal, verb)
            if program:
                return json_response(result)
            entry = result.get("entry")
            return go(f"/incidents/{quote(visit.path['id'])}" + (f"#f{entry}" if entry else _place(verb, visit.form)))

        return handle

    async def _command(self, verb: str, visit: Visit) -> Command:
        fields = dict(visit.form)
        if verb == "entries":
            return await self._entry(visit, fields)
        if verb == "alerts":
            fields["alert"] = await asyncio.to_thread(self._alert, visit, fields.get("what", "").strip())
        if verb == "invitations":
            fields["people"] = ",".join((fields.get("people", ""), *visit.lists.get("person", ())))
        if verb == "leave":
            fields["person"] = fields.get("person", "") or visit.actor.id
        if verb in _NAMES_PEOPLE:
            await asyncio.to_thread(self._people_meant, visit, fields)
        return forms.COMMANDS[verb](fields, visit.now)

    def _people_meant(self, visit: Visit, fields: dict[str, str]) -> None:
        """Put the ids of people in the place of their names, wherever a form asks for somebody."""
        with visit.runtime.reading() as reader:
            for field in ("person", "to"):
                if fields.get(field, "").strip() not in ("", visit.actor.id):
                    fields[field] = names_queries.person_meant(reader, fields[field], field, known=True)
            if "people" in fields:
                fields["people"] = ",".join(names_queries.person_meant(reader, one, "people") for one in forms.people_in(fields["people"]))

    async def _entry(self, visit: Visit, fields: dict[str, str]) -> Command:
        """Read an entry; files that came with it are kept first, so that nothing of it can be lost half way."""
        sent: list[Upload] = [one for one in getattr(visit.request.state, "files", ()) if one.field == "files"]
        names = [file_name(one.name) for one in sent]
        kept = list(dict.fromkeys(visit.lists.get("attachment", [])))
        await asyncio.to_thread(self._check_kept, visit, kept)
        if not fields.get("text", "").strip() and (names or kept):
            fields["text"] = f"Attached {', '.join(names)}" if names else "Attached"
        fields["attachment"] = " ".join(kept)
        command = forms.COMMANDS["entries"](fields, visit.now)
        assert isinstance(command, c.LogEntry)
        for one, name in zip(sent, names, strict=True):
            if len(one.content) > self._largest:
                raise too_large(name, len(one.content), self._largest)
        digests = [
            (await blobs.keep(visit.runtime, one.content, name, attachments.media_type(one.media_type), visit.actor)).digest
            for one, name in zip(sent, names, strict=True)
            if one.content
        ]
        return msgspec.structs.replace(command, attachments=tuple(dict.fromkeys((*command.attachments, *digests))))

    def _check_kept(self, visit: Visit, digests: list[str]) -> None:
        """Make sure that somebody attaches only what they may read."""
        with visit.runtime.reading() as reader:
            for digest in digests:
                if not there(reader, visit.viewer, "attachment", digest):
                    raise Refused(f"There is no attachment {digest[:80]}.", fix="Attach the file again.", field="files")

    def _alert(self, visit: Visit, name: str) -> str:
        """Return the alert that is meant: by its own id, or the one that speaks for a group."""
        if not name:
            raise Refused("No alert is named.", fix="Write the id of an alert (A-…) or of a group (G-…).", field="what")
        unknown = Refused(f"There is no alert or group {name[:100]}.", fix="The list of alerts shows their ids.", field="what")
        with visit.runtime.reading() as reader:
            number = number_of_alert(name)
            if number is not None:
                if not there(reader, visit.viewer, "alert", str(number)):
                    raise unknown
                return name
            group = reader.state(f"group:{name}") if there(reader, visit.viewer, "group", name) else None
            if group is None or group.lead is None:
                raise unknown
            return str(group.lead.alert)

    async def details(self, visit: Visit) -> Response:
        """Change what the incident says of itself, as far as it was changed in the form."""
        try:
            incident = await asyncio.to_thread(visit.runtime.state, "incident", visit.path["id"])
            command = forms.details(visit.form, incident)
            if command is not None:
                await visit.runtime.commit("incident", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            if refusal.status == 404:  # noqa: PLR2004 (there is no such incident)
                raise
            return await self._incident(visit, refusal, "details")
        return go(f"/incidents/{quote(visit.path['id'])}")

    async def back(self, visit: Visit) -> Response:
        """Show the incident to who asks for the address of one of its forms."""
        return go(f"/incidents/{quote(visit.path['id'])}")


def _durations(opened: queries.Opened) -> list[dict[str, Any]]:
    """Return the playbook's own durations, or where it has none the canonical ones; what is not known yet is left out."""
    book = opened.playbook
    own = [definition.id for definition in book.metrics if definition.start and definition.end] if book else []
    found = [duration_of(opened.incident, book, name, own=True) for name in own]
    if not own:
        found = [duration_of(opened.incident, book, one.id) for one in CANONICAL]
    return [
        {"name": one.name, "value": one.text, "says": one.definition, "target": one.target, "kept": one.target_kept}
        for one in found
        if isinstance(one, Duration) and one.available
    ]


def _ends(outline: Outline) -> tuple[Any, ...]:
    return tuple(moment(at) for at in (outline.start, outline.end) if at is not None)


def _people_in(incident: Any, values: Mapping[str, Any], shown: Mapping[str, Any]) -> Iterable[str]:
    """Return everybody whom the page may name."""
    yield from incident.engaged
    yield from incident.invited
    yield from incident.left
    for holding in incident.roles.values():
        yield holding.person
    for offer in incident.offers.values():
        yield from (offer.person, offer.by)
    for item in (*shown["rows"], *shown["pins"]):
        yield item.by
        for inner in item.inside:
            yield inner.by
    for one in values["mitigations"]:
        yield one["by"]
    for checklist in values["checklists"]:
        for item in checklist["items"]:
            yield item["by"]


_NAMES_PEOPLE: Final = ("roles", "roles/offer", "invitations", "leave", "join")
_OF_A_LINE: Final = ("entries/correct", "entries/pin", "entries/unpin", "entries/redact")
_PARTS: Final[Mapping[str, str]] = {
    "checks": "duties", "obligations": "duties", "mitigations": "duties", "figures": "duties", "milestones": "duties", "alerts": "duties",
    "assessment": "duties", "marks": "duties", "roles": "people", "stage": "people", "links": "people", "invitations": "people", "leave": "people",
}  # fmt: skip
"""First word of a form's address -> the part of the page that a phone shows under a heading of its own."""


def _place(verb: str, fields: Mapping[str, str]) -> str:
    """Return the end of the address that shows the part of the page that a form belongs to, on a phone too."""
    if verb in _OF_A_LINE:
        return f"#f{number_of(fields.get('fact', ''))}"
    name = verb.partition("/")[0]
    if name not in _PARTS:
        return ""
    anchor = (
        f"check-{fields.get('item', '')}"
        if name == "checks"
        else {"obligations": "duties", "invitations": "people", "leave": "people"}.get(name, name)
    )
    return f"?part={_PARTS[name]}#{quote(anchor)}"
