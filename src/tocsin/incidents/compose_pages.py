"""The update composer: what each audience is told, filled from the record, shown to the letter as each channel carries it before it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from tocsin.comms import wording
from tocsin.comms.status import queries as status
from tocsin.comms.status.names import public_id
from tocsin.comms.status.vocabulary import ORDER, WORDS
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.ports import ChannelFailed, Renderer
from tocsin.incidents import delivery_queries, forms, handlers, messages, naming, previews, privacy, queries, room, telling
from tocsin.incidents.commands import PostUpdate, SendAgain
from tocsin.incidents.errors import UnknownWord
from tocsin.people.rights import at_least
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.playbooks.record import Message
from tocsin.services import queries as services
from tocsin.web.layout import Shell, Visit, go, number_of

_SAVED: Final = "incident.update"
_STATES: Final = tuple(state for state in ORDER if state != "under_maintenance")
_NO_PLAYBOOK: Final = "The playbook of this incident cannot be read, so there is nothing to tell from."


def routes(shell: Shell, shelf: Bookshelf, render: Renderer) -> list[Route]:
    """Return the routes of the composer. render: how the outbox renders, so that a preview shows the message exactly as it would be sent."""
    pages = _Composer(shell, shelf, render)
    return [
        shell.get("/incidents/{id}/updates", pages.due),
        shell.post("/incidents/{id}/updates/again", pages.again),
        shell.get("/incidents/{id}/updates/{message}", pages.compose),
        shell.post("/incidents/{id}/updates/{message}", pages.post_update),
        shell.post("/incidents/{id}/updates/{message}/preview", pages.preview, needs="viewer"),
    ]


class _Composer:
    def __init__(self, shell: Shell, shelf: Bookshelf, render: Renderer) -> None:
        self._shell = shell
        self._shelf = shelf
        self._render = render

    def _open(self, visit: Visit) -> tuple[queries.Opened, Playbook]:
        with visit.runtime.reading() as reader:
            privacy.check(reader, visit.viewer, visit.path["id"])
        opened = queries.open_incident(visit.runtime, self._shelf, visit.path["id"])
        if opened.playbook is None:
            raise NotFound(_NO_PLAYBOOK, fix="Publish the playbook again.")
        return opened, opened.playbook

    def _message(self, visit: Visit, playbook: Playbook) -> Message:
        message = playbook.message(visit.path["message"])
        if message is None:
            raise UnknownWord("message", visit.path["message"], (m.id for m in playbook.messages))
        return message

    async def due(self, visit: Visit) -> Response:
        """Go to the message that is due first."""
        opened, playbook = await asyncio.to_thread(self._open, visit)
        found = telling.tellings(opened.incident, playbook, opened.now)
        if not found:
            return self._shell.page(visit, "incidents/compose_none.html", room.head(opened.incident, playbook, opened.now))
        return go(f"/incidents/{quote(visit.path['id'])}/updates/{quote(found[0].usual)}")

    async def compose(self, visit: Visit) -> Response:
        """Show a message with its fields filled from the record."""
        return await self._composer(visit)

    async def _composer(self, visit: Visit, problem: Refused | None = None, *, previewing: bool = False) -> Response:
        values = await asyncio.to_thread(self._values, visit, typed=problem is not None or previewing)
        values |= {"problem": problem, "typed": visit.form}
        return self._shell.page(visit, "incidents/compose.html", values, status=problem.status if problem else 200)

    def _values(self, visit: Visit, *, typed: bool) -> dict[str, Any]:
        opened, playbook = self._open(visit)
        incident = opened.incident
        message = self._message(visit, playbook)
        draft = handlers.compose(visit.runtime, self._shelf, incident.id, message.id)
        corrects = number_of(visit.form.get("corrects", "") or visit.query.get("corrects", ""))
        with visit.runtime.reading() as reader:
            wrong = delivery_queries.told(reader, incident.id, corrects) if corrects else None
            before = next((one for one in reversed(incident.updates) if set(one.audiences) & set(message.audiences)), None)
            last = delivery_queries.told(reader, incident.id, before.source) if before is not None else None
            public = bool(telling.public_audiences(playbook, message))
            outside = self._outside(reader, incident.id, opened, playbook) if public else {}
        fields = {f.id: f for f in message.fields}
        stays = telling.lasting(playbook, message)
        for one in draft["fields"]:
            if wrong is not None and one["id"] in wrong["fields"]:
                one["value"], one["origin"] = wrong["fields"][one["id"]], telling.Origin("from the update that it corrects")
            elif (
                one["value"] in (None, "", [])
                and last is not None
                and before is not None
                and one["id"] in stays
                and last["fields"].get(one["id"])
            ):
                one["value"], one["origin"] = last["fields"][one["id"]], telling.Origin("as in the last update", before.at)
            else:
                one["origin"] = telling.origin(fields[one["id"]], incident, one["value"])
        found = telling.tellings(incident, playbook, opened.now)
        offers = telling.offers(incident, playbook, message)
        stage = playbook.stage(incident.stage)
        usual = next((offer.span for offer in offers if offer.usual), offers[0].span if offers else "")
        shown = self._shown(visit, opened, playbook, message, visit.form if typed else self._untouched(draft, usual, corrects))
        here = [a for a in playbook.audiences if a.id in message.audiences]
        return {
            **room.head(incident, playbook, opened.now), "draft": draft, "message": message, "tellings": found, "offers": offers, "usual": usual,
            "status_now": _furthest((stage.public if stage else "", str(last["status"]) if last else ""), draft["statuses"]), "audiences": [
                {"id": a.id, "name": a.name, "where": naming.place(a.where, incident), "public": a.public} for a in here
            ],
            "outside": outside, "corrects": corrects, "wrong": next((u for u in incident.updates if u.source == corrects), None) if corrects else None,
            "private": incident.private, "told": handlers.told(visit.runtime, self._shelf, incident.id), "states": [(s, WORDS[s]) for s in _STATES],
            "may": at_least(visit.viewer.role, "responder"), **shown,
        }  # fmt: skip

    def _outside(self, reader: Any, incident_id: str, opened: queries.Opened, playbook: Playbook) -> dict[str, Any]:
        """Return what the status page says of this incident, and whom an update would reach."""
        page = status.settings(reader)
        now = opened.incident.now_circumstances
        service = (services.owner_of_name(reader, now.service) or now.service) if now and now.service else ""
        notice = reader.state(f"notice:{incident_id}")
        last = notice.last if notice is not None else None
        level = playbook.severity(opened.incident.severity) if opened.incident.severity else None
        shown = [one for one in status.components(reader) if one.service not in page.saved.hidden]
        name = next((one.headline for one in reversed(notice.told) if one.headline), "") if notice else ""
        if notice is not None and notice.told and not name:
            first = delivery_queries.told(reader, incident_id, notice.told[0].fact)
            name = self._said({**first["values"], "message": first["message"]})[0] if first else ""
        said = last.components if last is not None else ({service: level.component} if service and level else {})
        return {
            "on": page.saved.on, "name": page.saved.name, "headline": name,
            "components": [{"service": one.service, "name": one.name, "group": one.group, "state": said.get(one.service, "")} for one in shown],
            "touched": [one.service for one in shown if one.service in said], "reached": status.reached(reader, tuple(said)),
            "hidden": notice is not None and notice.hidden,
        }  # fmt: skip

    def _untouched(self, draft: Mapping[str, Any], usual: str, corrects: int) -> dict[str, str]:
        """Return the form as the page first shows it."""
        filled = {
            f"f.{one['id']}": "\n".join(map(str, one["value"])) if isinstance(one["value"], list | tuple) else str(one["value"] or "")
            for one in draft["fields"]
        }
        promise = {"next": usual or "resolved"} if draft["next_update"] == "required" else {}
        return {**filled, **promise, **({"corrects": str(corrects)} if corrects else {})}

    # -- sending ----------------------------------------------------------------------------------

    async def post_update(self, visit: Visit) -> Response:
        """Send the message, or show it as it would be sent."""
        _, playbook = await asyncio.to_thread(self._open, visit)
        message = self._message(visit, playbook)
        if visit.form.get("do") != "send":
            return await self._composer(visit, previewing=True)
        try:
            command = forms.update(message, visit.form, visit.now)
            sent = visit.actor, visit.key, visit.fingerprint
            result = await handlers.post_update(visit.runtime, self._shelf, visit.path["id"], command, *sent)
        except Refused as refusal:
            return await self._composer(visit, forms.in_words(refusal, message))
        return go(f"/incidents/{quote(visit.path['id'])}#f{result['fact']}")

    async def again(self, visit: Visit) -> Response:
        """Send a message once more on a way on which it failed."""
        command = SendAgain(
            number_of(visit.form.get("fact", "")) or 1, visit.form.get("audience", "") or "-", visit.form.get("channel", "") or "-"
        )
        await visit.runtime.commit("incident", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        back = visit.form.get("message", "")
        return go(f"/incidents/{quote(visit.path['id'])}/updates{'/' + quote(back) if back else ''}#told")

    async def preview(self, visit: Visit) -> Response:
        """Show only the message as it would be sent, and the advice on it: what the page asks for while somebody types."""

        def work() -> dict[str, Any]:
            opened, playbook = self._open(visit)
            message = self._message(visit, playbook)
            return {**self._shown(visit, opened, playbook, message, visit.form), "message": message, "id": opened.incident.id}

        return self._shell.page(visit, "incidents/compose_preview.html", await asyncio.to_thread(work))

    def _shown(
        self, visit: Visit, opened: queries.Opened, playbook: Playbook, message: Message, fields: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the message in the form of each channel with advice, or what it still needs; and what the button does."""
        public = telling.public_audiences(playbook, message)
        try:
            command = forms.update(message, fields, visit.now)
            posted, subject, body = self._rendered(opened, playbook, command, visit)
        except Refused as refusal:
            wants = forms.in_words(refusal, message)
            return {
                "wants": wants.what,
                "forms": [],
                "advice": [],
                "rules": _rules(message, public=bool(public)),
                "effect": self._effect(visit, opened, playbook, message, None),
            }
        channels = [channel for audience in playbook.audiences if audience.id in posted.audiences for channel in audience.channels]
        goes_out = bool(public) and not opened.incident.private
        with visit.runtime.reading() as reader:
            name = status.settings(reader).saved.name
            headline = self._outside(reader, opened.incident.id, opened, playbook)["headline"] if public else ""
        shown = previews.forms(
            [*(previews.PUBLIC if goes_out else ()), *(channels if not public else [c for c in channels if c not in ("console", "file")])], subject, body,
            page=name, incident=opened.incident.id, link=f"/status/incidents/{public_id(opened.incident.id)}",
            headline=posted.headline or headline or subject, step=posted.step,
        )  # fmt: skip
        advice = handlers.advise(opened.incident, message, bool(public), f"{subject}\n{body}")
        return {
            "wants": "", "forms": shown, "advice": advice, "rules": _rules(message, public=bool(public)), "status_word": posted.status,
            "headline_shown": posted.headline or headline or subject, "effect": self._effect(visit, opened, playbook, message, command),
            "next_shown": posted.values["next_update"],
        }  # fmt: skip

    def _rendered(self, opened: queries.Opened, playbook: Playbook, command: PostUpdate, visit: Visit) -> tuple[Any, str, str]:
        """Return the update as it would be recorded, with its subject and text."""
        context = handlers.as_if_posted(visit.runtime, opened, visit.actor)
        command = handlers.with_timeline(visit.runtime, opened.incident.id, playbook, command)
        posted, _ = messages.post(opened.incident, playbook, command, context, opened.now)
        return posted, *self._said({**posted.values, "message": posted.message})

    def _said(self, values: dict[str, Any]) -> tuple[str, str]:
        """Return subject and text of a message."""
        try:
            return self._render(_SAVED, "", values)
        except ChannelFailed as failure:
            return "", f"This message could not be rendered: {failure}."

    def _effect(self, visit: Visit, opened: queries.Opened, playbook: Playbook, message: Message, command: PostUpdate | None) -> str:
        chosen = set(command.audiences or message.audiences) if command else set(message.audiences)
        inside = [a.name for a in playbook.audiences if a.id in chosen and not a.public]
        outside = [a for a in playbook.audiences if a.id in chosen and a.public]
        with visit.runtime.reading() as reader:
            on = status.settings(reader).saved.on
            reached: dict[str, int] = {}
            if outside and not opened.incident.private and on:
                told = (
                    tuple(command.components)
                    if command and command.components
                    else tuple(self._outside(reader, opened.incident.id, opened, playbook)["touched"])
                )
                reached = status.reached(reader, told)
        page = bool(outside) and on and not opened.incident.private
        names = inside if page or not outside else [*inside, *(a.name for a in outside)]
        return telling.effect(names, reached, page=page)


def _furthest(words: Sequence[str], statuses: Sequence[str]) -> str:
    """Return the status that the form shows as chosen: of the stage's own word and the one told last the later; the first where neither fits."""
    order = [one.casefold() for one in statuses]
    places = [order.index(word.casefold()) for word in words if word.casefold() in order]
    return statuses[max(places, default=0)] if statuses else ""


def _rules(message: Message, *, public: bool) -> list[str]:
    """Return the wording rules of a message in sentences."""
    found = (*message.rules, *((wording.NO_INTERNALS,) if public else ()))
    return [wording.SAYS.get(rule, rule.replace("_", " ").capitalize()) for rule in dict.fromkeys(found)]
