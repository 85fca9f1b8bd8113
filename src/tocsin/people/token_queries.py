"""Read API tokens. Their secrets are kept nowhere, and their digests are shown to nobody."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tocsin.engine.model import Reader, moment
from tocsin.people import tables


def list_tokens(reader: Reader, *, person: str | None = None) -> list[dict[str, Any]]:
    """Return tokens: those that work, the one that ends first first, then those that do not any more. person: only those that act for them."""
    t, used = tables.tokens, tables.token_uses
    query = select(t, used.c.used_at).join(used, used.c.id == t.c.id, isouter=True).order_by(t.c.expires_at, t.c.id).limit(1000)
    if person is not None:
        query = query.where(t.c.person == person)
    found = [_shown(row, reader) for row in reader.rows(query)]
    return sorted(found, key=lambda one: one["state"] != "good")


def _shown(row: Any, reader: Reader) -> dict[str, Any]:
    expires = moment(row.expires_at)
    state = "revoked" if row.revoked else "ended" if expires <= reader.now else "good"
    return {
        "id": row.id, "name": row.name, "scopes": row.scopes.split(), "person": row.person, "team": row.team, "made_by": row.made_by,
        "made_at": moment(row.made_at), "expires_at": expires, "state": state, "used_at": None if row.used_at is None else moment(row.used_at),
    }  # fmt: skip
