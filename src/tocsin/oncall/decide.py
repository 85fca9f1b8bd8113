"""What follows from a command on a schedule. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import asdict

from tocsin.engine.errors import NotFound
from tocsin.engine.kinds import Tick
from tocsin.engine.model import Command, Context, Decision, Delivery, Happened
from tocsin.oncall import checks, due
from tocsin.oncall import commands as c
from tocsin.oncall import events as e
from tocsin.oncall.errors import AlreadyOver, NobodyNamed, NotASchedule, NotOnCall, OfferGone
from tocsin.oncall.evolve import from_now
from tocsin.oncall.layers import roles_of, who_is_on_call
from tocsin.oncall.model import Exchange, Override, Rota, Schedule, Subscriber
from tocsin.oncall.notices import on_call_notice
from tocsin.oncall.shifts import shifts
from tocsin.people.ids import checked_id

RESERVED = frozenset({"handoffs", "mine", "my", "new", "preview", "reach"})
"""Ends of addresses below ``/on-call`` that are pages of their own."""


def decide(schedule: Schedule, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command.

    Raises:
        Refused: it cannot be carried out.
        NotFound: there is no such schedule.

    """
    if isinstance(command, c.SaveSchedule):
        return due.with_change(schedule, _save(schedule, command, ctx), ctx)
    if not schedule.versions:
        raise NotFound(f"There is no schedule {schedule.id}.", fix="Check the id; `tocsin oncall list` shows them.")
    if isinstance(command, Tick):
        return due.tick(schedule, ctx)
    return due.with_change(schedule, _decide(schedule, command, ctx), ctx)


def _decide(schedule: Schedule, command: Command, ctx: Context) -> Decision:
    match command:
        case c.AddOverride():
            return _override(schedule, command, ctx)
        case c.RemoveOverride():
            return _end_override(schedule, command, ctx)
        case c.OfferShift() | c.TakeShift() | c.DeclineShift() | c.WithdrawOffer():
            return _exchange(schedule, command, ctx)
        case c.NoteAway(person=person, spans=spans):
            known = schedule.away.get(person, ())
            same = from_now(known, spans, ctx.now) == known
            return _done(schedule, () if same else (e.AwayNoted(person, tuple(s for s in spans if s.end > ctx.now)),))
        case c.TakeCalendar():
            return _calendar(schedule, command, ctx)
        case c.TakeHolidays(dates=dates):
            rota = msgspec.structs.replace(schedule.rota, holidays=tuple(sorted(set(dates))))
            checks.check(rota)
            return _done(schedule, () if rota == schedule.rota else (e.ScheduleSaved(rota, ctx.now),), holidays=len(rota.holidays))
        case c.Subscribe() | c.Unsubscribe():
            return _subscription(schedule, command, ctx)
        case c.PublishFeed():
            return _done(schedule, (e.FeedPublished("".join(ctx.fresh).lower()),))
        case c.RevokeFeed():
            return _done(schedule, (e.FeedRevoked(),) if schedule.feed else ())
        case _:
            raise TypeError(f"a schedule knows no {type(command).__name__}")


def _done(schedule: Schedule, facts: tuple[Any, ...], deliveries: tuple[Delivery, ...] = (), **more: Any) -> Decision:
    return Decision(tuple(map(Happened, facts)), deliveries, {"schedule": schedule.id, "changed": bool(facts), **more})


def _save(schedule: Schedule, command: c.SaveSchedule, ctx: Context) -> Decision:
    checked_id(schedule.id, "schedule")
    if not schedule.versions and schedule.id in RESERVED:
        raise NotASchedule(f"A schedule cannot be called {schedule.id!r}: a page has this address.", fix="Choose another id.", field="id")
    rota = Rota(**{name: value for name, value in asdict(command).items() if name != "since"})
    checks.check(rota)
    since = command.since or ctx.now
    if since < ctx.now:
        raise AlreadyOver(
            f"A schedule cannot be changed from {since:%Y-%m-%d %H:%M} UTC on: that is over.",
            fix="Leave `since` out, or name a moment to come. To put a past shift right, add an override for it.", field="since",
        )  # fmt: skip
    found: due.Found = ctx.found
    said: dict[str, Any] = {"unknown_people": list(found.unknown), "warnings": [f"There is no team {rota.team}."] if found.no_team else []}
    coming = bool(schedule.versions) and schedule.versions[-1].since is not None and schedule.versions[-1].since > ctx.now
    if schedule.versions and rota == schedule.rota and (not coming or schedule.versions[-1].since == since):
        return _done(schedule, (), **said)
    away = [
        e.AwayNoted(person, spans)
        for person, spans in found.away.items()
        if spans and from_now(schedule.away.get(person, ()), spans, ctx.now) != schedule.away.get(person, ())
    ]
    return _done(schedule, (e.ScheduleSaved(rota, since), *away), **said)


