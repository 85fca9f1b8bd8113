"""Values that every package shares: who acts, who looks, what a fact is, and what a decision returns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NewType, Protocol

import msgspec

StreamId = NewType("StreamId", str)
"""``<kind>:<id>``, such as ``incident:INC-20251027-ABC123``."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return an aware moment as microseconds since 1970 UTC, the form in which every table stores time."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """Return the aware UTC moment of a stored number of microseconds."""
    return _EPOCH + timedelta(microseconds=value)


class Actor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who did it. Every command carries one."""

    kind: Literal["person", "token", "sender", "system"]
    id: str
    via: str = ""
    """The way it came: ``api``, ``cli``, ``page``, ``timer``, ``intake`` …"""
    address: str = ""
    """Where on the network it came from; kept only of what the audit shows (changes of configuration, sign-ins), never of work on incidents."""

    def __str__(self) -> str:
        return self.id


SYSTEM = Actor("system", "tocsin")


Role = Literal["viewer", "responder", "manager", "administrator"]
"""What somebody may do, each including the ones before: read; work incidents and pages; change how the house works; accounts, keys and the audit."""


class Viewer(msgspec.Struct, frozen=True):
    """Who looks. Every query carries one."""

    kind: Literal["person", "token", "public", "system"]
    id: str
    role: Role = "viewer"
    teams: tuple[str, ...] = ()
    """The teams that the person belongs to; what a team owns its members may change."""
    reads_private: bool = False
    """Reads every private incident: the system itself, and who holds the installation's own token and speaks for nobody."""


class Event(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """What happened, in a fact. Each subclass has a stable ``tag`` (``incident.declared``), never a class path."""


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to happen."""


class Happened(msgspec.Struct, frozen=True):
    """An event that a decision made, and when it happened (``None``: now)."""

    event: Event
    at: datetime | None = None


class Delivery(msgspec.Struct, frozen=True):
    """Something to be sent outside: the intent, with frozen values. It is rendered when it is sent."""

    key: str
    """Stable: the same message has the same key, so that a receiver can drop a repeat."""
    channel: str
    target: str
    kind: str
    """What renders it, such as ``incident.update``."""
    values: dict[str, Any]


class Decision(msgspec.Struct, frozen=True):
    """What follows from a command: facts, messages to send and the answer to the caller."""

    facts: tuple[Happened, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    result: dict[str, Any] = {}
    redact: tuple[int, ...] = ()
    """Versions of facts of this record whose content goes for good; their digests stay, so that the chain still verifies."""
    drop: tuple[str, ...] = ()
    """Digests of attachments whose bytes go for good."""
    found: Any = None
    """What the decision had looked up, handed on to ``Kind.wake`` (a freshly pinned playbook, say)."""
    cancel: tuple[str, ...] = ()
    """Keys of this record's messages that still wait and need not be sent any more; one that ends in ``*`` stands for all that begin so.
    A message of the same decision is never meant, and one that is being sent at this moment may still leave."""


class Fact(msgspec.Struct, frozen=True):
    """One entry of a record. ``version`` counts from 1 within its stream; both times are aware UTC."""

    stream: str
    version: int
    event: Event
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    position: int = 0
    """Place in the whole log; 0 until it is stored."""

    @property
    def type(self) -> str:
        """The stable type name."""
        return str(self.event.__struct_config__.tag)


class Context(msgspec.Struct, frozen=True):
    """What a decision may know beside its state: the time, who acts, fresh ids and what was looked up."""

    now: datetime
    actor: Actor
    fresh: tuple[str, ...]
    """Random texts of six characters, made by the shell."""
    found: Any
    key: str = ""


class RowWrite(msgspec.Struct, frozen=True):
    """One row of a read table: written if ``values`` is given, deleted otherwise. ``key`` are the primary key's columns."""

    table: str
    key: tuple[Any, ...]
    values: Mapping[str, Any] | None


class Reader(Protocol):
    """What ``Kind.prepare`` may read within the transaction: other streams' states and rows by plain SELECT."""

    now: datetime

    def state(self, stream: str) -> Any:
        """Return the folded state of a stream; None where it has no facts."""
        ...

    def rows(self, statement: Any, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """Run a SELECT and return its rows."""
        ...

    def row(self, table: str, key: tuple[Any, ...]) -> Mapping[str, Any] | None:
        """Return one row of a read table by its primary key, also one that this batch is about to write; None where there is none."""
        ...

    def fact(self, stream: str, version: int) -> Fact | None:
        """Return one fact of a stream, also one of this batch; None where there is none."""
        ...
