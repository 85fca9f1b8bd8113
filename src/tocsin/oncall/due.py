"""What a schedule does by itself when its time comes: notice that others are on call, tell who is next, ask for a summary, read on. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.engine.model import Context, Decision, Delivery, Event, Fact, Happened
from tocsin.oncall import events as e
from tocsin.oncall import ical
from tocsin.oncall.errors import NotACalendar
from tocsin.oncall.evolve import evolve
from tocsin.oncall.layers import roles_of, who_is_on_call
from tocsin.oncall.model import Calendar, Schedule, Shift, Span
from tocsin.oncall.notices import coming_notice, on_call_notice
from tocsin.oncall.shifts import hand_offs, merged, next_change, shifts, without_short
from tocsin.playbooks.durations import Duration

READ_AHEAD: Final = timedelta(days=400)
"""How far a calendar is read into the future."""
READ_AGAIN: Final = timedelta(days=180)
"""It is read on when no more than this is left."""
_LOOK: Final = timedelta(days=40)
"""How far ahead the next shift to announce and the next hand-off are looked for; further ones are looked for again then."""
_NEVER: Final = timedelta(days=400)


class Reach(msgspec.Struct, frozen=True):
    """How a person is told something: channel and target of each way, and their clock."""

    ways: tuple[tuple[str, str], ...] = ()
    zone: str = ""


class Found(msgspec.Struct, frozen=True):
    """What was looked up for a schedule's decision."""

    summary: bool = False
    """Whether the playbook asks for written hand-offs."""
    names: dict[str, str] = {}
    """The names of people, by id."""
    reach: dict[str, Reach] = {}
    away: dict[str, tuple[Span, ...]] = {}
    """When the people of a rota that is being saved are away."""
    unknown: tuple[str, ...] = ()
    """People of it whom nobody has written down."""
    no_team: bool = False
    """It names a team that nobody has written down."""


def wake(schedule: Schedule, now: datetime, found: Found) -> datetime | None:
    """Return when the schedule next has something to do."""
    if not schedule.versions:
        return None
    moments: list[datetime] = []
    for role in roles_of(schedule):
        if _changed(schedule, role, now):
            return now
        changes = next_change(schedule, now, role)
        moments.append(changes if changes is not None else now + _NEVER)
    if before := _span(schedule.rota.tell_before):
        coming = _coming(schedule, max(schedule.told_ahead or now, now), now + before + _LOOK)
        moments.append(min((max(shift.start - before, now) for shift in coming), default=now + _LOOK))
    if _summaries(schedule, found):
        opens = _span(schedule.rota.summary_opens)
        asked = [
            one
            for one in hand_offs(without_short(schedule), now, now + opens + _LOOK)
            if schedule.opened is None or one.at > schedule.opened
        ]
        moments.append(min((max(one.at - opens, now) for one in asked if one.at > now), default=now + _LOOK))
    moments += [one.read_until - READ_AGAIN for one in schedule.calendars.values() if one.read_until is not None and one.text]
    return max(min(moments), now)


def tick(schedule: Schedule, ctx: Context) -> Decision:
    """Return what a schedule does now."""
    found: Found = ctx.found
    facts: list[Event] = []
    deliveries: list[Delivery] = []
    for role in roles_of(schedule):
        if _changed(schedule, role, ctx.now):
            _note_change(schedule, role, ctx.now, found, facts, deliveries)
    if before := _span(schedule.rota.tell_before):
        _announce(schedule, ctx.now, before, found, facts, deliveries)
    if _summaries(schedule, found):
        facts += _ask(schedule, ctx.now)
    for name, calendar in schedule.calendars.items():
        if calendar.text and calendar.read_until is not None and calendar.read_until - READ_AGAIN <= ctx.now:
            facts.append(_read_on(name, calendar, schedule.rota.zone, ctx.now))
    return Decision(tuple(map(Happened, facts)), tuple(deliveries), {"schedule": schedule.id})


