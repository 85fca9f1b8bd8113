"""The pages of incidents: what is going on now, the list, one incident with its forms, declaring, telling an audience."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts import queries as alerts
from tocsin.engine.errors import Refused
from tocsin.engine.model import Context, Reader
from tocsin.engine.ports import ChannelFailed, Renderer
from tocsin.engine.runtime import Runtime
from tocsin.incidents import forms, handlers, messages, naming, past, queries, room, story
from tocsin.incidents.commands import PostUpdate
from tocsin.incidents.errors import UnknownWord
from tocsin.insights.metrics import metrics_of
from tocsin.insights.views import Duration, MetricsView
from tocsin.oncall import queries as oncall
from tocsin.oncall import views as oncall_views
from tocsin.paging import queries as paging
from tocsin.people.queries import list_people
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.playbooks.record import Message
from tocsin.services import queries as services
from tocsin.web.layout import Shell, Visit, go, number_of

_ROWS: Final = 400
"""So many rows of a timeline are shown at first (a matter of display)."""
_RECENT: Final = 5
_PAGE: Final = 50
_MOST_ALERTS: Final = 20
"""So many alerts that nobody has made an incident of are shown with what is going on."""
_MOST_SCHEDULES: Final = 12
_MOST_PAGES: Final = 20
_SAVED: Final = "incident.update"


def routes(shell: Shell, shelf: Bookshelf, default_playbook: str, render: Renderer) -> list[Route]:
    """Return the routes of the pages. render: how the outbox renders, so that a page shows the message exactly as it was sent."""
    pages = _Pages(shell, shelf, default_playbook, render)
    verbs = [shell.post(f"/incidents/{{id}}/{verb}", pages.do(verb)) for verb in forms.COMMANDS]
    back = [shell.get(f"/incidents/{{id}}/{verb}", pages.back) for verb in forms.COMMANDS]
    return [
        shell.get("/", pages.now),
        shell.get("/declare", pages.declare_form),
        shell.post("/declare", pages.declare),
        shell.get("/incidents", pages.listed),
        shell.get("/incidents/{id}", pages.one),
        shell.get("/incidents/{id}/updates/{message}", pages.compose),
        shell.post("/incidents/{id}/updates/{message}", pages.post_update),
        *verbs,
        *back,
    ]


class _Pages:
    def __init__(self, shell: Shell, shelf: Bookshelf, default_playbook: str, render: Renderer) -> None:
        self._shell = shell
        self._shelf = shelf
        self._default = default_playbook
        self._render = render

    # -- several incidents ------------------------------------------------------------------------

    async def now(self, visit: Visit) -> Response:
        """Show what is going on now."""

        def work() -> dict[str, Any]:
            running = self._heads(visit, "open", _PAGE)
            with visit.runtime.reading() as reader:
                mine, tried = _pages(reader, visit)
                shown = {row["group"] for row in mine if row["group"]}
                firing = [row for row in _without_incident(reader, visit) if row["group"] not in shown]
                schedules = _on_call(reader)
            return {
                "mine": mine, "tried": tried, "schedules": schedules[:_MOST_SCHEDULES], "more_schedules": max(0, len(schedules) - _MOST_SCHEDULES),
                "firing": firing[:_MOST_ALERTS], "more_firing": max(0, len(firing) - _MOST_ALERTS),
                "open": sorted(running, key=_urgency),
                "more": len(running) == _PAGE,
                "recent": self._heads(visit, "ended", _RECENT),
            }  # fmt: skip

        return self._shell.page(visit, "incidents/now.html", await asyncio.to_thread(work))

    def _heads(self, visit: Visit, state: str, limit: int) -> list[dict[str, Any]]:
        with visit.runtime.reading() as reader:
            rows = queries.list_incidents(reader, visit.viewer, state=state, limit=limit)
        opened = (queries.open_incident(visit.runtime, self._shelf, row["id"]) for row in rows)
        return [room.head(one.incident, one.playbook, one.now) for one in opened]

    async def listed(self, visit: Visit) -> Response:
        """Show the list, by the filters of the address."""
        filters = {name: visit.query.get(name, "").strip() for name in ("state", "severity", "service")}

        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                rows = queries.list_incidents(reader, visit.viewer, **filters, after=visit.query.get("after", ""), limit=_PAGE)
                books = self._playbooks(visit.runtime)
            levels: dict[str, int] = {}
            for book in books.values():
                for level in book.severities:
                    levels.setdefault(level.id, level.rank)
            last = rows[-1]["id"] if len(rows) == _PAGE else ""
            stages = {book_id: {stage.id: stage.name for stage in book.lifecycle.stages} for book_id, book in books.items()}
            for row in rows:
                row["stage_name"] = stages.get(row["playbook"], {}).get(row["stage"], row["stage"])
            used = {name: value for name, value in filters.items() if value}
            return {
                "rows": rows, "filters": filters, "levels": sorted(levels.items(), key=lambda one: (one[1], one[0])),
                "older": "?" + urlencode({**used, "after": last}) if last else "", "filtered": bool(used),
            }  # fmt: skip

        return self._shell.page(visit, "incidents/list.html", await asyncio.to_thread(work))

    def _playbooks(self, runtime: Runtime) -> dict[str, Playbook]:
        found = {}
        with runtime.reading() as reader:
            for playbook_id in self._shelf.ids(reader):
                current = self._shelf.current(playbook_id, reader)
                book = self._shelf.by_digest(current.digest, reader) if current else None
                if book is not None:
                    found[playbook_id] = book
        return found

    # -- one incident -----------------------------------------------------------------------------

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
        return self._shell.page(visit, "incidents/incident.html", values, status=problem.status if problem else 200)

    def _values(self, visit: Visit) -> dict[str, Any]:
        asked = past.asked(visit.query)
        opened = queries.open_incident(
            visit.runtime, self._shelf, visit.path["id"], with_facts=True, at=asked.at if asked else None,
            reading=asked.reading if asked else "happened_by",
        )  # fmt: skip
        today = opened if asked is None else queries.open_incident(visit.runtime, self._shelf, visit.path["id"], with_facts=True)
        after = number_of(visit.query.get("since", ""))
        rows = story.story(opened.facts, opened.playbook, self._said, after)
        most = len(rows) if after or visit.query.get("entries") == "all" else _ROWS
        shown, left_out = story.newest_first(rows, most)
        return {
            **room.room(opened.incident, opened.playbook, opened.now),
            "durations": _durations(metrics_of(opened.incident, opened.playbook, opened.facts, opened.now)),
            "rows": shown, "left_out": left_out, "asked": asked, "since_fact": after, "at_now": opened.now,
            "strip": past.strip(today.incident, today.playbook, today.facts, today.now, asked.at if asked else None),
            "writable": asked is None and not opened.incident.ended,
        }  # fmt: skip

    def _said(self, values: Mapping[str, Any]) -> tuple[str, str]:
        """Return a message as it was sent."""
        try:
            return self._render(_SAVED, "", dict(values))
        except ChannelFailed as failure:
            return "", f"This message could not be rendered: {failure}."

    def do(self, verb: str) -> Any:
        """Return the handler of a form: carry the command out, then show the incident; a refusal shows what was typed."""

        async def handle(visit: Visit) -> Response:
            try:
                command = forms.COMMANDS[verb](visit.form, visit.now)
                result = await visit.runtime.commit("incident", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
            except Refused as refusal:
                if refusal.status == 404:  # noqa: PLR2004 (there is no such incident)
                    raise
                return await self._incident(visit, refusal, verb)
            entry = result.get("entry")
            return go(f"/incidents/{quote(visit.path['id'])}" + (f"#f{entry}" if entry else _place(verb, visit.form)))

        return handle

    async def back(self, visit: Visit) -> Response:
        """Show the incident to who asks for the address of one of its forms."""
        return go(f"/incidents/{quote(visit.path['id'])}")

    # -- declaring --------------------------------------------------------------------------------

    async def declare_form(self, visit: Visit) -> Response:
        """Show the form that declares."""
        asked = {name: visit.query.get(name, "").strip() for name in ("playbook", "title", "alert")}
        return await self._declare_form(visit, {**asked, "title": asked["title"][: forms.LONGEST_TITLE]})

    async def _declare_form(self, visit: Visit, typed: Mapping[str, str], problem: Refused | None = None) -> Response:
        def work() -> dict[str, Any]:
            books = self._playbooks(visit.runtime)
            with visit.runtime.reading() as reader:
                alert = alerts.alert_of(reader, typed["alert"]) if typed.get("alert") else None
                service = services.named(reader, alert.service or alert.labels.get("service", "")) if alert else None
            chosen = typed.get("playbook") or (service.playbook if service else "") or self._default
            book = books.get(chosen) or next(iter(books.values()), None)
            filled = (
                typed if problem else {**forms.from_alert(alert, service.id if service else ""), **{k: v for k, v in typed.items() if v}}
            )
            return {"books": books, "book": book, "chosen": book.playbook if book else "", "alert": alert, "typed": filled}

        values = await asyncio.to_thread(work)
        status = problem.status if problem else 200
        return self._shell.page(visit, "incidents/declare.html", {**values, "problem": problem}, status=status)

    async def declare(self, visit: Visit) -> Response:
        """Declare."""
        try:
            command = forms.declaration(visit.form, visit.now)
            result = await handlers.declare(visit.runtime, self._shelf, self._default, command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._declare_form(visit, visit.form, refusal)
        return go(f"/incidents/{quote(result['incident'])}")

    # -- telling an audience ----------------------------------------------------------------------

    async def compose(self, visit: Visit) -> Response:
        """Show a message with its fields filled from the record."""
        return await self._composer(visit, first=True)

    async def _composer(
        self, visit: Visit, problem: Refused | None = None, preview: tuple[str, str] | None = None, *, first: bool = False
    ) -> Response:
        def work() -> dict[str, Any]:
            opened = queries.open_incident(visit.runtime, self._shelf, visit.path["id"])
            draft = handlers.compose(visit.runtime, self._shelf, visit.path["id"], visit.path["message"])
            message = opened.playbook.message(visit.path["message"]) if opened.playbook else None
            names = {a.id: a for a in opened.playbook.audiences} if opened.playbook else {}
            level = opened.playbook.stage(opened.incident.stage) if opened.playbook else None
            shown, wants = (preview, "") if not first or message is None else self._first_preview(opened, message, visit)
            return {
                **room.head(opened.incident, opened.playbook, opened.now), "preview": shown, "wants": wants, "draft": draft, "rules": message.rules if message else (),
                "audiences": [
                    {"name": names[a].name, "where": naming.place(names[a].where, opened.incident)} for a in draft["audiences"] if a in names
                ], "status_now": level.public if level else "",
            }  # fmt: skip

        values = await asyncio.to_thread(work)
        values |= {"problem": problem, "typed": visit.form}
        return self._shell.page(visit, "incidents/compose.html", values, status=problem.status if problem else 200)

    async def post_update(self, visit: Visit) -> Response:
        """Send the message, or show it as it would be sent."""
        opened = await asyncio.to_thread(queries.open_incident, visit.runtime, self._shelf, visit.path["id"])
        message = opened.playbook.message(visit.path["message"]) if opened.playbook else None
        if message is None:
            raise UnknownWord("message", visit.path["message"], (m.id for m in opened.playbook.messages) if opened.playbook else ())
        try:
            command = forms.update(message, visit.form, visit.now)
            if visit.form.get("do") != "send":
                return await self._composer(visit, preview=self._preview(opened, command, visit))
            sent = visit.actor, visit.key, visit.fingerprint
            result = await handlers.post_update(visit.runtime, self._shelf, visit.path["id"], command, *sent)
        except Refused as refusal:
            return await self._composer(visit, forms.in_words(refusal, message))
        return go(f"/incidents/{quote(visit.path['id'])}#f{result['fact']}")

    def _first_preview(self, opened: queries.Opened, message: Message, visit: Visit) -> tuple[tuple[str, str] | None, str]:
        """Return the message as the record alone would fill it, or what it still needs."""
        usual = str(message.next_update_default) if message.next_update_default else ""
        try:
            return self._preview(opened, forms.update(message, {"next": usual}, visit.now), visit), ""
        except Refused as refusal:
            return None, forms.in_words(refusal, message).what

    def _preview(self, opened: queries.Opened, command: PostUpdate, visit: Visit) -> tuple[str, str]:
        """Return the message as it would be sent now."""
        assert opened.playbook is not None
        context = Context(opened.now, visit.actor, (), None)
        posted, _ = messages.post(opened.incident, opened.playbook, command, context, opened.now)
        return self._said({**posted.values, "message": posted.message})


def _durations(view: MetricsView) -> list[dict[str, Any]]:
    """Return the playbook's own durations, or where it has none the canonical ones; what is not known yet is left out."""
    own = [one for one in view.metrics if isinstance(one, Duration)] or list(view.canonical)
    return [
        {"name": one.name, "value": one.text, "says": one.definition, "target": one.target, "kept": one.target_kept}
        for one in own
        if one.available
    ]


