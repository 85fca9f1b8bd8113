"""What people, incidents, groups and other parts of the house can ask of alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from tocsin.alerts.model import Signal
from tocsin.engine.model import Command


class AcknowledgeAlert(Command, frozen=True):
    """Say that you are on it, and on the group that it belongs to. A second time is no error."""

    person: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None


class ResolveAlert(Command, frozen=True):
    """End it by hand, for a sender that never says so."""

    why: Annotated[str, Meta(max_length=2000)] = ""
    at: Annotated[datetime, Meta(tz=True)] | None = None


class LinkTo(Command, frozen=True):
    """Tell an alert that it belongs to an incident."""

    incident: str


class UnlinkFrom(Command, frozen=True):
    """Tell an alert that it does not belong to an incident after all."""

    incident: str


class Tell(Command, frozen=True):
    """What another part of the house reports, such as a heartbeat that was missed: a command on the alerts' journal itself (``alert:``)."""

    source: str
    signals: tuple[Signal, ...]


class MarkReceipt(Command, frozen=True):
    """Write down what was learnt of a request after it was answered, and take in what waited for that: a command on the journal itself."""

    receipt: str
    verified: bool
    note: str = ""
    source: str = ""
    key: str = ""
    service: str = ""
    signals: tuple[Signal, ...] = ()


class LookAtGroup(Command, frozen=True):
    """A group's record has changed by itself (somebody is on it, it is closed): a command on the journal itself."""

    group: str


class EndGroup(Command, frozen=True):
    """A person has ended a group: so have its alerts. A command on the journal itself."""

    group: str
    by: str
    at: datetime


class LookAgain(Command, frozen=True):
    """A record that keeps alerts quiet has changed (``silence:…``, ``maintenance:…``, ``inhibitions:main``): a command on the journal itself."""

    record: str
