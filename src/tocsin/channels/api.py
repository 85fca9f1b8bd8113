"""The API of channels: which there are, how they stand, and a message to try one with."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any, Final

from msgspec import Meta

from tocsin.channels.abilities import ABILITIES, of
from tocsin.channels.addresses import problem
from tocsin.channels.standing import standing_of
from tocsin.engine.chance import fresh
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Command
from tocsin.engine.ports import ChannelFailed, Message
from tocsin.engine.runtime import Runtime
from tocsin.people.model import Person
from tocsin.people.queries import list_people
from tocsin.web.endpoints import Asked, Endpoint

_KIND: Final = "page.test"


class TestChannel(Command, frozen=True):
    """Send a message by a channel now, and tell what became of it."""

    to: Annotated[str, Meta(min_length=1, max_length=4000)]
    """The address, number or subscription."""


def endpoints() -> list[Endpoint]:
    """Return the endpoints."""

    async def listed(asked: Asked) -> Any:
        return await asyncio.to_thread(lambda: {"channels": _listed(asked.runtime)})

    async def tried(asked: Asked) -> Any:
        return await asyncio.to_thread(_tried, asked.runtime, asked.path["id"], asked.body.to, str(asked.actor))

    return [
        Endpoint("GET", "/channels", "List the channels and how they stand", listed, tag="channel"),
        Endpoint("POST", "/channels/{id}/test", "Send a test message by a channel", tried, TestChannel, tag="channel", needs="manager"),
    ]


def _listed(runtime: Runtime) -> list[dict[str, Any]]:
    users: dict[str, list[str]] = {}
    with runtime.reading() as reader:
        for row in list_people(reader):
            person: Person | None = reader.state(f"person:{row['id']}")
            for kind in dict.fromkeys(one.kind for one in person.saved.contacts) if person is not None and person.saved is not None else ():
                users.setdefault(kind, []).append(row["id"])
    found = []
    for name, channel in runtime.channels.items():
        if name not in ABILITIES:
            continue  # an errand that the outbox runs, and no way to anybody
        can, standing = ABILITIES[name], standing_of(channel)
        found.append(
            {
                "id": name, "ready": standing.ready, "says": standing.says, "fix": standing.fix, "pages": can.pages, "updates": can.updates,
                "codes": can.codes, "replies": can.replies, "documents": can.documents, "text": can.text, "address": can.address,
                "key_travels": can.key_travels, "people": users.get(name, []),
            }
        )  # fmt: skip
    return found


def _tried(runtime: Runtime, name: str, to: str, actor: str) -> dict[str, Any]:
    """Send a test past the outbox: whoever sets a channel up wants the receiver's own answer, at once, and no second try."""
    channel = runtime.channels.get(name)
    if channel is None or not of(name).pages:
        known = ", ".join(sorted(one for one in runtime.channels if of(one).pages))
        raise NotFound(f"There is no channel {name} that reaches people.", fix=f"There are: {known}.")
    if wrong := problem(name, to):
        raise Refused(f"{name} cannot send there: {wrong}.", field="to")
    now = runtime.clock.now().isoformat()
    values = {"title": "Tocsin can reach you here", "summary": f"{actor} tried this channel.", "sent_at": now, "urgency": "low"}
    message = Message(f"channel.test:{name}:{fresh()}", "", _KIND, to, "Test", "", values, now)
    began = time.monotonic()
    try:
        receipt = channel.send(message)
    except ChannelFailed as failed:
        rest = failed.retry_after.total_seconds() if failed.retry_after else None
        return {
            "channel": name,
            "sent": False,
            "says": str(failed),
            "permanent": failed.permanent,
            "retry_after": rest,
            "seconds": _since(began),
        }
    return {"channel": name, "sent": True, "says": receipt, "permanent": False, "retry_after": None, "seconds": _since(began)}


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
