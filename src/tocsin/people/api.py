"""The API of people and teams."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tocsin.engine.model import Reader
from tocsin.people import queries
from tocsin.people.commands import ConfirmCode, SendCode
from tocsin.people.model import SavePerson, SaveTeam
from tocsin.web.endpoints import Asked, Endpoint, command


def endpoints() -> list[Endpoint]:
    """Return the endpoints of people and teams."""

    async def people(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                return {"people": queries.list_people(reader, everybody=asked.query.get("everybody") == "true")}

        return await asyncio.to_thread(work)

    async def teams(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                return {"teams": queries.list_teams(reader)}

        return await asyncio.to_thread(work)

    return [
        Endpoint("GET", "/people", "List people", people, tag="person", query=(("everybody", "true: also those no longer active"),)),
        Endpoint("GET", "/people/{id}", "One person", _one("person", queries.person_view), tag="person"),
        Endpoint("GET", "/people/{id}/history", "Every version of a person", _history("person"), tag="person"),
        command("/people/{id}", "person", SavePerson, "Write down a person"),
        command("/people/{id}/contacts/code", "person", SendCode, "Send a code by one of a person's ways"),
        command("/people/{id}/contacts/confirm", "person", ConfirmCode, "Type in the code that came"),
        Endpoint("GET", "/teams", "List teams", teams, tag="team"),
        Endpoint("GET", "/teams/{id}", "One team with its members", _one("team", queries.team_view), tag="team"),
        Endpoint("GET", "/teams/{id}/history", "Every version of a team", _history("team"), tag="team"),
        command("/teams/{id}", "team", SaveTeam, "Write down a team"),
    ]


def _one(kind: str, view: Callable[[Any, Reader], dict[str, Any]]) -> Callable[[Asked], Awaitable[Any]]:
    async def handle(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            found = asked.runtime.state(kind, asked.path["id"])
            with asked.runtime.reading() as reader:
                return view(found, reader)

        return await asyncio.to_thread(work)

    return handle


def _history(kind: str) -> Callable[[Asked], Awaitable[Any]]:
    async def handle(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            found = asked.runtime.state(kind, asked.path["id"])
            return {kind: found.id, "history": queries.history(asked.runtime.facts(kind, found.id))}

        return await asyncio.to_thread(work)

    return handle
