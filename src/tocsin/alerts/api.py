"""The API of alerts, receipts and intake keys."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from tocsin.alerts import handlers, keys, queries, receipt_queries
from tocsin.alerts.commands import AcknowledgeAlert, ResolveAlert
from tocsin.alerts.model import How, number_of
from tocsin.alerts.reading import Sent
from tocsin.alerts.receipts import Asked as Sought
from tocsin.alerts.registry import READERS, TOOLS
from tocsin.alerts.sources import report
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Command, Viewer, micros
from tocsin.people import rights
from tocsin.web.endpoints import Asked, Endpoint, command, limit_of, moment_of

_PAGING: Final = (("after", "Id of the last one seen"), ("limit", "At most 500"))
_WINDOW: Final = (("since", "Received at or after this time"), ("until", "Received before this time"))


def endpoints(public_url: str) -> list[Endpoint]:
    """Return the endpoints of alerts, receipts and intake keys. public_url: what the intake's addresses begin with."""
    return [*_alerts(), *_receipts(), *_keys(public_url.rstrip("/"))]


class RaiseAlert(Command, frozen=True):
    """Report trouble that a person has noticed; the same words twice are one alert."""

    title: Annotated[str, Meta(min_length=1, max_length=300)]
    service: Annotated[str, Meta(max_length=200)] = ""
    severity: Annotated[str, Meta(max_length=200)] = ""
    """A severity word of the service's playbook."""
    details: Annotated[str, Meta(max_length=4000)] = ""
    labels: dict[str, str] = {}
    since: datetime | None = None
    """When it began."""
    how: How = "person"
    """Who noticed it."""


