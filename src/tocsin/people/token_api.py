"""The API of API tokens. Everybody sees, makes and revokes those that act for them; administrators all."""

from __future__ import annotations

import asyncio
from typing import Any

from tocsin.people import token_handlers, token_queries
from tocsin.people.account_api import acting
from tocsin.people.rights import at_least
from tocsin.people.scopes import SCOPES
from tocsin.people.tokens import NewToken, RevokeToken
from tocsin.web import identity
from tocsin.web.endpoints import Asked, Endpoint

_TAG = "token"


def endpoints() -> list[Endpoint]:
    """Return the endpoints of tokens."""

    async def listed(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            everybody = at_least(asked.viewer.role, "administrator") and asked.query.get("own") != "true"
            own = asked.viewer.id if asked.viewer.kind == "person" else ""
            with asked.runtime.reading() as reader:
                found = token_queries.list_tokens(reader, person=None if everybody else own) if everybody or own else []
            return {"tokens": found, "scopes": SCOPES}

        return await asyncio.to_thread(work)

    async def make(asked: Asked) -> Any:
        found = identity.identify(asked.request, asked.runtime)
        assert found is not None
        return await asyncio.to_thread(
            lambda: token_handlers.make(
                asked.runtime, asked.path["id"], asked.body, asked.viewer, acting(asked), local=found.local, ends=found.expires_at,
                key=asked.key, request=asked.fingerprint,
            )
        )  # fmt: skip

    async def revoke(asked: Asked) -> Any:
        return await asyncio.to_thread(
            token_handlers.revoke,
            asked.runtime,
            asked.path["id"],
            asked.body.why,
            asked.viewer,
            acting(asked),
            asked.key,
            asked.fingerprint,
        )

    return [
        Endpoint("GET", "/tokens", "List tokens: all for an administrator, else those that act for you", listed, tag=_TAG, query=(("own", "true: only those that act for you"),)),
        Endpoint("POST", "/tokens/{id}", "Make a token; its secret is shown once", make, NewToken, 201, tag=_TAG, needs="viewer", own=True),
        Endpoint("POST", "/tokens/{id}/revoke", "Have a token open nothing any more", revoke, RevokeToken, tag=_TAG, needs="viewer", own=True),
    ]  # fmt: skip
