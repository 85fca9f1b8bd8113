"""The page that makes this browser, or the installed web application, a device that pages reach; and what an installed application is made of."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.channels.addresses import problem, subscription_of
from tocsin.channels.push.client import public_key
from tocsin.engine.errors import NotAllowed, NotFound, Refused
from tocsin.engine.model import Actor
from tocsin.engine.runtime import Runtime
from tocsin.people.commands import AddContact, ChangeContact, ConfirmCode, RemoveContact, SendCode
from tocsin.people.contacts import key_of, named
from tocsin.people.model import Person, SavePerson
from tocsin.people.queries import list_people
from tocsin.web.endpoints import json_response, read_body
from tocsin.web.layout import Shell, Visit, go
from tocsin.web.problems import respond

_KIND: Final = "push"
_UNFIT: Final = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_NAME: Final = 30
_LARGEST: Final = 20_000
_MANIFEST: Final = {
    "id": "/", "name": "Tocsin", "short_name": "Tocsin", "description": "Alerts, pages and incidents", "start_url": "/", "scope": "/",
    "display": "standalone", "display_override": ["standalone", "minimal-ui"], "background_color": "#f7f7f5", "theme_color": "#16181d", "lang": "en",
    "dir": "auto", "categories": ["productivity", "utilities"], "prefer_related_applications": False,
    "launch_handler": {"client_mode": ["navigate-existing", "auto"]},
    "icons": [
        {"src": f"/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose} for size in (192, 512) for purpose in ("any", "maskable")
    ],
    "shortcuts": [
        {"name": "Acknowledge", "description": "The pages that call you", "url": "/pages", "icons": [{"src": "/icon-192.png", "sizes": "192x192"}]},
        {"name": "Declare an incident", "short_name": "Declare", "url": "/declare", "icons": [{"src": "/icon-192.png", "sizes": "192x192"}]},
        {"name": "On call", "description": "Who it is now, and next", "url": "/on-call", "icons": [{"src": "/icon-192.png", "sizes": "192x192"}]},
    ],
}  # fmt: skip


class Renewed(msgspec.Struct, frozen=True):
    """The push service has given a browser another subscription for an old one."""

    old: str
    new: str


def _wants(visit: Visit, public_url: str) -> str:
    """Return what is missing for a browser to take notifications from this address; nothing where it does."""
    url = visit.request.url
    if url.scheme == "https" or url.hostname in ("localhost", "127.0.0.1", "::1", None):
        return ""
    if public_url.startswith("https://"):
        return f"Browsers take notifications from encrypted addresses only. Open {public_url.rstrip('/')}/push instead."
    return (
        "Browsers take notifications from encrypted addresses only, and this server has none. Whoever runs it gives it one: `--tls-cert` and `--tls-key`, "
        "or a proxy that encrypts and `--public-url https://…`."
    )


def routes(shell: Shell, key: Callable[[], str], public_url: str = "") -> list[Route]:
    """Return the routes. key: the installation's private push key. public_url: by which people reach us."""
    runtime = shell.runtime

    async def show(visit: Visit, refusal: Refused | None = None) -> Response:
        def work() -> dict[str, Any]:
            person = visit.actor.id if visit.actor.kind == "person" else ""
            return {"person": person, "devices": _devices(runtime, person), "key": public_key(key())}

        values = await asyncio.to_thread(work)
        values["wants"] = _wants(visit, public_url)
        return shell.page(visit, "channels/push.html", {**values, "problem": refusal}, status=refusal.status if refusal else 200)

    def form(handler: Callable[[Visit, str], Any]) -> Callable[[Visit], Any]:
        async def handle(visit: Visit) -> Response:
            if visit.actor.kind != "person":
                return await show(visit, NotAllowed("A device belongs to a person.", fix="Sign in under a person's name."))
            try:
                await handler(visit, visit.actor.id)
            except Refused as refusal:
                return await show(visit, refusal)
            return go("/push")

        return handle

    async def subscribe(visit: Visit, person: str) -> None:
        value = visit.form.get("subscription", "").strip()
        if wrong := problem(_KIND, value):
            raise Refused(
                f"The subscription cannot be used: {wrong}.", fix="Load the page again, and let the browser make one.", field="subscription"
            )
        contact = await asyncio.to_thread(_added, runtime, person, value, visit.form.get("device", ""), visit.actor)
        await runtime.commit("person", person, SendCode(contact), visit.actor)

    async def code(visit: Visit, person: str) -> None:
        await runtime.commit("person", person, SendCode(visit.form.get("contact", "")), visit.actor, visit.key, visit.fingerprint)

    async def confirm(visit: Visit, person: str) -> None:
        command = ConfirmCode(visit.form.get("contact", ""), visit.form.get("code", "").strip() or "-")
        result = await runtime.commit("person", person, command, visit.actor, visit.key, visit.fingerprint)
        if not result.get("verified"):
            raise Refused(
                f"That is not the code. {result.get('tries_left', 0)} tries are left.", fix="Type in the one that came last.", field="code"
            )

    async def remove(visit: Visit, person: str) -> None:
        ways = {one.id for one in named(_saved(runtime, person).contacts) if one.kind == _KIND}
        if visit.form.get("contact", "") in ways:
            await runtime.commit("person", person, RemoveContact(visit.form["contact"]), visit.actor)

    async def renew(request: Request) -> Response:
        try:
            if not request.headers.get("content-type", "").startswith("application/json"):
                raise Refused("The body is not JSON.", fix="Send what the service worker sends.")
            try:
                asked = msgspec.json.decode(await read_body(request, _LARGEST), type=Renewed)
            except msgspec.MsgspecError as error:
                raise Refused("The body is no renewed subscription.", fix="Send what the service worker sends.") from error
            if wrong := problem(_KIND, asked.new):
                raise Refused(f"The new subscription cannot be used: {wrong}.", field="new")
            await asyncio.to_thread(_renewed, runtime, asked)
        except Refused as refusal:
            return respond(refusal)
        return Response(status_code=204)

    async def manifest(_request: Request) -> Response:
        answer = json_response(_MANIFEST, headers={"cache-control": "public, max-age=86400"})
        answer.headers["content-type"] = "application/manifest+json"
        return answer

    return [
        shell.get("/push", show),
        shell.post("/push/subscribe", form(subscribe)),
        shell.post("/push/code", form(code)),
        shell.post("/push/confirm", form(confirm)),
        shell.post("/push/remove", form(remove)),
        Route("/push/renew", renew, methods=["POST"]),
        Route("/manifest.webmanifest", manifest, methods=["GET"]),
    ]


