"""The API of changes."""

from __future__ import annotations

import asyncio
from typing import Any

from tocsin.alerts.changes import queries
from tocsin.alerts.changes.model import NoteChange
from tocsin.engine.chance import fresh
from tocsin.web.endpoints import Asked, Endpoint, limit_of, moment_of


def endpoints() -> list[Endpoint]:
    """Return the endpoints of changes."""

    async def listed(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            limit = limit_of(asked, queries.DEFAULT_LIMIT, queries.MOST)
            with asked.runtime.reading() as reader:
                rows = queries.list_changes(
                    reader, service=asked.query.get("service", ""), since=moment_of(asked, "since"), until=moment_of(asked, "until"),
                    after=asked.query.get("after", ""), limit=limit,
                )  # fmt: skip
            return {"changes": rows, "next": rows[-1]["id"] if len(rows) == limit else None}

        return await asyncio.to_thread(work)

    async def one(asked: Asked) -> Any:
        return await asyncio.to_thread(lambda: queries.change_view(asked.runtime.state("change", asked.path["id"])))

    async def note(asked: Asked) -> Any:
        return await asked.runtime.commit("change", f"C-{fresh()}{fresh()}", asked.body, asked.actor, asked.key, asked.fingerprint)

    window = (("since", "Made at or after this time"), ("until", "Made before this time"))
    return [
        Endpoint(
            "GET", "/changes", "List changes, newest first", listed, tag="change",
            query=(("service", "A service's id"), *window, ("after", "Id of the last one seen"), ("limit", "At most 500")),
        ),
        Endpoint("GET", "/changes/{id}", "One change with its links and details", one, tag="change"),
        Endpoint("POST", "/changes", "Note a change", note, NoteChange, 201, tag="change", door="alerts:write"),
    ]  # fmt: skip
