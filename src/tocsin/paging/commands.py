"""What people, alerts, incidents and timers can ask of a page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tocsin.engine.model import Command
from tocsin.paging import model
from tocsin.paging.model import Step

Urgency = model.Urgency
Text = Annotated[str, Meta(max_length=2000)]
_Moment = Annotated[datetime, Meta(tz=True)]


class Carried(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a page says beside its title."""

    word: str = ""
    """The word that it starts with, of the playbook's severity."""
    value: str = ""
    threshold: str = ""
    dashboard: str = ""
    runbook: str = ""
    severity: str = ""
    summary: str = ""
    started_at: datetime | None = None
    labels: dict[str, str] = {}


class OpenPage(Command, frozen=True):
    """Call people until somebody acknowledges. Who: a policy, the policy of a service, or targets named one by one."""

    title: Annotated[str, Meta(min_length=1, max_length=300)]
    urgency: Urgency = "high"
    policy: str = ""
    service: str = ""
    targets: tuple[str, ...] = ()
    """``person:ana``, ``schedule:payments``, ``team:payments``; a bare word is looked for in this order."""
    group: str = ""
    """The group of alerts that it is for."""
    incident: str = ""
    """The incident that it is for."""
    why: Text = ""
    carries: Carried = Carried()
    origin: Literal["alert", "person", "incident", "test", "synthetic"] = "person"


class AcknowledgePage(Command, frozen=True):
    """Say that you are on it. A second time is no error."""

    person: str | None = None
    at: _Moment | None = None
    via: str = ""
    """The channel that the answer came by."""


class EscalatePage(Command, frozen=True):
    """Go on to the next step now."""

    why: Text = ""


class HandPage(Command, frozen=True):
    """Give it to somebody else: they are called, and it is theirs to acknowledge."""

    to: tuple[str, ...]
    why: Text = ""


class SnoozePage(Command, frozen=True):
    """Be silent until a moment, then call again."""

    until: _Moment
    why: Text = ""


class ResolvePage(Command, frozen=True):
    """It is over: nobody is called any more."""

    why: Text = ""
    at: _Moment | None = None
    by_system: bool = False
    """Whether its cause ended by itself, and not by who sends this."""
    by: str = ""
    """Who ended its cause; whoever else was notified hears of it."""


class RaisePage(Command, frozen=True):
    """It has become more urgent, or its alerts say something new."""

    urgency: Urgency | None = None
    carries: Carried | None = None
    incident: str | None = None
    why: Text = ""


class NoteSent(Command, frozen=True):
    """A notification has left the house."""

    key: str
    receipt: str = ""


class NoteFailed(Command, frozen=True):
    """A notification could not be sent, for good or for now."""

    key: str
    channel: str
    why: str
    final: bool = True


class Replan(Command, frozen=True):
    """People's rules have changed, or others are on call: work out anew who is due when."""

    people: tuple[str, ...] = ()
    schedule: str = ""
    """The schedule in which others are on call now."""


class SavePolicy(Command, frozen=True):
    """Write down an escalation policy as it is from now on. Pages that are open keep the one that they were opened with."""

    steps: tuple[Step, ...]
    name: str = ""
    repeat: int | Literal["forever"] = 0
    last_resort: tuple[str, ...] = ()
    lease: str = ""
    zone: str = "UTC"
    about: str = ""
    cites: str = msgspec.field(default="", name="from")
    note: str = ""
    waive: Text = ""
    """Why a step that reaches nobody is accepted; the person who writes this stands in the record."""
    team: Annotated[str, Meta(max_length=100)] = ""
    """Whose it is: who belongs to this team may change it; nobody's, only managers do."""


class RetirePolicy(Command, frozen=True):
    """Have no new page use it any more."""

    why: Text = ""
