"""What people, files and timers can ask of a schedule, and of a person's availability."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from tocsin.engine.model import Command
from tocsin.oncall.model import Aware, Name, Rota, Span, Text

_Person = Annotated[str, Meta(max_length=100)]


class SaveSchedule(Rota, frozen=True):
    """Write down a schedule as it is from now on, or from a moment to come. Shifts before that stay what they were."""

    since: Aware | None = None


class AddOverride(Command, frozen=True):
    """Decide otherwise for a while: one person more, one in the place of another, one less, or one alone."""

    start: Aware
    end: Aware
    how: Literal["add", "replace", "remove", "take"] = "take"
    person: _Person | None = None
    """Who comes; you, where it is left out (except to remove)."""
    instead_of: _Person = ""
    """Who goes, of ``replace`` and ``remove``."""
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    role: Annotated[str, Meta(max_length=50)] = ""
    why: Text = ""


class RemoveOverride(Command, frozen=True):
    """Take an override back. What it has changed already stays; it ends now."""

    override: Name
    why: Text = ""


class OfferShift(Command, frozen=True):
    """Offer a shift or a part of it: to a person (a swap, perhaps for a stretch of theirs), or to whoever takes it (a cover request)."""

    start: Aware
    end: Aware
    person: _Person | None = None
    """Whose shift it is; yours, where it is left out."""
    to: _Person = ""
    """Who is asked; anybody, where it is left out."""
    back_start: Aware | None = None
    back_end: Aware | None = None
    """What you take in return."""
    role: Annotated[str, Meta(max_length=50)] = ""
    why: Text = ""


class TakeShift(Command, frozen=True):
    """Take a shift that is offered. A second time is no error."""

    exchange: Name
    person: _Person | None = None
    """Who takes it; you, where it is left out."""


class DeclineShift(Command, frozen=True):
    """Say no to an offer. One that was made to anybody stays open to the others."""

    exchange: Name
    person: _Person | None = None
    why: Text = ""


class WithdrawOffer(Command, frozen=True):
    """Take an offer back that nobody has taken."""

    exchange: Name
    why: Text = ""


class NoteAway(Command, frozen=True):
    """Take note of when a person is away; changes count from now."""

    person: Name
    spans: tuple[Span, ...]


class TakeCalendar(Command, frozen=True):
    """Take over what a calendar says, from now on. Made from the calendar's text outside the transaction."""

    calendar: Name
    text: str
    spans: tuple[Span, ...]
    read_until: Aware
    user_from: str
    known: dict[str, str]
    unknown: tuple[str, ...] = ()


class TakeHolidays(Command, frozen=True):
    """Make these dates the schedule's holidays, from now on."""

    dates: Annotated[tuple[str, ...], Meta(max_length=2000)]


class Subscribe(Command, frozen=True):
    """Have a place told who is on call, now and whenever it changes."""

    channel: Annotated[str, Meta(min_length=1, max_length=50)]
    target: Annotated[str, Meta(min_length=1, max_length=2000)]


class Unsubscribe(Command, frozen=True):
    """Tell a place no more."""

    channel: Annotated[str, Meta(min_length=1, max_length=50)]
    target: Annotated[str, Meta(min_length=1, max_length=2000)]


class PublishFeed(Command, frozen=True):
    """Publish the shifts as a calendar at a secret address; again: at another one, and the old one is no more."""


class RevokeFeed(Command, frozen=True):
    """Publish them no more."""


# -- a person's availability -----------------------------------------------------------------------


class AddAbsence(Command, frozen=True):
    """Write down that a person is away."""

    start: Aware
    end: Aware
    why: Text = ""


class RemoveAbsence(Command, frozen=True):
    """Take an absence back; one that has begun ends now."""

    absence: Name


class TakeAbsences(Command, frozen=True):
    """Make what a calendar says the person's absences from now on, in the place of what the same calendar said before."""

    calendar: Name
    spans: Annotated[tuple[Span, ...], Meta(max_length=5000)]


# -- the written hand-off --------------------------------------------------------------------------


class AskSummary(Command, frozen=True):
    """Ask for the written summary of a hand-off."""

    schedule: str
    at: Aware
    outgoing: tuple[str, ...]
    incoming: tuple[str, ...]
    warn_at: Aware
    shift_began: Aware


class SaveSummary(Command, frozen=True):
    """Write the summary, or write it anew, before it is signed."""

    text: Annotated[str, Meta(min_length=1, max_length=20_000)]


class SignSummary(Command, frozen=True):
    """Sign it as the one whose shift ends. After the hand-off too: then it is late."""

    text: Annotated[str, Meta(max_length=20_000)] = ""
    """The summary, where it was not saved before."""


class AcknowledgeSummary(Command, frozen=True):
    """Say, as the one whose shift begins, that you have read it."""