def _override(schedule: Schedule, command: c.AddOverride, ctx: Context) -> Decision:
    checks.check_span(command.start, command.end)
    checks.check_role(command.role, roles_of(schedule))
    person = "" if command.how == "remove" else _person(command.person, ctx)
    if command.how in ("replace", "remove") and not command.instead_of:
        raise NobodyNamed("It is not said who goes.", fix="Name them in `instead_of`.", field="instead_of")
    made = Override(
        f"OV-{ctx.fresh[0]}", command.how, command.start, command.end, person, command.instead_of if command.how in ("replace", "remove") else "",
        command.priority, command.role, command.why, str(ctx.actor), schedule.version + 1,
    )  # fmt: skip
    if _no_change(schedule, made, ctx.now) and command.how in ("replace", "remove"):
        raise NotOnCall(
            f"{command.instead_of} is not on call between {command.start:%Y-%m-%d %H:%M} and {command.end:%Y-%m-%d %H:%M} UTC.",
            fix="`tocsin oncall show` shows who is.", field="instead_of",
        )  # fmt: skip
    return _done(schedule, (e.OverrideAdded(made),), override=made.id)


def _no_change(schedule: Schedule, made: Override, _now: datetime) -> bool:
    return all(shift.person != made.instead_of for shift in shifts(schedule, made.start, made.end, made.role))


def _end_override(schedule: Schedule, command: c.RemoveOverride, ctx: Context) -> Decision:
    known = schedule.overrides.get(command.override)
    if known is None:
        raise NotFound(
            f"The schedule {schedule.id} has no override {command.override}.", fix="`tocsin oncall show` lists them.", field="override"
        )
    if known.end <= ctx.now:
        raise AlreadyOver(
            f"The override {known.id} was over at {known.end:%Y-%m-%d %H:%M} UTC.",
            fix="What was stays. To put a past shift right, add an override for it.", field="override",
        )  # fmt: skip
    end = max(known.start, ctx.now)
    return _done(schedule, (e.OverrideEnded(known.id, end, command.why),), override=known.id)


def _exchange(schedule: Schedule, command: c.OfferShift | c.TakeShift | c.DeclineShift | c.WithdrawOffer, ctx: Context) -> Decision:
    if isinstance(command, c.OfferShift):
        return _offer(schedule, command, ctx)
    known = schedule.exchanges.get(command.exchange)
    if known is None:
        raise NotFound(
            f"The schedule {schedule.id} has no offer {command.exchange}.", fix="`tocsin oncall show` lists them.", field="exchange"
        )
    person = "" if isinstance(command, c.WithdrawOffer) else _person(command.person, ctx)
    if isinstance(command, c.TakeShift) and known.state == "taken" and known.to == person:
        return _done(schedule, (), exchange=known.id)
    if known.state != "offered":
        raise OfferGone(f"The offer {known.id} is {known.state} already.", fix="Make another one, or add an override.", field="exchange")
    match command:
        case c.WithdrawOffer():
            return _done(schedule, (e.OfferWithdrawn(known.id, command.why),), exchange=known.id)
        case c.DeclineShift():
            if person in known.declined_by:
                return _done(schedule, (), exchange=known.id)
            return _done(schedule, (e.ShiftDeclined(known.id, person, command.why),), exchange=known.id)
        case c.TakeShift():
            if known.end <= ctx.now:
                raise AlreadyOver(f"That shift was over at {known.end:%Y-%m-%d %H:%M} UTC.", fix="Add an override to put it right.")
            if person == known.person:
                raise OfferGone("It is your own shift.", fix="Withdraw the offer instead.", field="person")
            if known.to and person != known.to:
                raise OfferGone(
                    f"{known.to} was asked, not {person}.", fix="Withdraw it and ask everybody, or add an override.", field="person"
                )
            return _done(schedule, (e.ShiftTaken(known.id, person),), exchange=known.id)


