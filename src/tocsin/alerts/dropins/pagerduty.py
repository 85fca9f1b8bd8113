"""PagerDuty's Events API v2: ``POST /v2/enqueue`` and ``POST /v2/change/enqueue``. A routing key is the secret of an intake key.

Documentation: https://developer.pagerduty.com/docs/events-api-v2/overview/. It is answered as there, with two differences: 202 means that the
event is on disk, and whoever is asked too much is told so by 503, which senders repeat at once, never by 429.
"""

from __future__ import annotations

from typing import Any, Final

from tocsin.alerts import handlers
from tocsin.alerts.dropins.taking import keep, keep_refused, key_of, new_name, sent
from tocsin.alerts.errors import WrongBody
from tocsin.alerts.intake import Call, Reply
from tocsin.alerts.keys import IntakeKey
from tocsin.alerts.reading import Sent
from tocsin.alerts.sources import pagerduty_events_v2 as source
from tocsin.alerts.sources.fields import Fields, read_object
from tocsin.engine.errors import Refused

ALERTS: Final = "/v2/enqueue"
CHANGES: Final = "/v2/change/enqueue"
ROUTING_KEY: Final = "routing_key"

_HEADER: Final = "x-routing-key"
_ACCEPTED: Final = 202
_BAD: Final = 400
_WAIT: Final = 503


async def serve(call: Call) -> Reply:
    """Answer a request to one of the two addresses."""
    if call.method != "POST":
        return Reply.json({"status": "method not allowed", "message": "Send events with POST."}, 405)
    try:
        body = await call.body()
        event = _event(call, body)
        secret = event.text(ROUTING_KEY) or call.headers.get(_HEADER, "")
        if not secret:
            return _invalid("'routing_key' is missing or blank")
        key = key_of(call, secret, source.NAME)
        return _invalid("Invalid routing key") if key is None else await take(call, key, body, event, changes=call.path == CHANGES)
    except WrongBody as refusal:
        return _unreadable(refusal)
    except Refused as refusal:
        return _refused(refusal)


async def serve_key(call: Call, key: IntakeKey) -> Reply:
    """Answer a request to ``/intake/pagerduty-events-v2/<key>``: the key is that of the address, whatever the event says."""
    try:
        body = await call.body()
        try:
            event = _event(call, body)
        except WrongBody as refusal:
            await keep_refused(call, source.NAME, key, body, refusal, _BAD)
            raise
        return await take(call, key, body, event, changes="event_action" not in event)
    except WrongBody as refusal:
        return _unreadable(refusal)
    except Refused as refusal:
        return _refused(refusal)


def _event(call: Call, body: bytes) -> Fields:
    return read_object(Sent(body, call.runtime.clock.now(), call.headers.get("content-type", "")), source.TOOL)


async def take(call: Call, key: IntakeKey, body: bytes, event: Fields, *, changes: bool) -> Reply:
    """Take in an event whose sender is known, and answer it. changes: whether it tells of a change.

    Raises:
        WrongBody: it could not be read by a defect of ours; it is kept all the same.

    """
    wrong = source.problems(event, changes=changes)
    if wrong:
        field, what = wrong[0]
        await keep_refused(call, source.NAME, key, body, WrongBody(what, field=field), _BAD)
        return _invalid(*(what for _, what in wrong))
    made = event.text(source.KEY, longest=source.LONGEST_KEY) or new_name()
    request = sent(call, key, body, {source.KEY: made})
    try:
        reading = handlers.understood(source.NAME, lambda: source.reading_of(event, request, changes=changes))
    except WrongBody as refusal:
        await keep_refused(call, source.NAME, key, body, refusal, _BAD)
        raise
    await keep(call, source.NAME, key, body, reading, _ACCEPTED)
    if changes:
        return Reply.json({"status": "success", "message": "Change event processed"}, _ACCEPTED)
    return Reply.json({"status": "success", "message": "Event processed", "dedup_key": made}, _ACCEPTED)


def _invalid(*errors: str) -> Reply:
    return Reply.json({"status": "invalid event", "message": "Event object is invalid", "errors": list(errors)}, _BAD)


def _unreadable(refusal: WrongBody) -> Reply:
    says: dict[str, Any] = {"status": "Unrecognized object", "message": "Event object format is unrecognized"}
    return Reply.json({**says, "errors": ["JSON parse error", refusal.what]}, _BAD)


def _refused(refusal: Refused) -> Reply:
    """Return a refusal that has nothing to do with the event itself: too large, too slow, no disk."""
    reply = Reply.json({"status": refusal.code.replace("_", " "), "message": refusal.what, "errors": [refusal.fix]}, refusal.status)
    if refusal.status == _WAIT:
        reply.headers = ((b"retry-after", b"1"),)
    return reply
