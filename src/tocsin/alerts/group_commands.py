"""What the alerts' journal, pages, incidents, people and timers can ask of a group of alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from tocsin.alerts.group_model import Lead, Opening
from tocsin.engine.model import Command
from tocsin.paging.commands import Urgency

_Moment = Annotated[datetime, Meta(tz=True)]
_Text = Annotated[str, Meta(max_length=2000)]


class NoteAlerts(Command, frozen=True):
    """What has changed among the alerts of a group, told by the alerts' journal once per commit, where the group wants to know.

    Whether it does, say ``group_model.attention(group)`` and ``group_model.wants``.
    """

    firing: int
    """Alerts that fire now and may call people."""
    muted: int = 0
    """Alerts that fire now and may not."""
    came: tuple[datetime, ...] = ()
    """When alerts that may call people began since it was last told; the newest 1,000 are enough."""
    lead: Lead | None = None
    """The worst of those that fire (of the muted ones where no other does); the oldest of equals."""
    urgency: Urgency | None = None
    """The loudest of those that fire and may call people."""
    opening: Opening | None = None
    """For a group that is to open."""
    mute: str = ""
    """Why the muted ones are, in a sentence."""
    how: str = ""
    """``silence``, ``maintenance`` or ``inhibition``."""
    again: bool = False
    """One of those that fire was heard of again: it fires still."""


class AcknowledgeGroup(Command, frozen=True):
    """Say that you are on it. A second time is no error."""

    person: str | None = None
    at: _Moment | None = None


class ResolveGroup(Command, frozen=True):
    """End it, with all its alerts. A second time is no error."""

    why: _Text = ""
    person: str | None = None
    """Who, where that is not who sends the command."""
    at: _Moment | None = None


class LinkGroup(Command, frozen=True):
    """Tell the group that it belongs to an incident."""

    incident: Annotated[str, Meta(min_length=1, max_length=200)]


class UnlinkGroup(Command, frozen=True):
    """Tell the group that it does not belong to an incident after all. Nothing where it belongs to another one, or another alert ties it."""

    incident: Annotated[str, Meta(min_length=1, max_length=200)]


class UnmuteGroup(Command, frozen=True):
    """Have it call people whatever keeps its alerts quiet, and though it flaps."""

    why: _Text = ""


class NotePage(Command, frozen=True):
    """What has become of one of its pages."""

    page: str
    what: str
    """``acknowledged``, ``lapsed`` (the lease ran out), ``unanswered`` (everybody was tried) or ``ended`` (by a person, or by itself)."""
    person: str = ""
    at: _Moment | None = None
    why: str = ""


class NoteIncidentOver(Command, frozen=True):
    """The incident that it belongs to is resolved, or has ended."""

    incident: str
    by: str = ""
    """Who ended it; empty where no person did."""


class NoteNoticeFailed(Command, frozen=True):
    """A channel could not be told."""

    key: str
    channel: str
    why: str
