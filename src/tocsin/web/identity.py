"""Who a request comes from, and what they may see and do."""

from __future__ import annotations

from starlette.requests import Request

from tocsin.engine.model import Actor, Viewer
from tocsin.engine.runtime import Runtime


def viewer_of(_request: Request, _runtime: Runtime, actor: Actor) -> Viewer:
    """Return the viewer that an actor is: their role, their teams, and whether they read what is private."""
    named = actor.kind == "person"
    return Viewer("person" if named else "token", actor.id, "administrator", reads_private=not named)
