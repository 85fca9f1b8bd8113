"""Making tokens: the secret is made here, shown once, and kept nowhere."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from tocsin.engine.errors import NotFound
from tocsin.engine.model import Actor, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.engine.sessions import digest
from tocsin.people.rights import at_least
from tocsin.people.tokens import PREFIX, MakeToken, NewToken, RevokeToken, Token, may_give


def make(
    runtime: Runtime, token_id: str, new: NewToken, viewer: Viewer, actor: Actor, *, local: bool, ends: datetime | None, key: str = "",
    request: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Make a token and return it with its secret. local, ends: see ``may_give``.

    Raises:
        NotAllowed: it would be more than its maker has.
        Refused: the id, scopes or end cannot be used.

    """
    may_give(viewer, new, local=local, ends=ends)
    # The same request again is answered with the same secret, though it is kept nowhere.
    secret = PREFIX + runtime.sessions.secret("token", f"{token_id}:{key or secrets.token_hex(16)}")
    command = MakeToken(new, digest(secret))
    result = runtime.transact(lambda tx: tx.run(f"token:{token_id}", command, actor), key, request)
    return {**result, "secret": secret}


def revoke(runtime: Runtime, token_id: str, why: str, viewer: Viewer, actor: Actor, key: str = "", request: str = "") -> dict[str, Any]:
    """Revoke a token: one's own, or any as an administrator.

    Raises:
        NotFound: there is no such token, or it is somebody else's.

    """
    token: Token | None = runtime.committer.state(f"token:{token_id}")
    own = token is not None and token.made is not None and viewer.kind == "person" and token.made.person == viewer.id
    if not own and not at_least(viewer.role, "administrator"):
        raise NotFound(f"You have no token {token_id}.", fix="Settings, My account, lists yours.")
    return runtime.transact(lambda tx: tx.run(f"token:{token_id}", RevokeToken(why), actor), key, request)
