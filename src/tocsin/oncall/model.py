"""A schedule as a value: layers of people who take turns, and what was agreed on top of them. Shifts are half-open: [start, end)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tocsin.engine.model import Command

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
EVERY_DAY: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Aware = Annotated[datetime, Meta(tz=True)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Text = Annotated[str, Meta(max_length=2000)]


class Hours(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Hours of the week, on the layer's clock."""

    start: str = "00:00"
    """When they begin (included)."""
    end: str = "24:00"
    """When they end (excluded); one that is not after ``start`` is on the next day, so equal times are a whole day."""
    days: tuple[Weekday, ...] = EVERY_DAY
    """The days on which they begin."""
    lasts: str = ""
    """How long they last (``3d``), instead of ``end``, where that is more than a day; a week at most."""


class Layer(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """People who take turns. Where several layers have somebody, those of the highest priority are on call."""

    id: Name
    name: Annotated[str, Meta(max_length=200)] = ""
    groups: tuple[tuple[Name, ...], ...] = ()
    """Who takes turns, in order: each group is one person, or several who are on call together."""
    start: str = ""
    """When the first group's first turn begins: a local time such as ``2026-01-05T09:00``. Every later change is at the same time of day."""
    unit: Literal["hour", "day", "week", "month", "shift"] = "week"
    """What a turn is counted in. ``shift``: after so many of the stretches of ``hours`` that were served, however far apart they are."""
    every: Annotated[int, Meta(ge=1, le=1000)] = 1
    """How many of these make a turn."""
    lasts: str = ""
    """How much of each turn somebody is on call, from its beginning (``3h``, ``1w``); the whole turn where it is left out. More than a turn:
    the next group begins while this one is still on call."""
    hours: tuple[Hours, ...] = ()
    """The only hours at which the layer has anybody; always, where there are none."""
    holidays: Literal["as_usual", "off", "only"] = "as_usual"
    """Whether it has anybody on the schedule's holidays, or on those alone."""
    ahead: Annotated[int, Meta(ge=0, le=1000)] = 0
    """How many groups further than the one whose turn it is: 1 makes a second line of the same people."""
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    role: Annotated[str, Meta(max_length=50)] = ""
    """A line of its own, such as ``secondary``; the first line where it is left out."""
    zone: str = ""
    """The time zone (IANA) of its clock; the schedule's where it is left out. Layers that follow the sun have one each."""
    begins: Aware | None = None
    """When it first counts; its ``start`` where it is left out."""
    until: Aware | None = None
    """When it no longer counts."""
    calendar: Annotated[str, Meta(max_length=100)] = ""
    """The id of a calendar that was imported into the schedule: it says who is on call instead of groups and turns."""


class Rota(Command, frozen=True, omit_defaults=True):
    """What a schedule is from some moment on."""

    name: Annotated[str, Meta(max_length=200)] = ""
    zone: str = "UTC"
    layers: Annotated[tuple[Layer, ...], Meta(max_length=100)] = ()
    holidays: Annotated[tuple[str, ...], Meta(max_length=2000)] = ()
    """Dates (``2026-12-25``), on the layer's clock."""
    absent: Literal["next", "gap", "keep"] = "next"
    """Who stands in for somebody who is away: whoever of the layer is next and there; nobody (it shows as a gap); nobody, the person stays on
    call and it shows as a conflict."""
    team: Annotated[str, Meta(max_length=100)] = ""
    playbook: Annotated[str, Meta(max_length=100)] = ""
    """Whose terms hold for the duty: written hand-offs, pay. The installation's default where it is left out."""
    tell_before: str = ""
    """How long before their shift people are told that it comes (``1d``); they are not where it is left out."""
    hand_off_summary: bool | None = None
    """Whether a written summary is due when the person changes; as the playbook says where it is left out."""
    summary_opens: str = "1d"
    """How long before the hand-off the summary is asked for."""
    summary_warns: str = "1h"
    """How long before the hand-off a summary that is still missing is warned about."""
    summary_least: str = "8h"
    """Somebody who stands in for less than this neither gets nor writes a summary."""
    about: Text = ""


class Version(msgspec.Struct, frozen=True):
    """A rota and the moment from which it counts; until the next version's."""

    since: datetime | None
    """None: from the beginning of time (schedules that were never saved, as tests and previews make them)."""
    rota: Rota


class Override(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody decided otherwise for a while."""

    id: str
    how: Literal["add", "replace", "remove", "take"]
    """One person more; one in the place of another; one less; this one alone, whoever it would be."""
    start: datetime
    end: datetime
    person: str = ""
    """Who comes."""
    instead_of: str = ""
    """Who goes, of ``replace`` and ``remove``."""
    priority: int = 0
    """Among those that take the whole duty: the highest counts, equals are on call together."""
    role: str = ""
    why: str = ""
    by: str = ""
    number: int = 0
    """Its place among what was decided: later decisions start from what earlier ones left."""


class Exchange(msgspec.Struct, frozen=True, omit_defaults=True):
    """A shift, or a part of one, that somebody wants to give away: to a person (a swap) or to whoever takes it (a cover request)."""

    id: str
    person: str
    """Whose shift it is."""
    start: datetime
    end: datetime
    to: str = ""
    """Who is asked, and who takes it once it is taken; empty: anybody."""
    back_start: datetime | None = None
    back_end: datetime | None = None
    """What the person takes in return: a stretch of the other's duty."""
    state: Literal["offered", "taken", "declined", "withdrawn"] = "offered"
    since: datetime | None = None
    """When it was taken; it changes nothing before."""
    role: str = ""
    why: str = ""
    number: int = 0
    """The place of its being taken among what was decided."""
    declined_by: tuple[str, ...] = ()
    """Who was asked and said no."""


class Span(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stretch of time with somebody's name on it, half-open."""

    start: datetime
    end: datetime
    person: str = ""
    why: str = ""


class Calendar(msgspec.Struct, frozen=True, omit_defaults=True):
    """A calendar that was imported, as shifts up to some moment."""

    spans: tuple[Span, ...] = ()
    """Who is on call, by start."""
    text: str = ""
    """The calendar itself, as it came last."""
    user_from: str = "SUMMARY"
    read_until: datetime | None = None
    unknown: tuple[str, ...] = ()
    """Names in it that are nobody's."""
    known: dict[str, str] = {}
    """Names as the calendar has them, in small letters, and who each is; none: every name is taken as it is."""


class Subscriber(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place that hears who is on call whenever that changes."""

    channel: str
    target: str


class Schedule(msgspec.Struct, frozen=True):
    """A schedule as it is now, with all that ever counted: any moment can be asked for."""

    id: str
    version: int = 0
    versions: tuple[Version, ...] = ()
    """By moment, oldest first."""
    overrides: dict[str, Override] = {}
    exchanges: dict[str, Exchange] = {}
    away: dict[str, tuple[Span, ...]] = {}
    """When people are away, as far as the schedule was told: changes count from the moment at which it was."""
    calendars: dict[str, Calendar] = {}
    subscribers: tuple[Subscriber, ...] = ()
    feed: str = ""
    """The secret of the published calendar's address; empty where it is not published."""
    told: dict[str, tuple[str, ...]] = {}
    """Who was on call when the record last looked, by role."""
    told_at: datetime | None = None
    told_ahead: datetime | None = None
    """Until which moment people have been told that their shift comes."""
    opened: datetime | None = None
    """The last hand-off for which a summary was asked."""
    plan: int = 0
    """Counts up with whatever may change when the record has something to do."""

    @property
    def rota(self) -> Rota:
        """The newest version, though it may count only later."""
        return self.versions[-1].rota if self.versions else Rota()

    def at(self, moment: datetime) -> Version | None:
        """Return the version that counts at a moment; None before the first."""
        return next((one for one in reversed(self.versions) if one.since is None or one.since <= moment), None)


class Shift(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stretch of a person's duty: on call at t when start <= t < end."""

    person: str
    start: datetime
    end: datetime
    role: str = ""
    because: str = ""
    """What puts them on call: ``layer:week``, ``override:…``, ``exchange:…``, ``absence:ana`` (in for her)."""
    asked: bool = False
    """Whether the person wants to give it away and nobody has taken it yet."""


def plain(rota: Rota, **more: Any) -> Schedule:
    """Return a schedule that always had this rota: for previews, files that are checked, and tests."""
    return Schedule("", versions=(Version(None, rota),), **more)
