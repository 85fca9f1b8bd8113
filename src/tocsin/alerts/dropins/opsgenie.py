"""Opsgenie's Alert API below ``/v2/alerts`` and the ping of ``/v2/heartbeats``. A GenieKey is the secret of an intake key.

Documentation: https://docs.opsgenie.com/docs/alert-api. It is answered as there, with these differences: 202 means that it is on disk and has been
done, so the status of a request is known at once; a text that is too long is cut, not refused; deleting an alert closes it, for nothing is
ever taken out of the record.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlencode

from tocsin.alerts import handlers
from tocsin.alerts.dropins import opsgenie_shapes as shapes
from tocsin.alerts.dropins import queries
from tocsin.alerts.dropins.seen import Seen
from tocsin.alerts.dropins.taking import keep, keep_refused, key_of, new_name, sent
from tocsin.alerts.errors import WrongBody
from tocsin.alerts.intake import Call, Reply
from tocsin.alerts.keys import IntakeKey
from tocsin.alerts.live import scope_of
from tocsin.alerts.model import receipt_id
from tocsin.alerts.reading import Note, Reading
from tocsin.alerts.sources import opsgenie_api as source
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, read_object
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Actor, Command
from tocsin.paging.commands import EscalatePage, HandPage, SnoozePage

ALERTS: Final = "/v2/alerts"
HEARTBEATS: Final = "/v2/heartbeats"

_SCHEMES: Final = frozenset({"geniekey", "apikey"})
_ACCEPTED: Final = 202
_UNPROCESSABLE: Final = 422
_WAIT: Final = 503
_TYPES: Final = frozenset({"id", "alias", "tiny"})
_SIGNALS: Final = frozenset({"acknowledge", "unacknowledge", "close", "delete"})
_NOTES: Final = frozenset({"notes", "tags", "details", "responders", "teams", "priority", "message", "description", "actions"})
"""Requests that are written down on the alert and change nothing else of it."""

Ping = Callable[[str], Awaitable[bool]]
"""Report for a heartbeat of this name; False where there is none."""


class _Answer:
    """Makes the answers to one request: each says how long it took and has the request's id."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self.request = new_name()

    def _with(self, said: Mapping[str, Any], status: int) -> Reply:
        took = round(time.perf_counter() - self._begun, 3)
        reply = Reply.json({**said, "took": took, "requestId": self.request}, status)
        reply.headers = ((b"x-request-id", self.request.encode()), (b"x-response-time", f"{took:.3f}".encode()))
        return reply

    def accepted(self, receipt: int) -> Reply:
        self.request = receipt_id(receipt)
        return self._with({"result": "Request will be processed"}, _ACCEPTED)

    def shown(self, data: Any, **more: Any) -> Reply:
        return self._with({"data": data, **more}, 200)

    def result(self, said: str, status: int) -> Reply:
        return self._with({"result": said}, status)

    def refused(self, message: str, status: int, errors: Mapping[str, str] | None = None) -> Reply:
        reply = self._with({"message": message, "code": status, **({"errors": errors} if errors else {})}, status)
        if status == _WAIT:
            reply.headers = (*reply.headers, (b"retry-after", b"1"))
        return reply


def serving(ping: Ping) -> Callable[[Call], Awaitable[Reply]]:
    """Return what answers below ``/v2/alerts`` and ``/v2/heartbeats``."""

    async def serve(call: Call) -> Reply:
        answer = _Answer()
        secret = _secret(call)
        key = key_of(call, secret, source.NAME)
        if key is None:
            return answer.refused("Could not authenticate" if secret else "Authorization is missing: send GenieKey and the key", 401)
        if call.path.startswith(HEARTBEATS):
            return await _answered(answer, _heartbeat(call, answer, ping))
        return await _answered(answer, _alerts(call, key, answer, call.path.removeprefix(ALERTS)))

    return serve


async def serve_key(call: Call, key: IntakeKey) -> Reply:
    """Answer a request to ``/intake/opsgenie-api/<key>``: what is not creating says so in the query (``action``, ``identifier``)."""
    answer, query = _Answer(), call.query

    async def work() -> Reply:
        body = await call.body()
        if query.get("identifier"):
            return await _act(call, key, answer, query["identifier"], query.get("action", ""), body)
        return await _create(call, key, answer, body)

    return await _answered(answer, work())


async def _answered(answer: _Answer, work: Awaitable[Reply]) -> Reply:
    """Wait for an answer, and make one of a refusal."""
    try:
        return await work
    except WrongBody as refusal:
        if refusal.field == "$":
            return answer.refused(f"Could not parse the body: {refusal.what}", 400)
        return answer.refused("Request body is not processable. Please check the errors.", _UNPROCESSABLE, {refusal.field: refusal.what})
    except NotFound as refusal:
        return answer.refused(refusal.what, 404)
    except Refused as refusal:
        return answer.refused(f"{refusal.what} {refusal.fix}".strip(), refusal.status)


def _secret(call: Call) -> str:
    scheme, _, secret = call.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.casefold() in _SCHEMES else call.query.get("apiKey", "")


