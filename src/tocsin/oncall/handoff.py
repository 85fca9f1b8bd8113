"""The written hand-off of a shift: asked for, written, signed by the one who goes, acknowledged by the one who comes, or missed. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from tocsin.engine.errors import NotFound
from tocsin.engine.kinds import Tick
from tocsin.engine.model import Command, Context, Decision, Delivery, Event, Fact, Happened
from tocsin.oncall import commands as c
from tocsin.oncall import events as e
from tocsin.oncall.due import Reach
from tocsin.oncall.errors import NobodyNamed, NotSigned
from tocsin.oncall.layers import who_is_on_call
from tocsin.oncall.model import Schedule
from tocsin.oncall.shifts import without_short


class Handoff(msgspec.Struct, frozen=True):
    """A hand-off as it is now. Its id is the schedule's and the moment: ``payments@20260105T090000Z``."""

    id: str
    version: int = 0
    schedule: str = ""
    at: datetime | None = None
    outgoing: tuple[str, ...] = ()
    incoming: tuple[str, ...] = ()
    warn_at: datetime | None = None
    shift_began: datetime | None = None
    text: str = ""
    state: Literal["due", "missed", "signed", "dropped"] = "due"
    """``missed`` until it is signed late."""
    warned: bool = False
    signed_by: str = ""
    signed_at: datetime | None = None
    late: bool = False
    read_by: dict[str, datetime] = {}
    """Who of those who come has said that they have read it, and when."""


class Found(msgspec.Struct, frozen=True):
    """What was looked up for a hand-off's decision."""

    schedule: Schedule | None = None
    names: dict[str, str] = {}
    reach: dict[str, Reach] = {}


def handoff_id(schedule: str, at: datetime) -> str:
    """Return the id of a schedule's hand-off at a moment."""
    return f"{schedule}@{at:%Y%m%dT%H%M%SZ}"


def wake(handoff: Handoff, _now: datetime, _found: object) -> datetime | None:
    """Return when it has to be warned about or counts as missed."""
    if handoff.state != "due" or handoff.at is None:
        return None
    return handoff.warn_at if not handoff.warned and handoff.warn_at is not None else handoff.at


