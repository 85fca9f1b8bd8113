"""The web pages of paging: who is being called, and one page with its story and its buttons. Made for a telephone; they work without scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Refused
from tocsin.engine.model import Command, Reader
from tocsin.paging import commands as c
from tocsin.paging import handlers, messages, queries, steps, views
from tocsin.paging.explain import explain
from tocsin.paging.page import Page
from tocsin.paging.watch_model import STREAM_ID, Pager
from tocsin.people.queries import list_people, list_teams
from tocsin.playbooks.durations import Duration
from tocsin.services.queries import list_services
from tocsin.web.layout import Shell, Visit, go, local_path, number_of

_PAGE: Final = 50
_LONGEST_SILENCE: Final = timedelta(days=30)


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the pages."""

    def _list(visit: Visit) -> dict[str, Any]:
        asked = {name: visit.query.get(name, "").strip()[:200] for name in ("state", "person", "service", "incident")}
        state = asked["state"]
        person = visit.actor.id
        with visit.runtime.reading() as reader:
            after = number_of(visit.query.get("after", ""))
            rows = queries.list_pages(
                reader, visit.viewer, state={"": "live", "all": ""}.get(state, state), person=asked["person"], service=asked["service"],
                incident=asked["incident"], after=after, limit=_PAGE,
            )  # fmt: skip
            calling = set(queries.live_pages_of(reader, person))
            mine = calling if not state else set()
            unanswered = queries.unanswered(reader, visit.viewer)
            pager: Pager | None = reader.state(f"pager:{STREAM_ID}")
            whom = _whom(reader, everything=True)
            names = {row["id"]: row["name"] for row in list_people(reader, everybody=True)}
        used = {name: value for name, value in asked.items() if value}

        def address(**other: str) -> str:
            found = {name: value for name, value in {**used, **other}.items() if value}
            return "/pages" + (f"?{urlencode(found)}" if found else "")

        for row in rows:
            for name in ("opened_at", "next_at"):
                row[name] = datetime.fromisoformat(row[name]) if row[name] else None
        return {
            "state": state, "asked": asked, "address": address, "back": address(), "mine": [row for row in rows if row["id"] in mine], "mine_ids": calling,
            "rows": [row for row in rows if row["id"] not in mine], "names": names,
            "unanswered": unanswered, "problems": pager.problems if pager is not None else (), "whom": whom,
            "older": "?" + urlencode({**used, "after": rows[-1]["number"]}) if len(rows) == _PAGE else "",
        }  # fmt: skip

    async def listed(visit: Visit) -> Response:
        return shell.page(visit, "paging/list.html", await asyncio.to_thread(_list, visit))

    async def open_(visit: Visit) -> Response:
        form = visit.form
        body = {
            "title": form.get("title", "").strip(), "targets": (form.get("to", "").strip(),), "urgency": form.get("urgency", "high"),
            "incident": form.get("incident", "").strip().upper(),
        }  # fmt: skip
        try:
            made = await handlers.open_page(visit.runtime, _command(body, c.OpenPage), visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            values = await asyncio.to_thread(_list, visit)
            return shell.page(visit, "paging/list.html", {**values, "problem": refusal, "typed": form}, status=refusal.status)
        return go(f"/pages/{made['page']}")

    def _one(visit: Visit) -> dict[str, Any]:
        page: Page = visit.runtime.state("page", visit.path["id"])
        facts = visit.runtime.facts("page", page.id)
        with visit.runtime.reading() as reader:
            sent = queries.deliveries_of(reader, page.id)
            whom = _whom(reader, everything=False)
            names = {row["id"]: row["name"] for row in list_people(reader, everybody=True)}
            last_resort = queries.last_resort(reader)
            known = page.service and reader.state(f"service:{page.service}") is not None
        explained = explain(page.id, facts, sent)
        return {
            **page_values(page, visit.actor.id, names, last_resort),
            "mend": f"/settings/services/{quote(page.service)}" if known else "/settings/policies",
            "story": list(views.story(facts, names)),
            "names": names,
            "runs": runs_of(page, sent, names),
            "whom": whom,
            "explained": explained,
        }

    async def one(visit: Visit) -> Response:
        return shell.page(visit, "paging/page.html", await asyncio.to_thread(_one, visit))

    def act(make: Any) -> Any:
        async def handle(visit: Visit) -> Response:
            try:
                command: Command = make(visit)
                await visit.runtime.commit("page", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
            except Refused as refusal:
                values = await asyncio.to_thread(_one, visit)
                return shell.page(visit, "paging/page.html", {**values, "problem": refusal, "typed": visit.form}, status=refusal.status)
            after = visit.form.get("after", "")
            return go(local_path(after) if after else f"/pages/{visit.path['id']}")

        return handle

    def snooze(visit: Visit) -> Command:
        try:
            span = Duration.parse(visit.form.get("for", ""))
        except ValueError as error:
            raise Refused(f"That is no span of time: {error}.", fix="Choose one of the buttons.", field="for") from error
        if span > _LONGEST_SILENCE:
            raise Refused("That is too long to be silent.", fix="Choose at most 30 days, or end it.", field="for")
        return c.SnoozePage(visit.now + span)

    why = ("why",)
    return [
        shell.get("/pages", listed),
        shell.post("/pages", open_),
        shell.get("/pages/{id}", one),
        shell.post("/pages/{id}/acknowledge", act(lambda _visit: c.AcknowledgePage(via="page"))),
        shell.post("/pages/{id}/escalate", act(lambda visit: _from(visit, c.EscalatePage, why))),
        shell.post(
            "/pages/{id}/hand",
            act(lambda visit: _command({"to": (visit.form.get("to", "").strip(),), "why": visit.form.get("why", "")}, c.HandPage)),
        ),
        shell.post("/pages/{id}/snooze", act(snooze)),
        shell.post("/pages/{id}/resolve", act(lambda visit: _from(visit, c.ResolvePage, why))),
    ]


def page_values(page: Page, person: str, names: Mapping[str, str], last_resort: tuple[str, ...]) -> dict[str, Any]:
    """Return what the template shows of a page to a person. names: of people by id. last_resort: the installation's."""
    carries = page.carries
    facts = [
        ("Value", carries.value), ("Threshold", carries.threshold), ("Service", page.service), ("Incident", page.incident), ("Alerts", page.group),
    ]  # fmt: skip
    links = [("Dashboard", carries.dashboard), ("Runbook", carries.runbook)]
    after = steps.next_step(page, by_hand=True)
    to = page.policy.steps[after.step].to if after is not None else ()
    told = {called.person for _, called, one in page.everyone() if one.state == "sent"} - {person}
    return {
        "page": page, "mine": any(one.person == person for one in page.acknowledged), "others": [one for one in page.acknowledged if one.person != person],
        "facts": [(label, value) for label, value in facts if value], "links": [(label, url) for label, url in links if url.startswith(("https://", "http://"))],
        "next": messages.following(page, names, last_resort) if page.state == "open" else "", "following": messages.spoken_targets(to, names) if to else "",
        "told": len(told), "nobody": messages.nobody_called(page, names) if page.unanswered else "",
    }  # fmt: skip


def runs_of(page: Page, sent: dict[str, dict[str, Any]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the runs of a page, newest first, with when each message left; in front of them the step that comes next. sent: by the message's key."""
    found = []
    for run in reversed(views.page_view(page, ())["runs"]):
        people = [
            {
                **who,
                "notifications": [
                    {**one, "at": (sent.get(one["key"]) or {}).get("sent_at") or one["due_at"]} for one in who["notifications"]
                ],
            }
            for who in run["people"]
        ]
        found.append({**run, "people": people, "named": {who["person"] for who in people if who["problems"]}})
    following, at = steps.next_step(page), steps.due_next(page)
    if following is not None and at is not None:
        step = page.policy.steps[following.step]
        found.insert(
            0,
            {
                "name": views.step_name(following.step),
                "at": at,
                "people": [],
                "missing": [],
                "named": set(),
                "to": (messages.spoken_targets(step.to, names),),
            },
        )
    return found


def _whom(reader: Reader, *, everything: bool) -> list[str]:
    """Return names to choose from."""
    found: Iterable[str] = [row["id"] for row in list_people(reader)]
    if everything:
        found = [*found, *(row["id"] for row in queries.list_policies(reader)), *(row["id"] for row in list_services(reader))]
    return list(dict.fromkeys([*found, *(row["id"] for row in list_teams(reader))]))


def _from(visit: Visit, kind: type[Command], names: tuple[str, ...]) -> Command:
    made: Command = _command({name: visit.form.get(name, "") for name in names}, kind)
    return made


def _command(body: dict[str, Any], kind: type[Any]) -> Any:
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("$.")[2].rstrip("`") if "$." in str(error) else ""
        raise Refused(
            f"{field or 'Something'} cannot be taken: {str(error).partition(' - ')[0]}.", fix="Mend it, and send it again.", field=field
        ) from error