def _no_such(call: Call) -> NotFound:
    return NotFound(f"There is no {call.method} {call.path} here.", fix="The Alert API's create, acknowledge, close, notes, list … are.")


async def _alerts(call: Call, key: IntakeKey, answer: _Answer, rest: str) -> Reply:
    parts = [unquote(part) for part in rest.split("/") if part]
    match call.method, parts:
        case "POST", []:
            return await _create(call, key, answer, await call.body())
        case "GET", []:
            return await _list(call, key, answer)
        case "GET", ["count"]:
            count = await _total(call, key) if not call.query.get("query") else len(await _found(call, key))
            return answer.shown({"count": count})
        case "GET", ["requests", request]:
            return await _status(call, key, answer, request)
        case "GET", [identifier]:
            alert = await _alert(call, key, identifier)
            return answer.shown(shapes.shown_alert(alert, key.name, whole=True))
        case "GET", [identifier, "notes"]:
            alert = await _alert(call, key, identifier)
            notes = await asyncio.to_thread(_reading, call, lambda reader: queries.notes_of(reader, alert))
            return answer.shown([{**one, "createdAt": shapes.written(one["createdAt"])} for one in notes], paging={})
        case "DELETE", [identifier]:
            return await _act(call, key, answer, identifier, "delete", b"", {"user": "", "source": "", **call.query})
        case "DELETE", [identifier, "tags" | "details" as what]:
            return await _act(call, key, answer, identifier, what, b"", {"note": "", **call.query})
        case "POST" | "PUT", [identifier, what, *_]:
            return await _act(call, key, answer, identifier, what, await call.body())
        case _:
            raise _no_such(call)


# --- writing ------------------------------------------------------------------------------------------------------------------------------


async def _create(call: Call, key: IntakeKey, answer: _Answer, body: bytes) -> Reply:
    request = sent(call, key, body, {source.ALIAS: new_name()}, {"action": "create"})
    try:
        reading = handlers.understood(source.NAME, lambda: source.read(request))
    except WrongBody as refusal:
        await keep_refused(call, source.NAME, key, body, refusal, _UNPROCESSABLE)
        if refusal.field == "$":
            raise
        wrong = source.problems(read_object(request, source.TOOL))
        return answer.refused("Request body is not processable. Please check the errors.", _UNPROCESSABLE, dict(wrong))
    return answer.accepted((await keep(call, source.NAME, key, body, reading, _ACCEPTED)).receipt)


async def _act(
    call: Call, key: IntakeKey, answer: _Answer, identifier: str, action: str, body: bytes, given: Mapping[str, str] | None = None
) -> Reply:  # fmt: skip
    """Do something with an alert. given: what the query says instead of a body."""
    if action not in _SIGNALS | _NOTES | {"snooze", "escalate", "assign", "note"}:
        raise _no_such(call)
    request = sent(call, key, body, query={"action": action})
    said = Fields(given or {}, "", source.TOOL) if given is not None or not body.strip() else read_object(request, source.TOOL)
    by_alias = action in _SIGNALS and _how(call) == "alias"
    alert = None if by_alias else await _addressed(call, key, identifier)
    if by_alias or (alert is not None and action in _SIGNALS):
        reading = _signals(call, key, alert.fingerprint if alert is not None else identifier, action, body, said)
    elif alert is None:
        reading = Reading(ignored="Alert does not exist", event=action)
    else:
        reading = await _other(call, key, alert, action, said)
    where, of = (alert.source, alert.key) if alert is not None else (source.NAME, key.id)
    taken = await keep(call, where, key if of == key.id else IntakeKey(of), body, reading, _ACCEPTED)
    return answer.accepted(taken.receipt)


def _signals(call: Call, key: IntakeKey, alias: str, action: str, body: bytes, said: Fields) -> Reading:
    """Return what acknowledging or closing says of an alert."""
    request = sent(call, key, body, query={"action": action, "identifier": alias})
    return source.reading_of(said, request)


async def _other(call: Call, key: IntakeKey, alert: Seen, action: str, said: Fields) -> Reading:
    """Do what is no signal: notes, and what a page can be asked for. Return what is to be noted of it."""
    by = said.text("user", "source") or key.name
    actor = Actor("sender", by, via="opsgenie")
    note = said.text("note", longest=LONGEST_SUMMARY)
    now = call.runtime.clock.now()
    match action:
        case "notes" | "note":
            note = said.must("note", longest=LONGEST_SUMMARY)
        case "snooze":
            until = said.time("endTime")
            if until is None:
                raise said.lacks("endTime")
            await _pages(call, alert, SnoozePage(until, note), actor)
            note = note or f"Snoozed until {shapes.written(until)}"
        case "escalate":
            await _pages(call, alert, EscalatePage(note), actor)
            note = note or "Escalated to the next step"
        case "assign":
            owner = said.inside("owner").text("username", "id")
            if not owner:
                raise said.lacks("owner")
            person = await asyncio.to_thread(_reading, call, lambda reader: queries.person_called(reader, owner))
            if not person:
                return Reading(ignored=f"There is no person {owner}", event=action)
            await _pages(call, alert, HandPage((f"person:{person}",), note), actor)
            note = note or f"Assigned to {owner}"
        case _:
            note = note or _written(action, said)
    return Reading(notes=(Note(alert.fingerprint, note, by, now),), event=action)


