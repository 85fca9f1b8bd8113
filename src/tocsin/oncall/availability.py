"""When a person is away, as versioned facts: what has begun stays, changes count from their own moment. Pure."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from tocsin.engine.errors import NotFound
from tocsin.engine.model import Command, Context, Decision, Fact, Happened
from tocsin.oncall import checks
from tocsin.oncall import commands as c
from tocsin.oncall import events as e
from tocsin.oncall.errors import AlreadyOver
from tocsin.oncall.evolve import from_now
from tocsin.oncall.model import Span
from tocsin.people.ids import checked_id


class Availability(msgspec.Struct, frozen=True):
    """A person's absences as they are known now, and the address at which their shifts are published."""

    id: str
    version: int = 0
    typed: dict[str, Span] = {}
    """By id."""
    calendars: dict[str, tuple[Span, ...]] = {}
    """By the calendar that they come from."""
    feed: str = ""


def spans_of(known: Availability) -> tuple[Span, ...]:
    """Return all absences, by start."""
    every = [*known.typed.values(), *(span for spans in known.calendars.values() for span in spans)]
    return tuple(sorted(every, key=lambda span: (span.start, span.end, span.why)))


def decide(known: Availability, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command.

    Raises:
        Refused: it cannot be carried out.

    """
    checked_id(known.id, "person")
    match command:
        case c.AddAbsence():
            checks.check_span(command.start, command.end)
            if command.end <= ctx.now:
                raise AlreadyOver(
                    f"That was over at {command.end:%Y-%m-%d %H:%M} UTC.", fix="To put a past shift right, add an override.", field="end"
                )
            absence = f"AB-{ctx.fresh[0]}"
            return _done(known, (e.AbsenceAdded(absence, command.start, command.end, command.why),), absence=absence)
        case c.RemoveAbsence(absence=name):
            kept = known.typed.get(name)
            if kept is None:
                raise NotFound(f"{known.id} has no absence {name}.", fix="`tocsin oncall absence list` shows them.", field="absence")
            if kept.end <= ctx.now:
                raise AlreadyOver(f"That absence was over at {kept.end:%Y-%m-%d %H:%M} UTC.", fix="What was stays.", field="absence")
            return _done(known, (e.AbsenceEnded(name, max(ctx.now, kept.start)),))
        case c.TakeAbsences(calendar=name, spans=spans):
            coming = tuple(span for span in spans if span.end > ctx.now)
            before = known.calendars.get(name, ())
            same = from_now(before, coming, ctx.now) == before
            return _done(known, () if same else (e.AbsencesTaken(name, coming),), absences=len(coming))
        case c.PublishFeed():
            return _done(known, (e.OwnFeedPublished("".join(ctx.fresh).lower()),))
        case c.RevokeFeed():
            return _done(known, (e.OwnFeedRevoked(),) if known.feed else ())
        case _:
            raise TypeError(f"availability knows no {type(command).__name__}")


def _done(known: Availability, facts: tuple[Any, ...], **more: Any) -> Decision:
    return Decision(tuple(map(Happened, facts)), result={"person": known.id, "changed": bool(facts), **more})


def evolve(known: Availability, fact: Fact) -> Availability:
    """Return the availability after a fact."""
    known = replace(known, version=fact.version)
    event = fact.event
    match event:
        case e.AbsenceAdded(absence=name):
            return replace(known, typed={**known.typed, name: Span(event.start, event.end, known.id, event.why)})
        case e.AbsenceEnded(absence=name, end=end):
            before = known.typed[name]
            left = {key: span for key, span in known.typed.items() if key != name}
            return replace(known, typed={**left, name: replace(before, end=end)} if end > before.start else left)
        case e.AbsencesTaken(calendar=name, spans=spans):
            kept = from_now(known.calendars.get(name, ()), spans, fact.recorded_at)
            return replace(known, calendars={**known.calendars, name: kept})
        case e.OwnFeedPublished(secret=secret):
            return replace(known, feed=secret)
        case e.OwnFeedRevoked():
            return replace(known, feed="")
        case _:
            return known
