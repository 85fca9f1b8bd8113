"""Maintenance windows: work that was announced, during which new alerts of a service call nobody. Records ``maintenance:<id>``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tocsin.alerts.matchers import Matcher
from tocsin.engine.model import Command, Event

Moment = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(max_length=2000)]
Title = Annotated[str, Meta(max_length=300)]
State = Literal["planned", "active", "over", "cancelled"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Repeats(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When a window comes again: at the same local time, in the zone of the window."""

    every: Literal["day", "week", "month"]
    days: tuple[Weekday, ...] = ()
    """For ``week``: on these days; none: on the weekday of the first one. For ``month`` the day of the month stays, the last where it has fewer."""
    interval: Annotated[int, Meta(ge=1, le=52)] = 1
    """2: every second day, week or month."""
    until: Moment | None = None
    """The last window begins before this."""


class SaveMaintenance(Command, frozen=True):
    """Plan a window, or change it."""

    title: Annotated[str, Meta(min_length=1, max_length=300)]
    since: Moment
    """When the first one begins."""
    until: Moment
    """When the first one ends."""
    services: tuple[str, ...] = ()
    match: str | tuple[str, ...] = ()
    """Only alerts of the services that fit as well; without services: every alert that fits."""
    repeats: Repeats | None = None
    zone: str = "UTC"
    """The IANA zone whose clocks ``repeats`` goes by."""
    public_title: Title = ""
    """What a status page calls it; empty: it is not shown there."""
    public_text: Text = ""
    why: Text = ""


class EndMaintenance(Command, frozen=True):
    """End the window that is on now, before its time; those to come stay."""

    why: Text = ""


class CancelMaintenance(Command, frozen=True):
    """Take it back for good: the window that is on now ends, and none comes again. A second time is no error."""

    why: Text = ""


class MaintenanceSaved(Event, frozen=True, tag="maintenance.saved"):
    """A window was planned or changed."""

    title: str
    since: datetime
    until: datetime
    services: tuple[str, ...] = ()
    matchers: tuple[Matcher, ...] = ()
    repeats: Repeats | None = None
    zone: str = "UTC"
    public_title: str = ""
    public_text: str = ""
    why: str = ""
    by: str = ""


class MaintenanceEnded(Event, frozen=True, tag="maintenance.ended"):
    """One window ended before its time. ``began``: which one."""

    began: datetime
    why: str = ""


class MaintenanceCancelled(Event, frozen=True, tag="maintenance.cancelled"):
    """It was taken back."""

    why: str = ""


class Maintenance(msgspec.Struct, frozen=True):
    """A plan of windows as it is now."""

    id: str
    version: int = 0
    title: str = ""
    since: datetime | None = None
    until: datetime | None = None
    services: tuple[str, ...] = ()
    matchers: tuple[Matcher, ...] = ()
    repeats: Repeats | None = None
    zone: str = "UTC"
    public_title: str = ""
    public_text: str = ""
    why: str = ""
    by: str = ""
    ended: tuple[tuple[datetime, datetime], ...] = ()
    """Windows that ended before their time: when each began, and when it ended."""
    cancelled_at: datetime | None = None


MAINTENANCE_EVENTS: tuple[type[Event], ...] = (MaintenanceSaved, MaintenanceEnded, MaintenanceCancelled)
