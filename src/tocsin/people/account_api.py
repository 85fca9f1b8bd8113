"""The API of accounts: who may sign in, as what; and one's own password and sessions."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from msgspec import Meta
from msgspec.structs import replace

from tocsin.engine.errors import NotAllowed
from tocsin.engine.model import Actor, Command, Role
from tocsin.people import access_queries, handlers
from tocsin.people.account import DisableAccount, EnableAccount, LinkPurpose
from tocsin.people.sign_in_pages import Doorkeeper
from tocsin.web import identity
from tocsin.web.endpoints import Asked, Endpoint

_TAG = "account"
_Secret = Annotated[str, Meta(max_length=2000)]


class InviteAccount(Command, frozen=True):
    """Give a person an account and make the link by which they set a password."""

    role: Role = "responder"
    name: Annotated[str, Meta(max_length=200)] = ""
    """Their name, where nobody has written them down yet; the id without one."""


class GiveRole(Command, frozen=True):
    """Give a person another role."""

    role: Role


class MakeLink(Command, frozen=True):
    """Make a link by which a person sets a password, once. Earlier ones stop working."""


class EndSessions(Command, frozen=True):
    """Sign browsers out: this one, or all of them."""

    session: Annotated[str, Meta(max_length=100)] = ""


class ChangePassword(Command, frozen=True):
    """Change one's own password. Every other browser is signed out."""

    old: _Secret
    new: _Secret


def endpoints(door: Doorkeeper) -> list[Endpoint]:
    """Return the endpoints of accounts."""

    async def listed(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                return {"accounts": access_queries.list_accounts(reader)}

        return await asyncio.to_thread(work)

    async def invite(asked: Asked) -> Any:
        body: InviteAccount = asked.body

        def work() -> dict[str, Any]:
            person, key, request = asked.path["id"], asked.key, asked.fingerprint
            made = handlers.create(asked.runtime, person, body.name, body.role, asked.actor, key, request)
            link = handlers.make_link(asked.runtime, person, "invitation", asked.actor, key and f"{key}:link", request)
            return {**made, "link": _absolute(door, link)}

        return await asyncio.to_thread(work)

    async def role(asked: Asked) -> Any:
        return await asyncio.to_thread(
            handlers.change_role, asked.runtime, asked.path["id"], asked.body.role, asked.actor, asked.key, asked.fingerprint
        )

    async def disable(asked: Asked) -> Any:
        return await asyncio.to_thread(
            handlers.disable, asked.runtime, asked.path["id"], asked.body.why, asked.actor, asked.key, asked.fingerprint
        )

    async def enable(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.enable, asked.runtime, asked.path["id"], asked.actor, asked.key, asked.fingerprint)

    async def link(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            person = asked.path["id"]
            purpose: LinkPurpose = "reset" if handlers.account_state(asked.runtime, person).has_password else "invitation"
            return _absolute(door, handlers.make_link(asked.runtime, person, purpose, asked.actor, asked.key, asked.fingerprint))

        return await asyncio.to_thread(work)

    async def sign_out(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            handlers.account_state(asked.runtime, asked.path["id"])
            return {"ended": handlers.end_sessions(asked.runtime, asked.path["id"], asked.actor)}

        return await asyncio.to_thread(work)

    async def me(asked: Asked) -> Any:
        found = identity.identify(asked.request, asked.runtime)
        assert found is not None
        viewer = asked.viewer
        return {
            "kind": viewer.kind, "id": viewer.id, "role": viewer.role, "teams": viewer.teams, "token": found.token or None,
            "session": found.session.id if found.session else None, "speaks_for_others": found.local,
        }  # fmt: skip

    async def sessions(asked: Asked) -> Any:
        person, own = _person(asked), identity.identify(asked.request, asked.runtime)
        this = own.session.id if own is not None and own.session is not None else ""
        found = await asyncio.to_thread(asked.runtime.sessions.of_person, person)
        return {
            "sessions": [
                {"id": one.id, "created_at": one.created_at, "seen_at": one.seen_at, "agent": one.agent, "address": one.address,
                 "local": one.local, "this": one.id == this}
                for one in found
            ]
        }  # fmt: skip

    async def end(asked: Asked) -> Any:
        ended = await asyncio.to_thread(handlers.end_sessions, asked.runtime, _person(asked), acting(asked), only=asked.body.session)
        return {"ended": ended}

    async def password(asked: Asked) -> Any:
        found = identity.identify(asked.request, asked.runtime)
        if found is None or found.session is None:
            raise NotAllowed("A password is changed by who is signed in with it.", fix="Open Settings, My account, in a browser.")
        door.guess(found.session.person, asked.request)
        ended = await asyncio.to_thread(
            handlers.change_password,
            asked.runtime,
            door.hasher,
            found.session,
            asked.body.old,
            asked.body.new,
            asked.body.new,
            acting(asked),
        )
        door.right(found.session.person, asked.request)
        return {"changed": True, "sessions_ended": ended}

    admin: Role = "administrator"
    return [
        Endpoint("GET", "/accounts", "List accounts with their roles", listed, tag=_TAG, needs=admin),
        Endpoint(
            "POST",
            "/accounts/{id}",
            "Give a person an account, and make their invitation",
            invite,
            InviteAccount,
            201,
            tag=_TAG,
            needs=admin,
        ),
        Endpoint("POST", "/accounts/{id}/role", "Give a person another role", role, GiveRole, tag=_TAG, needs=admin),
        Endpoint(
            "POST",
            "/accounts/{id}/disable",
            "Let a person sign in no more; their sessions end at once",
            disable,
            DisableAccount,
            tag=_TAG,
            needs=admin,
        ),
        Endpoint("POST", "/accounts/{id}/enable", "Let a person sign in again", enable, EnableAccount, tag=_TAG, needs=admin),
        Endpoint(
            "POST", "/accounts/{id}/link", "Make a link by which a person sets a password, once", link, MakeLink, 201, tag=_TAG, needs=admin
        ),
        Endpoint("POST", "/accounts/{id}/sign-out", "Sign all browsers of a person out", sign_out, tag=_TAG, needs=admin),
        Endpoint("GET", "/me", "Who you are here: role, teams, token", me, tag=_TAG),
        Endpoint("GET", "/me/sessions", "Where you are signed in", sessions, tag=_TAG),
        Endpoint("POST", "/me/sessions/end", "Sign out one of your browsers, or all", end, EndSessions, tag=_TAG, needs="viewer", own=True),
        Endpoint("POST", "/me/password", "Change your own password", password, ChangePassword, tag=_TAG, needs="viewer", own=True),
    ]


def acting(asked: Asked) -> Actor:
    """Return who acts, with where they are: the audit shows it."""
    return replace(asked.actor, address=identity.address_of(asked.request))


def _absolute(door: Doorkeeper, link: dict[str, Any]) -> dict[str, Any]:
    return {**link, "url": door.public_url.rstrip("/") + link["path"]}


def _person(asked: Asked) -> str:
    if asked.actor.kind != "person":
        raise NotAllowed("A token has no browsers.", fix="Sign in under your own name.")
    return asked.actor.id