def _written(action: str, said: Fields) -> str:
    """Return what was added, as a note."""
    value = said.raw("tags", "details", "responder", "team", "priority", "message", "description")
    return f"{action}: {value}"[:LONGEST_SUMMARY] if value is not None else action


async def _pages(call: Call, alert: Seen, command: Command, actor: Actor) -> None:
    """Have the open pages of an alert's group do something; where there are none, nothing is to be done."""
    group = call.runtime.committer.state(f"group:{alert.group}") if alert.group else None
    for page in group.pages if group is not None else ():
        await call.runtime.commit("page", page, command, actor)


# --- reading ------------------------------------------------------------------------------------------------------------------------------


def _reading(call: Call, work: Callable[[Any], Any]) -> Any:
    with call.runtime.reading() as reader:
        return work(reader)


def _how(call: Call) -> str:
    """Return what kind of name the request calls an alert by.

    Raises:
        WrongBody: there is no such kind.

    """
    how = call.query.get("identifierType", "").casefold() or "id"
    if how not in _TYPES:
        raise WrongBody("identifierType should be one of [ id, alias, tiny ]", field="identifierType")
    return how


async def _addressed(call: Call, key: IntakeKey, identifier: str) -> Seen | None:
    """Return the alert that a request is about: by its id or tiny id, or the newest with an alias."""
    how, alias = _how(call), identity(identifier)
    live = handlers.journal_of(call.runtime).index.get(scope_of(source.NAME, key.id), alias) if how == "alias" else None

    def work(reader: Any) -> Seen | None:
        if how == "alias" and live is None:
            return queries.by_alias(reader, key, source.NAME, alias)
        return queries.by_id(reader, key, str(live.id) if live is not None else identifier)

    found: Seen | None = await asyncio.to_thread(_reading, call, work)
    return found


async def _alert(call: Call, key: IntakeKey, identifier: str) -> Seen:
    found = await _addressed(call, key, identifier)
    if found is None:
        raise NotFound("Alert not found.", fix="Check the identifier and its type.")
    return found


async def _found(call: Call, key: IntakeKey) -> list[Seen]:
    test = shapes.query_of(call.query.get("query", ""))
    alerts: list[Seen] = await asyncio.to_thread(_reading, call, lambda reader: queries.newest(reader, key))
    return [alert for alert in alerts if test(alert)]


async def _total(call: Call, key: IntakeKey) -> int:
    found: int = await asyncio.to_thread(_reading, call, lambda reader: queries.total(reader, key))
    return found


async def _list(call: Call, key: IntakeKey, answer: _Answer) -> Reply:
    query = call.query
    limit = shapes.whole_number(query.get("limit", ""), "limit", shapes.DEFAULT, 1, shapes.MOST)
    offset = shapes.whole_number(query.get("offset", ""), "offset", 0, 0, queries.MOST)
    if not any(query.get(name) for name in ("query", "sort", "order")):  # as it is asked most often, and as the database can answer it
        total = await _total(call, key)
        part: list[Seen] = await asyncio.to_thread(_reading, call, lambda reader: queries.page(reader, key, offset, limit))
    else:
        found = shapes.ordered(await _found(call, key), query.get("sort", ""), query.get("order", ""))
        total, part = len(found), found[offset : offset + limit]

    def page(begin: int) -> str:
        return f"{_base(call)}{ALERTS}?{urlencode({**query, 'limit': limit, 'offset': begin})}"

    paging = {"first": page(0), "last": page(max(0, (total - 1) // limit * limit))}
    if offset + limit < total:
        paging["next"] = page(offset + limit)
    if offset:
        paging["prev"] = page(max(0, offset - limit))
    return answer.shown([shapes.shown_alert(alert, key.name, whole=False) for alert in part], paging=paging)


def _base(call: Call) -> str:
    host = call.headers.get("host", "")
    return f"{call.headers.get('x-forwarded-proto', 'http')}://{host}" if host else ""


async def _status(call: Call, key: IntakeKey, answer: _Answer, request: str) -> Reply:
    receipt: dict[str, Any] | None = await asyncio.to_thread(_reading, call, lambda reader: queries.receipt(reader, key, request))
    if receipt is None:
        raise NotFound("Request not found. It might not be processed, yet.", fix="Check its id.")
    return answer.shown(shapes.status_of(receipt, key.id))


# --- heartbeats ---------------------------------------------------------------------------------------------------------------------------


async def _heartbeat(call: Call, answer: _Answer, ping: Ping) -> Reply:
    match [unquote(part) for part in call.path.removeprefix(HEARTBEATS).split("/") if part]:
        case [name, "ping"] if call.method in {"GET", "POST", "PUT", "PATCH"}:
            if not await ping(name):
                raise NotFound(f"Heartbeat with name [{name}] does not exist.", fix="`tocsin heartbeat list` shows those that do.")
            return answer.result("PONG - Heartbeat received", _ACCEPTED)
        case _:
            raise _no_such(call)
