"""What pages, people and timers can ask of a group of alerts. (Alerts themselves reach it through the alerts' journal.)"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from tocsin.engine.model import Command

_Moment = Annotated[datetime, Meta(tz=True)]


class AcknowledgeGroup(Command, frozen=True):
    """Say that you are on it. A second time is no error."""

    person: str | None = None
    at: _Moment | None = None


class ResolveGroup(Command, frozen=True):
    """End it, with all its alerts."""

    why: str = ""
    at: _Moment | None = None


class LinkGroup(Command, frozen=True):
    """Tell the group that it belongs to an incident."""

    incident: str