def _saved(runtime: Runtime, person: str) -> SavePerson:
    found: Person | None = runtime.committer.state(f"person:{person}")
    return found.saved if found is not None and found.saved is not None else SavePerson(name=person)


def _added(runtime: Runtime, person: str, value: str, device: str, actor: Actor) -> str:
    """Keep a subscription among a person's ways and return the way's id; the same browser again takes the place of itself."""
    saved = _saved(runtime, person)
    endpoint = (subscription_of(value) or {})["endpoint"]
    ways = named(saved.contacts)
    known = next((one for one in ways if one.kind == _KIND and (subscription_of(one.value) or {}).get("endpoint") == endpoint), None)
    if known is not None:
        runtime.commit_now("person", person, ChangeContact(known.id, value), actor)
        return known.id
    if runtime.committer.state(f"person:{person}") is None:
        runtime.commit_now("person", person, SavePerson(person), actor)
    return str(runtime.commit_now("person", person, AddContact(_KIND, value, _name(device, {one.id for one in ways})), actor)["contact"])


def _name(device: str, taken: set[str]) -> str:
    word = _UNFIT.sub("-", device).strip("-").lower()[:_LONGEST_NAME].strip("-")
    wanted = f"{_KIND}-{word}" if word else _KIND
    number = 1
    while (name := wanted if number == 1 else f"{wanted}-{number}") in taken:
        number += 1
    return name


def _renewed(runtime: Runtime, asked: Renewed) -> None:
    """Put the new subscription in the place of the old one. Knowing the old one whole, with its secret, is the proof.

    Raises:
        NotFound: nobody has the old one.

    """
    with runtime.reading() as reader:
        people: list[Person] = [found for row in list_people(reader) if (found := reader.state(f"person:{row['id']}")) is not None]
    old = subscription_of(asked.old)
    for person in people:
        saved = person.saved
        for one in named(saved.contacts) if saved is not None and old is not None else ():
            theirs = subscription_of(one.value) if one.kind == _KIND else None
            if saved is None or theirs is None or old is None or not _same(theirs, old):
                continue
            runtime.commit_now("person", person.id, ChangeContact(one.id, asked.new), Actor("person", person.id, via="browser"))
            return
    raise NotFound("Nobody has this subscription.", fix="Open /push on the device again.")


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(
        hmac.compare_digest(str(left).encode(), str(right).encode())
        for left, right in ((one["endpoint"], other["endpoint"]), (one["keys"]["auth"], other["keys"]["auth"]), (one["keys"]["p256dh"], other["keys"]["p256dh"]))
    )  # fmt: skip


def _devices(runtime: Runtime, person: str) -> list[dict[str, Any]]:
    found: Person | None = runtime.committer.state(f"person:{person}") if person else None
    if found is None or found.saved is None:
        return []
    return [
        {
            "id": one.id, "service": urlsplit((subscription_of(one.value) or {"endpoint": ""})["endpoint"]).hostname or "",
            "verified_at": found.verified.get(key_of(one)), "pending": key_of(one) in found.pending,
        }
        for one in named(found.saved.contacts)
        if one.kind == _KIND
    ]  # fmt: skip
