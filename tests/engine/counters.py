"""A kind of record for tests of the engine alone: a counter that can be raised, and refuses to pass ten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Column, Integer, Table, Text

from tocsin.engine.errors import Conflict
from tocsin.engine.kinds import Follow, Kind, Reaction, Registry, Tick
from tocsin.engine.model import Command, Context, Decision, Delivery, Event, Fact, Happened, RowWrite
from tocsin.engine.tables import metadata

LIMIT = 10

counters = Table("test_counters", metadata, Column("id", Text, primary_key=True), Column("value", Integer, nullable=False))


class Raise(Command, frozen=True):
    by: int = 1
    tell: str = ""
    wake_in: float = 0


class Tell(Command, frozen=True):
    """Send messages by channels: (key, channel, target). Takes messages back first."""

    messages: tuple[tuple[str, str, str], ...] = ()
    cancel: tuple[str, ...] = ()


class Hear(Command, frozen=True):
    """Note what became of a message; tell more by it, if asked to."""

    what: str
    tell: tuple[tuple[str, str, str], ...] = ()


class Heard(Event, frozen=True, tag="counter.heard"):
    what: str


class Raised(Event, frozen=True, tag="counter.raised"):
    by: int
    wake_at: datetime | None = None
    echo: str = ""


class Rang(Event, frozen=True, tag="counter.rang"):
    pass


class Counter(msgspec.Struct, frozen=True):
    id: str
    version: int = 0
    value: int = 0
    rang: int = 0
    wake_at: datetime | None = None
    heard: tuple[str, ...] = ()


def messages(of: tuple[tuple[str, str, str], ...]) -> tuple[Delivery, ...]:
    return tuple(Delivery(key, channel, target, "counter", {"value": 0}) for key, channel, target in of)


def _decide(counter: Counter, command: Command, ctx: Context) -> Decision:
    if isinstance(command, Tick):
        return Decision((Happened(Rang()),)) if counter.wake_at and counter.wake_at <= ctx.now else Decision()
    if isinstance(command, Tell):
        return Decision((), messages(command.messages), cancel=command.cancel)
    if isinstance(command, Hear):
        return Decision((Happened(Heard(command.what)),), messages(command.tell))
    assert isinstance(command, Raise)
    if counter.value + command.by > LIMIT:
        raise Conflict(f"{counter.id} would pass {LIMIT}.", fix="Raise it by less.", field="by")
    wake_at = ctx.now + timedelta(seconds=command.wake_in) if command.wake_in else None
    deliveries = (
        (Delivery(f"{counter.id}:{counter.version + 1}", "file", command.tell, "counter", {"value": counter.value}),)
        if command.tell
        else ()
    )
    echo = command.tell if command.tell.startswith("echo:") else ""
    return Decision((Happened(Raised(command.by, wake_at, echo)),), deliveries if not echo else (), {"value": counter.value + command.by})


def _evolve(counter: Counter, fact: Fact) -> Counter:
    match fact.event:
        case Raised(by=by, wake_at=wake_at):
            return msgspec.structs.replace(counter, version=fact.version, value=counter.value + by, wake_at=wake_at or counter.wake_at)
        case Heard(what=what):
            return msgspec.structs.replace(counter, version=fact.version, heard=(*counter.heard, what))
        case _:
            return msgspec.structs.replace(counter, version=fact.version, rang=counter.rang + 1, wake_at=None)


def _wake(counter: Counter, _now: datetime, _found: Any) -> datetime | None:
    return counter.wake_at


KIND = Kind(
    name="counter", state=Counter, events=(Raised, Rang, Heard), fold_version=1, initial=Counter, evolve=_evolve, decide=_decide,
    rows=lambda _b, a, _f: [RowWrite("test_counters", (a.id,), {"id": a.id, "value": a.value})], wake=_wake, plan=lambda c: c.wake_at,
)  # fmt: skip


def _echo(fact: Fact, _state: Any) -> list[Follow]:
    """A raise with ``echo:<other>`` raises the other counter by the same."""
    event = fact.event
    return [Follow("counter", event.echo.partition(":")[2], Raise(event.by))] if isinstance(event, Raised) and event.echo else []


def registry() -> Registry:
    return Registry(kinds={"counter": KIND}, reactions=(Reaction("echo", Raised, _echo),))
