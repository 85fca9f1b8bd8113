"""The API of people and teams."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from tocsin.engine.model import Command, Reader
from tocsin.people import queries
from tocsin.people.commands import AddContact, ChangeContact, ChangePerson, ConfirmCode, OrderContacts, RemoveContact, SendCode
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
        _person("", SavePerson, "Write down a person"),
        _person("/change", ChangePerson, "Write down something else of a person; what is left out stays"),
        _person("/contacts", AddContact, "Add one way to reach a person"),
        _person("/contacts/change", ChangeContact, "Give one way another address, number or subscription"),
        _person("/contacts/remove", RemoveContact, "Take one way to reach a person away"),
        _person("/contacts/order", OrderContacts, "Put a person's ways in another order"),
        _person("/contacts/code", SendCode, "Send a code by one of a person's ways"),
        _person("/contacts/confirm", ConfirmCode, "Type in the code that came"),
        Endpoint("GET", "/teams", "List teams", teams, tag="team"),
        Endpoint("GET", "/teams/{id}", "One team with its members", _one("team", queries.team_view), tag="team"),
        Endpoint("GET", "/teams/{id}/history", "Every version of a team", _history("team"), tag="team"),
        command("/teams/{id}", "team", SaveTeam, "Write down a team"),
    ]


def _person(end: str, body: type[Command], summary: str) -> Endpoint:
    """Return the endpoint of a command on a person: everybody may change their own, whatever their role."""
    return replace(command(f"/people/{{id}}{end}", "person", body, summary), needs="viewer", own=True)


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
