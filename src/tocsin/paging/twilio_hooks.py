"""What Twilio tells and asks: a text that somebody answers with, a key that somebody presses, and what became of a message.

Every request is proved by its signature over our public URL and the form (``channels/twilio/signature.py``); without the account's token nothing is
believed. https://www.twilio.com/docs/messaging/guides/webhook-request, https://www.twilio.com/docs/voice/twiml/gather.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.channels.addresses import number_of
from tocsin.channels.notice import line
from tocsin.channels.options import TwilioOptions
from tocsin.channels.twilio.message import KEYS, speak, text_back
from tocsin.channels.twilio.signature import HEADER, is_signed
from tocsin.engine.errors import NotAllowed, NotFound, Refused
from tocsin.engine.model import Actor, Command
from tocsin.engine.runtime import Runtime
from tocsin.paging import commands as c
from tocsin.paging import handlers, replies
from tocsin.paging.links import has_run_out, verify
from tocsin.paging.page import Page
from tocsin.people.commands import NoteCodeFailed
from tocsin.people.model import Contact, Person
from tocsin.people.queries import list_people
from tocsin.web.endpoints import read_body
from tocsin.web.problems import respond

_LARGEST: Final = 64_000
_MOST_FIELDS: Final = 200
_LOST: Final = {
    "failed": "the network did not take it",
    "undelivered": "the network could not deliver it",
    "busy": "the line was busy",
    "no-answer": "nobody picked up",
    "canceled": "the call was cancelled",
}
"""Twilio's word for a message or call that reached nobody -> what the page's story says."""
_XML: Final = "text/xml"


def routes(runtime: Runtime, options: TwilioOptions, public_url: str, key: Callable[[], bytes]) -> list[Route]:
    """Return the routes below ``/hooks/twilio``. key: what links are signed with; a call carries one."""
    base = public_url.rstrip("/")

    async def said(request: Request) -> dict[str, str]:
        """Return the form of a request that Twilio signed."""
        if not options.token:
            raise NotFound(
                "There is no telephone account here.", fix="Set TOCSIN_TWILIO_ACCOUNT, TOCSIN_TWILIO_TOKEN and TOCSIN_TWILIO_FROM."
            )
        raw = await read_body(request, _LARGEST)
        try:
            fields = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError as error:
            raise Refused("The form cannot be read.", fix="Send what Twilio sends.") from error
        url = base + request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if not is_signed(url, fields, options.token, request.headers.get(HEADER, "")):
            raise NotAllowed(
                "The request is not signed by the account's token for this address.",
                fix=f"Check that the address at Twilio begins with {base} and that TOCSIN_TWILIO_TOKEN is the account's.",
            )
        return dict(fields)

    async def text(form: dict[str, str], _request: Request) -> Response:
        sender = number_of(form.get("From", ""))
        people = await asyncio.to_thread(people_of_number, runtime, sender)
        if len(people) != 1:
            # Nothing is said to a stranger: neither that there are pages, nor whose they are.
            several = "This number belongs to several people here. Open the link of the message instead." if people else ""
            return Response(text_back(several), media_type=_XML)
        answer = await handlers.reply(runtime, people[0], form.get("Body", ""), "sms", _key_of(form))
        return Response(text_back(line(answer)), media_type=_XML)

    async def pressed(form: dict[str, str], request: Request) -> Response:
        link = verify(request.path_params["token"], key())
        if link is None or has_run_out(link, runtime.clock.now()):
            return Response(speak("This call is too old to be answered. Goodbye."), media_type=_XML)
        verb = _verb(form.get("Digits", ""))
        if verb is None:
            again = base + request.url.path
            return Response(speak("Press 4 to acknowledge, 5 to escalate, 6 to resolve.", again), media_type=_XML)
        made: dict[replies.Verb, Command] = {
            "acknowledge": c.AcknowledgePage(link.person, via="voice"),
            "escalate": c.EscalatePage(why=f"{link.person} pressed 5"),
            "resolve": c.ResolvePage(why=f"{link.person} pressed 6"),
        }
        try:
            page: Page = await asyncio.to_thread(runtime.state, "page", link.page)
            actor = Actor("person", link.person, via="reply:voice")
            result = await runtime.commit("page", link.page, made[verb], actor, _key_of(form, verb))
        except Refused as refusal:
            return Response(speak(f"{refusal.what} Goodbye."), media_type=_XML)
        return Response(speak(f"{replies.answer(verb, page, result)}. Goodbye."), media_type=_XML)

    async def status(form: dict[str, str], request: Request) -> Response:
        state = form.get("MessageStatus") or form.get("CallStatus") or ""
        kind, _, record = request.query_params.get("stream", "").partition(":")
        why = _LOST.get(state)
        if why and record and kind in ("page", "person"):
            code = form.get("ErrorCode", "")
            more = f" (Twilio's code {code})" if code.isdigit() else ""
            delivery, channel = request.query_params.get("key", ""), request.query_params.get("channel", "")
            note: Command = c.NoteFailed(delivery, channel, f"{why}{more}") if kind == "page" else NoteCodeFailed(delivery, f"{why}{more}")
            await runtime.commit(kind, record, note, Actor("system", "twilio", via="callback"))
        return Response(status_code=204)

    def route(path: str, handler: Callable[[dict[str, str], Request], Awaitable[Response]]) -> Route:
        async def handle(request: Request) -> Response:
            try:
                return await handler(await said(request), request)
            except Refused as refusal:
                return respond(refusal)

        return Route(path, handle, methods=["POST"])

    return [
        route("/hooks/twilio/sms", text),
        route("/hooks/twilio/voice/{token}", pressed),
        route("/hooks/twilio/status", status),
    ]


def people_of_number(runtime: Runtime, number: str) -> list[str]:
    """Return who has this telephone number among their ways; those who have proved it, where anybody has."""
    if not number:
        return []
    having: list[tuple[str, bool]] = []
    with runtime.reading() as reader:
        for row in list_people(reader):
            person: Person | None = reader.state(f"person:{row['id']}")
            if person is None or person.saved is None:
                continue
            theirs = [one for one in person.saved.contacts if _is(one, number)]
            if theirs:
                having.append((person.id, any(person.is_verified(one) for one in theirs)))
    proved = [name for name, verified in having if verified]
    return proved or [name for name, _ in having]


def _verb(digit: str) -> replies.Verb | None:
    return msgspec.convert(KEYS[digit], replies.Verb) if digit in KEYS else None


def _is(contact: Contact, number: str) -> bool:
    return contact.kind in ("sms", "voice") and number_of(contact.value) == number


def _key_of(form: dict[str, Any], more: str = "") -> str:
    """Return the idempotency key of a request that Twilio may send again."""
    sid = form.get("MessageSid") or form.get("CallSid") or ""
    return f"twilio:{sid}:{more}" if sid else ""
