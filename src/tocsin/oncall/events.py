"""What happens to schedules, to people's availability and to hand-offs. The tags are stored names and stay for ever."""

from __future__ import annotations

from datetime import datetime

from tocsin.engine.model import Event
from tocsin.oncall.model import Exchange, Override, Rota, Span, Subscriber


class ScheduleSaved(Event, frozen=True, tag="schedule.saved"):
    """A schedule was written down as it is from ``since`` on."""

    rota: Rota
    since: datetime


class OverrideAdded(Event, frozen=True, tag="schedule.override_added"):
    """Somebody decided otherwise for a while."""

    override: Override


class OverrideEnded(Event, frozen=True, tag="schedule.override_ended"):
    """An override was taken back; ``end``: when it stopped to count (its begin, where it never did)."""

    override: str
    end: datetime
    why: str = ""


class ShiftOffered(Event, frozen=True, tag="schedule.shift_offered"):
    """Somebody wants to give a shift away."""

    exchange: Exchange


class ShiftTaken(Event, frozen=True, tag="schedule.shift_taken"):
    """Somebody takes it, from now on."""

    exchange: str
    person: str


class ShiftDeclined(Event, frozen=True, tag="schedule.shift_declined"):
    """Somebody was asked and said no."""

    exchange: str
    person: str
    why: str = ""


class OfferWithdrawn(Event, frozen=True, tag="schedule.offer_withdrawn"):
    """An offer was taken back."""

    exchange: str
    why: str = ""


class AwayNoted(Event, frozen=True, tag="schedule.away_noted"):
    """When a person is away, as known from now on."""

    person: str
    spans: tuple[Span, ...]


class CalendarTaken(Event, frozen=True, tag="schedule.calendar_taken"):
    """A calendar was imported: its shifts count from now on, up to ``read_until``."""

    calendar: str
    text: str
    spans: tuple[Span, ...]
    read_until: datetime
    user_from: str
    known: dict[str, str] = {}
    unknown: tuple[str, ...] = ()


class CalendarReadOn(Event, frozen=True, tag="schedule.calendar_read_on"):
    """The same calendar was read further into the future."""

    calendar: str
    spans: tuple[Span, ...]
    read_until: datetime


class Subscribed(Event, frozen=True, tag="schedule.subscribed"):
    """A place is told who is on call."""

    subscriber: Subscriber


class Unsubscribed(Event, frozen=True, tag="schedule.unsubscribed"):
    """It is told no more."""

    subscriber: Subscriber


class FeedPublished(Event, frozen=True, tag="schedule.feed_published"):
    """The shifts are published as a calendar at a secret address."""

    secret: str


class FeedRevoked(Event, frozen=True, tag="schedule.feed_revoked"):
    """They are not any more."""


class OnCallChanged(Event, frozen=True, tag="schedule.on_call_changed"):
    """Others are on call from now on."""

    people: tuple[str, ...]
    before: tuple[str, ...]
    role: str = ""


class ShiftsAnnounced(Event, frozen=True, tag="schedule.shifts_announced"):
    """Those whose shift begins up to ``until`` were told that it comes."""

    until: datetime
    told: tuple[str, ...] = ()


class SummaryAsked(Event, frozen=True, tag="schedule.summary_asked"):
    """A hand-off comes, and a written summary is asked for."""

    at: datetime
    outgoing: tuple[str, ...]
    incoming: tuple[str, ...]
    warn_at: datetime
    shift_began: datetime


SCHEDULE_EVENTS: tuple[type[Event], ...] = (
    ScheduleSaved, OverrideAdded, OverrideEnded, ShiftOffered, ShiftTaken, ShiftDeclined, OfferWithdrawn, AwayNoted, CalendarTaken,
    CalendarReadOn, Subscribed, Unsubscribed, FeedPublished, FeedRevoked, OnCallChanged, ShiftsAnnounced, SummaryAsked,
)  # fmt: skip


# -- a person's availability -----------------------------------------------------------------------


class AbsenceAdded(Event, frozen=True, tag="availability.absence_added"):
    """A person will be away."""

    absence: str
    start: datetime
    end: datetime
    why: str = ""


class AbsenceEnded(Event, frozen=True, tag="availability.absence_ended"):
    """They are back, or do not go; ``end``: from when they are there."""

    absence: str
    end: datetime


class AbsencesTaken(Event, frozen=True, tag="availability.absences_taken"):
    """A calendar's absences, from now on in the place of what the same calendar said before."""

    calendar: str
    spans: tuple[Span, ...]


class OwnFeedPublished(Event, frozen=True, tag="availability.feed_published"):
    """A person's shifts are published as a calendar at a secret address."""

    secret: str


class OwnFeedRevoked(Event, frozen=True, tag="availability.feed_revoked"):
    """They are not any more."""


AVAILABILITY_EVENTS: tuple[type[Event], ...] = (AbsenceAdded, AbsenceEnded, AbsencesTaken, OwnFeedPublished, OwnFeedRevoked)


# -- the written hand-off --------------------------------------------------------------------------


class HandoffAsked(Event, frozen=True, tag="handoff.asked"):
    """A written summary is due at a hand-off."""

    schedule: str
    at: datetime
    outgoing: tuple[str, ...]
    incoming: tuple[str, ...]
    warn_at: datetime
    shift_began: datetime


class SummarySaved(Event, frozen=True, tag="handoff.saved"):
    """The summary was written."""

    text: str


class SummarySigned(Event, frozen=True, tag="handoff.signed"):
    """The one whose shift ends signed it."""

    person: str
    late: bool = False


class SummaryRead(Event, frozen=True, tag="handoff.acknowledged"):
    """The one whose shift begins has read it."""

    person: str


class SummaryWarned(Event, frozen=True, tag="handoff.warned"):
    """It is still missing shortly before the hand-off, and the one whose shift ends was told."""


class SummaryMissed(Event, frozen=True, tag="handoff.missed"):
    """The hand-off came without it."""


class SummaryDropped(Event, frozen=True, tag="handoff.dropped"):
    """The schedule was changed: this hand-off does not take place."""


HANDOFF_EVENTS: tuple[type[Event], ...] = (
    HandoffAsked, SummarySaved, SummarySigned, SummaryRead, SummaryWarned, SummaryMissed, SummaryDropped,
)  # fmt: skip