def with_change(schedule: Schedule, decision: Decision, ctx: Context) -> Decision:
    """Return a decision with what it changes about who is on call right now: that is noted, and told, in the same transaction."""
    after = schedule
    for number, made in enumerate(decision.facts, schedule.version + 1):
        after = evolve(after, Fact(f"schedule:{schedule.id}", number, made.event, ctx.now, ctx.now, ctx.actor))
    facts: list[Event] = []
    deliveries: list[Delivery] = []
    for role in roles_of(after) if decision.facts else ():
        if _changed(after, role, ctx.now):
            _note_change(after, role, ctx.now, ctx.found, facts, deliveries)
    if not facts:
        return decision
    return replace(decision, facts=(*decision.facts, *map(Happened, facts)), deliveries=(*decision.deliveries, *deliveries))


def _changed(schedule: Schedule, role: str, now: datetime) -> bool:
    return set(who_is_on_call(schedule, now, role)) != set(schedule.told.get(role, ()))


def _note_change(
    schedule: Schedule, role: str, now: datetime, found: Found, facts: list[Event], deliveries: list[Delivery]
) -> None:  # fmt: skip
    people, before = who_is_on_call(schedule, now, role), schedule.told.get(role, ())
    facts.append(e.OnCallChanged(people, before, role))
    values = on_call_notice(schedule, people, before, role, now, found.names)
    for number, place in enumerate(schedule.subscribers):
        key = f"{schedule.id}:on-call:{schedule.version + len(facts)}:{number}"
        deliveries.append(Delivery(key, place.channel, place.target, "schedule.on_call", values))


def _announce(
    schedule: Schedule, now: datetime, before: timedelta, found: Found, facts: list[Event], deliveries: list[Delivery]
) -> None:  # fmt: skip
    since = max(schedule.told_ahead or now, now)
    if since >= now + before:
        return
    told = []
    for shift in _coming(schedule, since, now + before):
        reach = found.reach.get(shift.person, Reach())
        values = coming_notice(schedule, shift.person, shift.start, shift.end, shift.role, reach.zone)
        told.append(shift.person)
        for number, (channel, target) in enumerate(reach.ways):
            key = f"{schedule.id}:coming:{shift.person}:{shift.start:%Y%m%dT%H%M}:{number}"
            deliveries.append(Delivery(key, channel, target, "schedule.shift_coming", values))
    if told:
        facts.append(e.ShiftsAnnounced(now + before, tuple(told)))


def _coming(schedule: Schedule, after: datetime, until: datetime) -> list[Shift]:
    """Return shifts that begin after a moment and up to another one, with their true ends."""
    return [
        shift
        for role in roles_of(schedule)
        for shift in merged(shifts(schedule, after - timedelta(seconds=1), until + _LOOK, role))
        if after < shift.start <= until
    ]


def _ask(schedule: Schedule, now: datetime) -> Iterable[Event]:
    opens, warns = _span(schedule.rota.summary_opens), _span(schedule.rota.summary_warns)
    for one in hand_offs(without_short(schedule), now, now + opens + timedelta(seconds=1)):
        if one.at > now and (schedule.opened is None or one.at > schedule.opened):
            yield e.SummaryAsked(one.at, one.outgoing, one.incoming, max(one.at - warns, now), one.began)


def _summaries(schedule: Schedule, found: Found) -> bool:
    wanted = schedule.rota.hand_off_summary
    return found.summary if wanted is None else wanted


def _read_on(name: str, calendar: Calendar, zone: str, now: datetime) -> Event:
    until = now + READ_AHEAD
    try:
        spans, _ = ical.spans_of(calendar.text, calendar.user_from, calendar.known or None, zone, now, until)
    except NotACalendar:
        # It could be read when it came; what it said up to now stays, and it is not tried for ever.
        spans = tuple(span for span in calendar.spans if span.end > now)
    return e.CalendarReadOn(name, spans, until)


def _span(text: str) -> timedelta:
    return Duration.parse(text) if text else timedelta()
