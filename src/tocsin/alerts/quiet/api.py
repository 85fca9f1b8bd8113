"""The API of silences, maintenance and inhibition."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec

from tocsin.alerts.inhibition import INHIBITIONS, Inhibitions, InhibitionsSaved, SaveInhibitions
from tocsin.alerts.maintenance_model import CancelMaintenance, EndMaintenance, SaveMaintenance
from tocsin.alerts.quiet import handlers, queries
from tocsin.alerts.routes import load
from tocsin.alerts.silence_model import ExpireSilence, ExtendSilence, SaveSilence
from tocsin.engine.model import Reader
from tocsin.web.endpoints import Asked, Endpoint, command, limit_of

_PAGING: Final = (("after", "Id of the last one seen"), ("limit", "At most 500"))


class RulesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules of inhibition as a file."""

    text: str
    file: str = "inhibitions.yaml"


def _reading(work: Callable[[Reader, Asked], Any]) -> Callable[[Asked], Any]:
    """Return a handler that reads outside the event loop."""

    async def handle(asked: Asked) -> Any:
        def read() -> Any:
            with asked.runtime.reading() as reader:
                return work(reader, asked)

        return await asyncio.to_thread(read)

    return handle


def endpoints() -> list[Endpoint]:
    """Return the endpoints of what keeps alerts quiet."""
    return [*_silences(), *_maintenance(), *_inhibitions()]


def _silences() -> list[Endpoint]:
    def listed(reader: Reader, asked: Asked) -> Any:
        limit = limit_of(asked, queries.DEFAULT_LIMIT, queries.MOST)
        query = asked.query
        rows = queries.list_silences(
            reader, state=query.get("state", ""), service=query.get("service", ""), after=query.get("after", ""), limit=limit,
        )  # fmt: skip
        return {"silences": rows, "next": rows[-1]["id"] if len(rows) == limit else None}

    def one(reader: Reader, asked: Asked) -> Any:
        silence = asked.runtime.state("silence", asked.path["id"])
        return {**queries.silence_view(silence, reader.now), "history": queries.history(asked.runtime.facts("silence", silence.id))}

    def preview(reader: Reader, asked: Asked) -> Any:
        return handlers.preview(reader, asked.viewer, asked.body, limit_of(asked, queries.DEFAULT_LIMIT, queries.MOST))

    async def save(asked: Asked) -> Any:
        return await handlers.save_silence(asked.runtime, asked.body, asked.actor, asked.key, asked.fingerprint)

    return [
        Endpoint(
            "GET", "/silences", "List silences, newest first", _reading(listed), tag="silence",
            query=(("state", "active, pending, expired, all; without it those that are not over"), ("service", "A service's id"), *_PAGING),
        ),
        Endpoint("POST", "/silences", "Silence alerts", save, SaveSilence, 201, tag="silence"),
        Endpoint("POST", "/silences/preview", "What a silence would mute if it began now", _reading(preview), SaveSilence, tag="silence", needs="viewer"),
        Endpoint("GET", "/silences/{id}", "One silence with its history", _reading(one), tag="silence"),
        command("/silences/{id}", "silence", SaveSilence, "Change a silence"),
        command("/silences/{id}/extend", "silence", ExtendSilence, "Let a silence last until another time"),
        command("/silences/{id}/expire", "silence", ExpireSilence, "End a silence now"),
    ]  # fmt: skip


def _maintenance() -> list[Endpoint]:
    def listed(reader: Reader, asked: Asked) -> Any:
        limit = limit_of(asked, queries.DEFAULT_LIMIT, queries.MOST)
        return {
            "maintenance": queries.list_maintenance(
                reader, state=asked.query.get("state", ""), service=asked.query.get("service", ""), limit=limit
            )
        }

    def public(reader: Reader, asked: Asked) -> Any:
        return {"maintenance": queries.public_maintenance(reader, asked.query.get("service", ""))}

    def one(reader: Reader, asked: Asked) -> Any:
        plan = asked.runtime.state("maintenance", asked.path["id"])
        return {**queries.maintenance_view(plan, reader.now), "history": queries.history(asked.runtime.facts("maintenance", plan.id))}

    async def save(asked: Asked) -> Any:
        return await handlers.save_maintenance(asked.runtime, asked.body, asked.actor, asked.key, asked.fingerprint)

    service = ("service", "A service's id")
    return [
        Endpoint(
            "GET", "/maintenance", "List maintenance by when it begins", _reading(listed), tag="maintenance",
            query=(("state", "active, planned, over, cancelled; without it what is on or to come"), service, ("limit", "At most 500")),
        ),
        Endpoint("POST", "/maintenance", "Plan maintenance", save, SaveMaintenance, 201, tag="maintenance"),
        Endpoint("GET", "/maintenance/public", "What a status page shows of it", _reading(public), tag="maintenance", query=(service,)),
        Endpoint("GET", "/maintenance/{id}", "One plan with its next windows and its history", _reading(one), tag="maintenance"),
        command("/maintenance/{id}", "maintenance", SaveMaintenance, "Change a plan"),
        command("/maintenance/{id}/end", "maintenance", EndMaintenance, "End the window that is on"),
        command("/maintenance/{id}/cancel", "maintenance", CancelMaintenance, "Take a plan back"),
    ]  # fmt: skip


def _inhibitions() -> list[Endpoint]:
    def shown(reader: Reader, asked: Asked) -> Any:
        rules: Inhibitions = reader.state(f"inhibitions:{INHIBITIONS}") or Inhibitions(INHIBITIONS)
        history = [
            {"version": fact.version, "at": fact.recorded_at, "by": str(fact.actor), "why": fact.event.why, "rules": len(fact.event.rules)}
            for fact in reversed(asked.runtime.facts("inhibitions", INHIBITIONS))
            if isinstance(fact.event, InhibitionsSaved)
        ]
        return {
            "version": rules.version, "rules": [msgspec.to_builtins(rule) for rule in rules.rules], "text": load.dump(SaveInhibitions(rules.rules)),
            "history": history,
        }  # fmt: skip

    async def save(asked: Asked) -> Any:
        return await asked.runtime.commit("inhibitions", INHIBITIONS, asked.body, asked.actor, asked.key, asked.fingerprint)

    async def apply(asked: Asked) -> Any:
        body: RulesFile = asked.body
        rules = await asyncio.to_thread(load.load_inhibitions, body.text, body.file)
        return await asked.runtime.commit("inhibitions", INHIBITIONS, rules, asked.actor, asked.key, asked.fingerprint)

    return [
        Endpoint("GET", "/inhibitions", "The rules by which alerts mute others", _reading(shown), tag="inhibition"),
        Endpoint(
            "POST",
            "/inhibitions",
            "Write down the rules by which alerts mute others",
            save,
            SaveInhibitions,
            tag="inhibition",
            needs="manager",
        ),
        Endpoint("POST", "/inhibitions/file", "Put a file of rules in force", apply, RulesFile, tag="inhibition", needs="manager"),
    ]
