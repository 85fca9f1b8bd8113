"""What changes the status page: decisions and the fold. Pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import msgspec

from tocsin.comms.status import model as m
from tocsin.engine.errors import Refused
from tocsin.engine.model import Command, Context, Decision, Delivery, Fact, Happened

_LINKS: Final = ("https", "http", "mailto")


def decide(page: m.StatusPage, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command. found: the ids of the services that are components.

    Raises:
        Refused: the page cannot be so.

    """
    match command:
        case m.SaveStatusPage():
            return _save(page, command)
        case m.SetComponentState():
            return _set(page, command, ctx)
        case m.ClearComponentState():
            if page.override_at(command.service, ctx.now) is None:
                return Decision(result={"service": command.service, "changed": False})
            return Decision((Happened(m.StateCleared(command.service)),), result={"service": command.service, "changed": True})
        case m.WriteToSubscriber():
            key = f"status:{command.kind}:{command.subscriber}:{command.number}"
            return Decision(
                deliveries=(Delivery(key, command.channel, command.subscriber, command.kind, {"sent_at": ctx.now.isoformat()}),)
            )
        case m.NoteRemoved():
            return Decision((Happened(m.SubscriberRemoved(command.subscriber, command.channel)),))
        case _:
            raise Refused(f"A status page does not know {type(command).__name__}.")


def _save(page: m.StatusPage, command: m.SaveStatusPage) -> Decision:
    name = " ".join(command.name.split())
    if not name:
        raise Refused("The page has no name.", fix="Write whose page it is.", field="name")
    url = command.support_url.strip()
    if url:
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in _LINKS or not (parts.netloc or parts.path) or not url.isprintable() or " " in url:
            raise Refused(
                f"{url[:80]!r} is no address that a link can have.",
                fix="Write it like https://… or mailto:help@example.com.",
                field="support_url",
            )
    saved = msgspec.structs.replace(
        command, name=name, support_url=url, about=command.about.strip(), header=command.header.strip(),
        order=tuple(dict.fromkeys(command.order)), hidden=tuple(dict.fromkeys(command.hidden)),
    )  # fmt: skip
    if saved == page.saved and page.version:
        return Decision(result={"changed": False})
    return Decision((Happened(m.StatusPageSaved(saved)),), result={"changed": True})


def _set(page: m.StatusPage, command: m.SetComponentState, ctx: Context) -> Decision:
    known: frozenset[str] = ctx.found
    if command.service not in known:
        names = ", ".join(sorted(known)) or "there are none yet"
        raise Refused(
            f"The page has no component of the service {command.service}.", fix=f"Services with a component: {names}.", field="service"
        )
    if command.until <= ctx.now:
        raise Refused("That time has passed.", fix="Give a later one; the state is computed again from then on.", field="until")
    reason = command.reason.strip()
    if not reason:
        raise Refused("There is no reason.", fix="Say in a few words why it is set by hand; the public does not see it.", field="reason")
    return Decision(
        (Happened(m.StateSet(command.service, command.state, reason, command.until)),),
        result={"service": command.service, "state": command.state, "until": command.until},
    )


def evolve(page: m.StatusPage, fact: Fact) -> m.StatusPage:
    """Return the page after a fact."""
    change = msgspec.structs.replace
    event = fact.event
    match event:
        case m.StatusPageSaved():
            return change(page, version=fact.version, saved=event.page)
        case m.StateSet():
            before = _ended(page, event.service, fact)
            made = m.Override(event.service, event.state, event.reason, fact.occurred_at, event.until, str(fact.actor))
            kept = tuple(one for one in before if one.until > fact.recorded_at - m.KEPT)
            return change(page, version=fact.version, overrides=(*kept, made))
        case m.StateCleared():
            return change(page, version=fact.version, overrides=_ended(page, event.service, fact))
        case _:
            return change(page, version=fact.version)


def _ended(page: m.StatusPage, service: str, fact: Fact) -> tuple[m.Override, ...]:
    at = fact.occurred_at
    return tuple(
        msgspec.structs.replace(one, until=at) if one.service == service and one.since <= at < one.until else one for one in page.overrides
    )