def _offer(schedule: Schedule, command: c.OfferShift, ctx: Context) -> Decision:
    checks.check_span(command.start, command.end)
    checks.check_role(command.role, roles_of(schedule))
    person = _person(command.person, ctx)
    if command.end <= ctx.now:
        raise AlreadyOver(f"That is over since {command.end:%Y-%m-%d %H:%M} UTC.", fix="Name a stretch to come.", field="end")
    _on_duty(schedule, person, command.start, command.end, command.role, "start")
    if (command.back_start is None) != (command.back_end is None):
        raise NobodyNamed("Of what you take in return only one end is named.", fix="Name back_start and back_end.", field="back_end")
    if command.back_start is not None and command.back_end is not None:
        checks.check_span(command.back_start, command.back_end, "back_end")
        if not command.to:
            raise NobodyNamed("It is not said whose stretch you take in return.", fix="Name the person in `to`.", field="to")
        _on_duty(schedule, command.to, command.back_start, command.back_end, command.role, "back_start")
    if command.to == person:
        raise NobodyNamed("You cannot give a shift to yourself.", fix="Name somebody else, or nobody to ask everybody.", field="to")
    made = Exchange(
        f"EX-{ctx.fresh[0]}", person, command.start, command.end, command.to, command.back_start, command.back_end, role=command.role,
        why=command.why, number=schedule.version + 1,
    )  # fmt: skip
    return _done(schedule, (e.ShiftOffered(made),), exchange=made.id)


def _on_duty(schedule: Schedule, person: str, start: datetime, end: datetime, role: str, field: str) -> None:
    if all(shift.person != person for shift in shifts(schedule, start, end, role)):
        raise NotOnCall(
            f"{person} is not on call between {start:%Y-%m-%d %H:%M} and {end:%Y-%m-%d %H:%M} UTC.",
            fix="`tocsin oncall show` shows who is.", field=field,
        )  # fmt: skip


def _person(given: str | None, ctx: Context) -> str:
    if given:
        return given
    if ctx.actor.kind == "person":
        return ctx.actor.id
    raise NobodyNamed("It is not said who.", fix="Name a person.", field="person")


def _calendar(schedule: Schedule, command: c.TakeCalendar, ctx: Context) -> Decision:
    known = schedule.calendars.get(command.calendar)
    result: dict[str, Any] = {"calendar": command.calendar, "shifts": len(command.spans), "unknown": list(command.unknown)}
    if known and (known.text, known.user_from, known.known) == (command.text, command.user_from, command.known):
        return _done(schedule, (), **result)
    taken = e.CalendarTaken(
        command.calendar, command.text, command.spans, command.read_until, command.user_from, command.known, command.unknown
    )
    found: due.Found = ctx.found
    away = [e.AwayNoted(person, spans) for person, spans in found.away.items() if spans and person not in schedule.away]
    return _done(schedule, (taken, *away), **result)


def _subscription(schedule: Schedule, command: c.Subscribe | c.Unsubscribe, ctx: Context) -> Decision:
    place = Subscriber(command.channel, command.target)
    known = place in schedule.subscribers
    if isinstance(command, c.Unsubscribe):
        return _done(schedule, (e.Unsubscribed(place),) if known else ())
    if known:
        return _done(schedule, ())
    # It hears who is on call as soon as it listens.
    values = on_call_notice(schedule, who_is_on_call(schedule, ctx.now), (), "", ctx.now, ctx.found.names)
    delivery = Delivery(f"{schedule.id}:on-call:{schedule.version + 1}:0", place.channel, place.target, "schedule.on_call", values)
    return _done(schedule, (e.Subscribed(place),), (delivery,))
