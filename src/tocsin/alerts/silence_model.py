"""Silences: alerts that somebody wants to hear nothing of until a moment. Records ``silence:<id>``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tocsin.alerts.matchers import Matcher
from tocsin.engine.model import Command, Event

Moment = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(max_length=2000)]
State = Literal["pending", "active", "expired"]


class SaveSilence(Command, frozen=True):
    """Silence what fits, from a moment until a moment; again for the same silence: it is as said from now on."""

    until: Moment
    why: Annotated[str, Meta(min_length=1, max_length=2000)]
    match: str | tuple[str, ...] = ()
    """Matchers; all must hold."""
    service: str = ""
    """Only alerts of this service."""
    group: str = ""
    """Only alerts of this group."""
    since: Moment | None = None
    """None: from now on."""
    by: str = ""
    """Who wants it, where that is not who sends the command."""


class ExtendSilence(Command, frozen=True):
    """Let it last until another moment."""

    until: Moment
    why: Text = ""


class ExpireSilence(Command, frozen=True):
    """End it now. A second time is no error."""

    why: Text = ""


class SilenceSaved(Event, frozen=True, tag="silence.saved"):
    """A silence was written down, or changed."""

    matchers: tuple[Matcher, ...]
    since: datetime
    until: datetime
    why: str
    by: str
    service: str = ""
    group: str = ""


class SilenceExtended(Event, frozen=True, tag="silence.extended"):
    """It lasts until another moment."""

    until: datetime
    why: str = ""


class SilenceExpired(Event, frozen=True, tag="silence.expired"):
    """A person ended it before its time."""

    why: str = ""


class Silence(msgspec.Struct, frozen=True):
    """A silence as it is now."""

    id: str
    version: int = 0
    matchers: tuple[Matcher, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    why: str = ""
    by: str = ""
    service: str = ""
    group: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def state(self, now: datetime) -> State:
        """Return whether it is to come, holds, or is over. It holds from ``since`` on, and no more at ``until``."""
        if self.since is None or self.until is None or now >= self.until:
            return "expired"
        return "active" if now >= self.since else "pending"


SILENCE_EVENTS: tuple[type[Event], ...] = (SilenceSaved, SilenceExtended, SilenceExpired)