def _alerts() -> list[Endpoint]:
    async def raised(asked: Asked) -> Any:
        body: RaiseAlert = asked.body
        said = {**msgspec.to_builtins(body), "name": asked.actor.id if asked.actor.kind == "person" else ""}
        key = handlers.journal_of(asked.runtime).key(keys.FIRST)
        if key is None:
            raise NotFound("The first intake key is gone.", fix="Write one down: tocsin intake add first.")
        sent = Sent(msgspec.json.encode(said), asked.runtime.clock.now(), "application/json")
        return (await handlers.receive(asked.runtime, report.NAME, key, sent, str(asked.actor))).answer()

    async def listed(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            limit = limit_of(asked, queries.DEFAULT_LIMIT, queries.MOST)
            with asked.runtime.reading() as reader:
                rows = queries.list_alerts(reader, asked.viewer, wanted(asked), after=asked.query.get("after", ""), limit=limit)
            return {"alerts": rows, "next": rows[-1]["id"] if len(rows) == limit else None}

        return await asyncio.to_thread(work)

    async def one(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                return queries.alert_view(reader, asked.viewer, asked.path["id"])

        return await asyncio.to_thread(work)

    async def counted(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                found = queries.counts(reader, asked.viewer)
            return {"unacknowledged": found["no"], "acknowledged": found["yes"]}

        return await asyncio.to_thread(work)

    filters = (
        ("state", "firing, resolved, unacknowledged, acknowledged, muted"), ("service", "A service's id"), ("source", "The word of a tool"),
        ("key", "An intake key's id"), ("label", 'A matcher, such as env=prod or env=~"prod|canary"; may be repeated'),
        ("text", "A part of its title or texts"), ("group", "A group's id"), ("incident", "An incident's id"),
        ("how", "How it was detected, such as monitoring or customer"), ("fingerprint", "What the sender tells it from others by"),
        ("level", "critical, high, warning, low, info"),
    )  # fmt: skip
    return [
        command("/alerts/{id}/acknowledge", "alert", AcknowledgeAlert, "Acknowledge an alert, and its group"),
        command("/alerts/{id}/resolve", "alert", ResolveAlert, "End an alert by hand"),
        Endpoint("POST", "/alerts", "Report trouble that a person has noticed", raised, RaiseAlert, tag="alert", door="alerts:write"),
        Endpoint("GET", "/alerts", "List alerts, newest first", listed, tag="alert", query=(*filters, *_WINDOW, *_PAGING)),
        Endpoint("GET", "/alerts/counts", "How many alerts fire", counted, tag="alert"),
        Endpoint("GET", "/alerts/{id}", "One alert with its history", one, tag="alert"),
    ]  # fmt: skip


def wanted(asked: Asked) -> queries.Wanted:
    """Return what a query asks for."""
    query = asked.query
    since, until = moment_of(asked, "since"), moment_of(asked, "until")
    return queries.Wanted(
        query.get("state", ""), query.get("service", ""), query.get("source", ""), query.get("key", ""),
        queries.matchers_from(asked.request.query_params.getlist("label")), query.get("text", ""), query.get("group", ""),
        query.get("incident", ""), query.get("how", ""), query.get("level", ""), query.get("fingerprint", ""),
        micros(since) if since else 0, micros(until) if until else 0,
    )  # fmt: skip


def _receipts() -> list[Endpoint]:
    async def listed(asked: Asked) -> Any:
        query = asked.query
        since, until = moment_of(asked, "since"), moment_of(asked, "until")
        alert = number_of(query.get("alert", ""))
        if query.get("alert") and alert is None:
            raise Refused(f"There is no alert {query['alert']}.", fix="Write it like A-1042.", field="alert")
        sought = Sought(
            query.get("source", ""), query.get("key", ""), query.get("outcome", ""), query.get("text", ""), alert or 0,
            micros(since) if since else 0, micros(until) if until else 0,
        )  # fmt: skip

        def work() -> dict[str, Any]:
            limit = limit_of(asked, receipt_queries.DEFAULT_LIMIT, receipt_queries.MOST)
            with asked.runtime.reading() as reader:
                rows = receipt_queries.list_receipts(reader, asked.viewer, sought, after=query.get("after", ""), limit=limit)
            return {"receipts": rows, "next": rows[-1]["id"] if len(rows) == limit else None}

        return await asyncio.to_thread(work)

    async def one(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                return receipt_queries.receipt_view(reader, asked.viewer, asked.path["id"])

        return await asyncio.to_thread(work)

    filters = (
        ("source", "The word of a tool"), ("key", "An intake key's id"), ("outcome", "What became of one of its alerts; rejected, ignored"),
        ("text", "A part of its body, of a title or of a reason"), ("alert", "An alert's id"),
    )  # fmt: skip
    return [
        Endpoint(
            "GET", "/receipts", "List the requests of senders, newest first", listed, tag="receipt", query=(*filters, *_WINDOW, *_PAGING)
        ),
        Endpoint("GET", "/receipts/{id}", "One request: its body and the outcome of each alert", one, tag="receipt"),
    ]


def _keys(base: str) -> list[Endpoint]:
    def shown(key: keys.IntakeKey, viewer: Viewer) -> dict[str, Any]:
        saved, whole = key.saved, rights.at_least(viewer.role, "administrator")  # whoever has an address can send by it
        found = {
            "id": key.id, "name": key.name, "source": saved.source, "service": saved.service, "strict": saved.strict,
            "options": keys.shown_options(saved.options), "about": saved.about, "disabled": key.disabled, "why": key.why, "made_at": key.made_at,
            "rotated_at": key.rotated_at,
        }  # fmt: skip
        sources = [saved.source] if saved.source else sorted(READERS)
        urls = {source: handlers.address(source, key.secret, base) for source in sources}
        return {**found, "secret": key.secret, "urls": urls} if whole else found

    async def first(asked: Asked) -> Any:
        key = await asyncio.to_thread(handlers.intake_key, asked.runtime)
        return {
            "intake": [
                {"source": name, "tool": TOOLS[name], "url": handlers.address(name, key, base)} for name in sorted(READERS)
            ],
        }  # fmt: skip

    async def listed(asked: Asked) -> Any:
        found = await asyncio.to_thread(handlers.all_keys, asked.runtime)
        return {"intake_keys": [shown(key, asked.viewer) for key in found]}

    async def one(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            key = asked.runtime.committer.state(f"intake_key:{asked.path['id']}")
            if key is None:
                raise NotFound(f"There is no intake key {asked.path['id']}.", fix="Check the id; `tocsin intake list` shows them.")
            facts = asked.runtime.facts("intake_key", key.id)
            history = [{"at": fact.recorded_at, "what": fact.type.partition(".")[2], "by": str(fact.actor)} for fact in facts]
            return {**shown(key, asked.viewer), "history": history}

        return await asyncio.to_thread(work)

    async def save(asked: Asked) -> Any:
        body: keys.SaveIntakeKey = asked.body
        if body.source and body.source not in READERS:
            known = ", ".join(sorted(READERS))
            raise Refused(f"There is no source {body.source!r}.", fix=f"There are: {known}.", field="source")
        before = await asyncio.to_thread(asked.runtime.committer.state, f"intake_key:{asked.path['id']}")
        body = keys.with_kept(body, before)
        return await asked.runtime.commit("intake_key", asked.path["id"], body, asked.actor, asked.key, asked.fingerprint)

    return [
        Endpoint(
            "GET", "/intake", "The addresses to which monitoring tools send, by the first key", first, tag="intake", needs="administrator"
        ),
        Endpoint("GET", "/intake-keys", "List intake keys with their addresses", listed, tag="intake"),
        Endpoint("GET", "/intake-keys/{id}", "One intake key with its history", one, tag="intake"),
        Endpoint("POST", "/intake-keys/{id}", "Write an intake key down", save, keys.SaveIntakeKey, tag="intake", needs="administrator"),
        command("/intake-keys/{id}/rotate", "intake_key", keys.RotateIntakeKey, "Give an intake key another secret", needs="administrator"),
        command(
            "/intake-keys/{id}/disable",
            "intake_key",
            keys.DisableIntakeKey,
            "Take nothing by an intake key any more",
            needs="administrator",
        ),
        command(
            "/intake-keys/{id}/enable", "intake_key", keys.EnableIntakeKey, "Take requests by an intake key again", needs="administrator"
        ),
    ]