def decide(handoff: Handoff, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command.

    Raises:
        Refused: it cannot be carried out.

    """
    if isinstance(command, c.AskSummary):
        if handoff.version:
            return Decision(result={"handoff": handoff.id})
        asked = e.HandoffAsked(
            command.schedule, command.at, command.outgoing, command.incoming, command.warn_at, command.shift_began
        )  # fmt: skip
        return Decision((Happened(asked),), result={"handoff": handoff.id})
    if not handoff.version or handoff.at is None:
        raise NotFound(f"There is no hand-off {handoff.id}.", fix="`tocsin oncall handoff list` shows them.")
    match command:
        case Tick():
            return _tick(handoff, ctx)
        case c.SaveSummary(text=text):
            if handoff.signed_at is not None:
                raise NotSigned(f"The summary is signed by {handoff.signed_by} already.", fix="Tell the one who comes directly.")
            return _done(handoff, (e.SummarySaved(text),) if text != handoff.text else ())
        case c.SignSummary():
            return _sign(handoff, command, ctx)
        case c.AcknowledgeSummary():
            return _acknowledge(handoff, ctx)
        case _:
            raise TypeError(f"a hand-off knows no {type(command).__name__}")


def _done(handoff: Handoff, facts: tuple[Event, ...], deliveries: tuple[Delivery, ...] = ()) -> Decision:
    return Decision(tuple(map(Happened, facts)), deliveries, {"handoff": handoff.id, "changed": bool(facts)})


def _tick(handoff: Handoff, ctx: Context) -> Decision:
    found: Found = ctx.found
    assert handoff.at is not None
    if handoff.state != "due" or not _due(handoff, ctx.now):
        return _done(handoff, ())
    if not _takes_place(handoff, found.schedule):
        return _done(handoff, (e.SummaryDropped(),))
    if ctx.now >= handoff.at:
        return _done(handoff, (e.SummaryMissed(),), _told(handoff, "missed", handoff.outgoing, found))
    return _done(handoff, (e.SummaryWarned(),), _told(handoff, "warned", handoff.outgoing, found))


def _due(handoff: Handoff, now: datetime) -> bool:
    moment = wake(handoff, now, None)
    return moment is not None and moment <= now


def _takes_place(handoff: Handoff, schedule: Schedule | None) -> bool:
    """Tell whether the schedule, as it is known now, still has this hand-off."""
    assert handoff.at is not None
    if schedule is None:
        return False
    people = who_is_on_call(without_short(schedule), handoff.at)
    return all(person in people for person in handoff.incoming) and not any(person in people for person in handoff.outgoing)


def _sign(handoff: Handoff, command: c.SignSummary, ctx: Context) -> Decision:
    if handoff.signed_at is not None:
        return _done(handoff, ())
    person = _acting(handoff, handoff.outgoing, ctx, "sign it")
    text = command.text or handoff.text
    if not text.strip():
        raise NotSigned("There is nothing to sign yet.", fix="Write the summary first, or send it along as `text`.", field="text")
    facts: list[Event] = [e.SummarySaved(text)] if text != handoff.text else []
    assert handoff.at is not None
    facts.append(e.SummarySigned(person, ctx.now > handoff.at))
    return _done(handoff, tuple(facts), _told(replace(handoff, text=text), "written", handoff.incoming, ctx.found))


def _acknowledge(handoff: Handoff, ctx: Context) -> Decision:
    person = _acting(handoff, handoff.incoming, ctx, "acknowledge it")
    if handoff.signed_at is None:
        raise NotSigned("The summary is not signed yet.", fix=f"Ask {' or '.join(handoff.outgoing)} to sign it.")
    return _done(handoff, () if person in handoff.read_by else (e.SummaryRead(person),))


def _acting(handoff: Handoff, of: tuple[str, ...], ctx: Context, what: str) -> str:
    """Return the person who acts; an administrator acts for the first of those whose it is."""
    if ctx.actor.kind != "person":
        return of[0]
    if ctx.actor.id not in of:
        raise NobodyNamed(f"Only {' or '.join(of)} can {what}.", fix=f"You are {ctx.actor.id}; `--as` says who acts.", field="person")
    return ctx.actor.id


def _told(handoff: Handoff, what: str, people: tuple[str, ...], found: Found) -> tuple[Delivery, ...]:
    rota = found.schedule.rota if found.schedule else None
    made = []
    for person in people:
        reach = found.reach.get(person, Reach())
        values = {
            "handoff": handoff.id, "schedule": handoff.schedule, "name": (rota.name if rota else "") or handoff.schedule, "at": handoff.at,
            "outgoing": list(handoff.outgoing), "incoming": list(handoff.incoming), "names": found.names, "text": handoff.text,
            "zone": reach.zone or (rota.zone if rota else "UTC"), "missed": what == "missed",
        }  # fmt: skip
        kind = "handoff.written" if what == "written" else "handoff.missing"
        made += [
            Delivery(f"{handoff.id}:{what}:{person}:{number}", channel, target, kind, values)
            for number, (channel, target) in enumerate(reach.ways)
        ]
    return tuple(made)


def evolve(handoff: Handoff, fact: Fact) -> Handoff:
    """Return the hand-off after a fact."""
    handoff = replace(handoff, version=fact.version)
    event = fact.event
    match event:
        case e.HandoffAsked():
            return replace(
                handoff, schedule=event.schedule, at=event.at, outgoing=event.outgoing, incoming=event.incoming, warn_at=event.warn_at,
                shift_began=event.shift_began,
            )  # fmt: skip
        case e.SummarySaved(text=text):
            return replace(handoff, text=text)
        case e.SummarySigned(person=person, late=late):
            return replace(handoff, state="signed", signed_by=person, signed_at=fact.occurred_at, late=late)
        case e.SummaryRead(person=person):
            return replace(handoff, read_by={**handoff.read_by, person: fact.occurred_at})
        case e.SummaryWarned():
            return replace(handoff, warned=True)
        case e.SummaryMissed():
            return replace(handoff, state="missed")
        case e.SummaryDropped():
            return replace(handoff, state="dropped")
        case _:
            return handoff
