"""What of a request the audit writes down beside the changes that it makes: what was refused for lack of rights, what was taken out, what was read."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from tocsin.engine.errors import NotAllowed, Refused
from tocsin.engine.model import SYSTEM, Actor, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.people import access_queries, audit_queries
from tocsin.people.audit import AuditEvent, Denied, Exported, Note, PrivateRead, TokenUsed
from tocsin.web import identity

_AGAIN_AFTER: Final = 600.0
"""Seconds in which the same thing of the same person is written down once: a page that reloads is no news."""
_USED_AGAIN: Final = 86_400.0
_USED_EVERY: Final = 300.0
_MOST: Final = 5000
_LONGEST: Final = 300


class Noted:
    """What was written down of late, so that it is not again."""

    def __init__(self) -> None:
        self._seen: dict[tuple[object, ...], float] = {}
        self._lock = threading.Lock()

    def is_new(self, what: tuple[object, ...], for_seconds: float = _AGAIN_AFTER) -> bool:
        """Tell whether this was not asked about within the time."""
        now = time.monotonic()
        with self._lock:
            if now < self._seen.get(what, -1.0):
                return False
            if len(self._seen) >= _MOST:
                self._seen = {key: until for key, until in self._seen.items() if until > now}
            if len(self._seen) >= _MOST:
                self._seen.clear()
            self._seen[what] = now + for_seconds
            return True


def came_in(request: Request, runtime: Runtime) -> None:
    """Note the use of an API token: in the audit once a day and address, on the token every few minutes."""
    found = identity.identify(request, runtime)
    if found is None or not found.token:
        return
    if _noted(runtime).is_new(("used", found.token), _USED_EVERY):
        runtime.write_later(partial(access_queries.mark_used, dialect=runtime.database.dialect, token=found.token, now=runtime.clock.now()))
    address = identity.address_of(request)
    if _noted(runtime).is_new(("token", found.token, address), _USED_AGAIN):
        _later(runtime, TokenUsed(found.token), found.actor, address)


def refused(request: Request, runtime: Runtime, actor: Actor | None, refusal: Refused) -> None:
    """Note that somebody wanted what they may not."""
    if not isinstance(refusal, NotAllowed):
        return
    by = actor or Actor("sender", "anonymous", via="api")
    what = f"{request.method} {request.url.path}"[:_LONGEST]
    address = identity.address_of(request)
    if _noted(runtime).is_new((by.kind, by.id, what, address)):
        _later(runtime, Denied(what, refusal.what[:_LONGEST]), by, address)


def answered(request: Request, runtime: Runtime, actor: Actor | None, answer: Response) -> None:
    """Note that somebody took records out as a file."""
    if actor is None or request.method != "GET" or not answer.headers.get("content-disposition", "").startswith("attachment"):
        return
    what = request.url.path[:_LONGEST]
    address = identity.address_of(request)
    if _noted(runtime).is_new((actor.kind, actor.id, "out", what, address)):
        _later(runtime, Exported(what), actor, address)


def read_private(request: Request, runtime: Runtime, viewer: Viewer, actor: Actor, incidents: Iterable[str]) -> None:
    """Note which of these incidents are private: whoever got so far is invited. Their titles and contents stand nowhere."""
    if request.method != "GET" or viewer.kind != "person":
        return
    address = identity.address_of(request)
    for incident in incidents:
        state: Any = runtime.committer.state(f"incident:{incident}")
        if state is not None and state.private and _noted(runtime).is_new((actor.kind, actor.id, "private", incident, address)):
            _later(runtime, PrivateRead(state.id), actor, address)


def _noted(runtime: Runtime) -> Noted:
    found: Noted = runtime.kept("web.noted", Noted)
    return found


def _later(runtime: Runtime, event: AuditEvent, actor: Actor, address: str) -> None:
    by = Actor(actor.kind, actor.id, via=actor.via, address=address) if actor.kind != "system" else SYSTEM
    day = audit_queries.stream_of_day(runtime)
    runtime.transact_later(lambda tx: tx.run(day, Note(event), by))
