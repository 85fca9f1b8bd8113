"""An escalation policy as a value: who is called, in which order, and how long each step waits."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Urgency = Literal["high", "low"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Window(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Hours of the day in which a step may begin."""

    from_: str = msgspec.field(name="from")
    """``09:00``, included."""
    to: str
    """``17:00``, excluded; one before ``from`` is on the next day."""
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    """The days on which it opens."""
    zone: str = ""
    """The clock that it is read on; the policy's where it is left out."""
    otherwise: Literal["wait", "skip"] = "wait"
    """Outside of it: wait until it opens, or go on with the next step at once."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One step: these people are called, and after a while the next step begins unless enough of them acknowledge."""

    to: tuple[str, ...]
    """``person:ana``, ``schedule:payments`` (whoever is on call), ``schedule:payments#next`` (whoever is next), ``team:payments`` (everybody in it).

    A bare word is looked for in this order; what is none of them is only written to the console and the outbox folder, and reaches nobody."""
    name: str = ""
    pick: Literal["all", "in_turn"] = "all"
    """Call everybody, or one of them: each time the step runs, on this page or another, the next in turn."""
    wait: str = "5m"
    """How long it waits for an acknowledgement before the next step begins."""
    at_age: str = ""
    """Begin at this age of the page whatever was acknowledged, beside the other steps, instead of after the one before."""
    acknowledgements: int | Literal["everyone"] = 1
    """How many people have to acknowledge before nobody is called any more."""
    only: Window | None = None
    urgency: Urgency | None = None
    """Notify as for this urgency, whatever the page's own is."""
    cites: str = msgspec.field(default="", name="from")
    """The line of a procedure that it comes from."""
    note: str = ""


class Waiver(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A hole in a policy that somebody has accepted."""

    by: str
    reason: str
    holes: tuple[str, ...] = ()
    """What was accepted, in sentences."""


class Policy(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who is called, in which order, and how long each step waits."""

    id: str
    name: str = ""
    steps: tuple[Step, ...] = ()
    repeat: int | Literal["forever"] = 0
    """How often it begins again after its last step."""
    last_resort: tuple[str, ...] = ()
    """Who is called when every step was tried and nobody acknowledged; targets as in a step."""
    lease: str = ""
    """How long an acknowledgement holds: a page that is not resolved by then calls again. Empty: the installation's own (4 hours)."""
    zone: str = "UTC"
    about: str = ""
    version: int = 0
    """0: made for one page, from names."""
    waiver: Waiver | None = None
    cites: str = msgspec.field(default="", name="from")
    note: str = ""
    team: str = ""
    """Whose it is: who belongs to this team may change it; nobody's, only managers do."""


class PolicyRecord(msgspec.Struct, frozen=True):
    """An escalation policy as it is now."""

    id: str
    version: int = 0
    saved: Policy | None = None
    retired: bool = False


class Named(msgspec.Struct, frozen=True):
    """Who did something, and when."""

    person: str
    at: datetime
    via: str = ""