def _urgency(head: Mapping[str, Any]) -> tuple[int, datetime]:
    """Sort the worst first, and among equals those whose next duty is due first."""
    due = head["next"]
    return (head["rank"] if head["rank"] >= 0 else 99, due["due_at"] if due else datetime.max.replace(tzinfo=UTC))


_PARTS: Final[Mapping[str, str]] = {
    "checks": "duties", "obligations": "duties", "mitigations": "duties", "figures": "duties", "roles": "people", "stage": "people",
}  # fmt: skip
"""First word of a form's address -> the part of the page that a phone shows under a heading of its own."""


def _place(verb: str, fields: Mapping[str, str]) -> str:
    """Return the end of the address that shows the part of the page that a form belongs to, on a phone too."""
    name = verb.partition("/")[0]
    if name not in _PARTS:
        return ""
    anchor = f"check-{fields.get('item', '')}" if name == "checks" else {"obligations": "duties"}.get(name, name)
    return f"?part={_PARTS[name]}#{quote(anchor)}"


def _without_incident(reader: Reader, visit: Visit) -> list[dict[str, Any]]:
    """Return the alerts that fire and belong to no incident that goes on: those that nobody is on first, and of these the newest."""
    found = {
        row["id"]: row for state in ("unacknowledged", "firing") for row in alerts.list_alerts(reader, visit.viewer, alerts.Wanted(state), limit=alerts.MOST)
    }  # fmt: skip
    for row in found.values():
        if not row["incident"] and row["group"] and (group := reader.state(f"group:{row['group']}")) is not None:
            row["incident"] = group.incident
    names = {row["incident"] for row in found.values() if row["incident"]}
    going_on = {name for name in names if (one := reader.state(f"incident:{name}")) is not None and not one.ended}
    return [row for row in found.values() if row["incident"] not in going_on and not row["muted"]]


def _pages(reader: Reader, visit: Visit) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the pages that call the visitor, those first that nobody has; and those of others that were tried on everybody in vain."""
    mine = [
        row for row in paging.list_pages(reader, state="live", person=visit.actor.id, limit=_MOST_PAGES)
        if visit.actor.id in row["calls"] or row["acknowledged_by"] == visit.actor.id
    ]  # fmt: skip
    known = {row["id"] for row in mine}
    tried = [row for row in paging.list_pages(reader, state="unanswered", limit=_MOST_PAGES) if row["id"] not in known]
    for row in (*mine, *tried):
        row["opened_at"], row["next_at"] = (datetime.fromisoformat(row[name]) if row[name] else None for name in ("opened_at", "next_at"))
    return sorted(mine, key=lambda row: (row["state"] != "open", -row["number"])), tried


def _on_call(reader: Reader) -> list[dict[str, Any]]:
    """Return who is on call now and next in every schedule; those first that nobody is on call in."""
    names = {row["id"]: row["name"] for row in list_people(reader, everybody=True)}
    found = [oncall_views.now_view(schedule, reader.now, names) for schedule in oncall.all_schedules(reader)]
    return sorted(found, key=lambda one: all(line["on_call"] for line in one["lines"]))
