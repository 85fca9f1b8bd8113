"""The schedule after a fact. What a fact changes counts from its own moment, so that shifts of the past stay what they were."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, assert_never

from msgspec.structs import replace

from tocsin.engine.model import Fact
from tocsin.oncall import events as e
from tocsin.oncall.model import Calendar, Exchange, Override, Schedule, Span, Version

FOLD_VERSION: Final = 1

ScheduleEvent = (
    e.ScheduleSaved
    | e.OverrideAdded
    | e.OverrideEnded
    | e.ShiftOffered
    | e.ShiftTaken
    | e.ShiftDeclined
    | e.OfferWithdrawn
    | e.AwayNoted
    | e.CalendarTaken
    | e.CalendarReadOn
    | e.Subscribed
    | e.Unsubscribed
    | e.FeedPublished
    | e.FeedRevoked
    | e.OnCallChanged
    | e.ShiftsAnnounced
    | e.SummaryAsked
)


def from_now(before: Iterable[Span], after: Iterable[Span], now: datetime) -> tuple[Span, ...]:
    """Return spans that change at a moment: up to it those of before, from it on those of after."""
    kept = [span if span.end <= now else replace(span, end=now) for span in before if span.start < now]
    new = [span if span.start >= now else replace(span, start=now) for span in after if span.end > now]
    for place, span in enumerate(kept):
        # What goes on unchanged stays one span.
        same = next((one for one in new if one.start == now == span.end and (one.person, one.why) == (span.person, span.why)), None)
        if same is not None:
            new.remove(same)
            kept[place] = replace(span, end=same.end)
    return tuple(sorted((*kept, *new), key=lambda span: (span.start, span.end, span.person)))


def evolve(schedule: Schedule, fact: Fact) -> Schedule:
    """Return the schedule after a fact."""
    event: ScheduleEvent = fact.event  # type: ignore[assignment]
    after = _after(schedule, event, fact)
    quiet = isinstance(event, e.ShiftDeclined | e.FeedPublished | e.FeedRevoked)
    return replace(after, version=fact.version, plan=schedule.plan if quiet else schedule.plan + 1)


def _after(schedule: Schedule, event: ScheduleEvent, fact: Fact) -> Schedule:
    now = fact.recorded_at
    match event:
        case e.ScheduleSaved(rota=rota, since=since):
            # A version that was to come and has not yet is put aside by whatever is saved to count earlier.
            kept = tuple(one for one in schedule.versions if one.since is None or one.since < since)
            return replace(schedule, versions=(*kept, Version(since, rota)))
        case e.OverrideAdded(override=override):
            return _with_override(schedule, override)
        case e.OverrideEnded(override=name, end=end):
            before = schedule.overrides[name]
            if end > before.start:
                return _with_override(schedule, replace(before, end=end))
            return replace(schedule, overrides={key: one for key, one in schedule.overrides.items() if key != name})
        case e.ShiftOffered(exchange=exchange):
            return _with_exchange(schedule, exchange)
        case e.ShiftTaken(exchange=name, person=person):
            offer = schedule.exchanges[name]
            return _with_exchange(schedule, replace(offer, state="taken", to=person, since=now, number=fact.version))
        case e.ShiftDeclined(exchange=name, person=person):
            offer = schedule.exchanges[name]
            state = "declined" if offer.to else offer.state
            return _with_exchange(schedule, replace(offer, state=state, declined_by=(*offer.declined_by, person)))
        case e.OfferWithdrawn(exchange=name):
            return _with_exchange(schedule, replace(schedule.exchanges[name], state="withdrawn"))
        case e.AwayNoted(person=person, spans=spans):
            return replace(schedule, away={**schedule.away, person: from_now(schedule.away.get(person, ()), spans, now)})
        case e.CalendarTaken():
            known = schedule.calendars.get(event.calendar, Calendar())
            spans = from_now(known.spans, event.spans, now)
            taken = Calendar(spans, event.text, event.user_from, event.read_until, event.unknown, event.known)
            return replace(schedule, calendars={**schedule.calendars, event.calendar: taken})
        case e.CalendarReadOn():
            known = schedule.calendars[event.calendar]
            longer = replace(known, spans=from_now(known.spans, event.spans, now), read_until=event.read_until)
            return replace(schedule, calendars={**schedule.calendars, event.calendar: longer})
        case e.Subscribed(subscriber=subscriber):
            return replace(schedule, subscribers=(*schedule.subscribers, subscriber))
        case e.Unsubscribed(subscriber=subscriber):
            return replace(schedule, subscribers=tuple(one for one in schedule.subscribers if one != subscriber))
        case e.FeedPublished(secret=secret):
            return replace(schedule, feed=secret)
        case e.FeedRevoked():
            return replace(schedule, feed="")
        case e.OnCallChanged(people=people, role=role):
            return replace(schedule, told={**schedule.told, role: people}, told_at=fact.occurred_at)
        case e.ShiftsAnnounced(until=until):
            return replace(schedule, told_ahead=until)
        case e.SummaryAsked(at=at):
            return replace(schedule, opened=at)
        case _:
            assert_never(event)


def _with_override(schedule: Schedule, override: Override) -> Schedule:
    return replace(schedule, overrides={**schedule.overrides, override.id: override})


def _with_exchange(schedule: Schedule, exchange: Exchange) -> Schedule:
    return replace(schedule, exchanges={**schedule.exchanges, exchange.id: exchange})
