"""A page as it stands: the runs of its steps, whom each calls by which way and when, and what became of every notification. Values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from tocsin.paging.commands import Carried, Urgency
from tocsin.paging.model import Named, Policy

PlannedState = Literal["waiting", "notified", "sent", "retrying", "failed", "stopped", "skipped"]
IN_FLIGHT: tuple[PlannedState, ...] = ("notified", "retrying")
"""Decided, and not known to have left."""
GOOD: tuple[PlannedState, ...] = ("notified", "sent")
"""It has left, or is about to."""

Cause = Literal["opened", "waited", "escalated", "fell_through", "age", "lease", "snooze", "handed", "raised", "on_call", "last_resort"]
"""Why a run began."""
LAST_RESORT = -1
"""In place of a step's number: the policy's last resort."""
REHEARSALS = ("test", "synthetic")
"""Origins of pages that nobody has to work on: they end by themselves."""
HANDED = -2
"""In place of a step's number: people to whom the page was handed."""


class Way(msgspec.Struct, frozen=True, omit_defaults=True):
    """One way of reaching somebody that the installation has a channel for."""

    contact: str
    """Its id among the person's ways."""
    kind: str
    """The channel."""
    value: str
    verified: bool = False


class Planned(msgspec.Struct, frozen=True, omit_defaults=True):
    """One notification of one person in one run: when it is due, and what became of it."""

    way: Way
    due_at: datetime
    held_from: datetime | None = None
    """When it would have been due without the person's quiet hours."""
    state: PlannedState = "waiting"
    key: str = ""
    """Of its message, once it was decided."""
    why: str = ""
    """What went wrong, or why it was not sent."""


class Called(msgspec.Struct, frozen=True, omit_defaults=True):
    """One person whom a run calls."""

    person: str
    name: str
    because: str
    planned: tuple[Planned, ...] = ()
    spare: tuple[Way, ...] = ()
    """Ways that no rule names; used when all others fail."""
    named_only: bool = False
    """A name that is nobody's: written to the console and the outbox folder, and never counted as reached."""
    problems: tuple[str, ...] = ()
    """Ways that could not be used, and why."""

    @property
    def hopeful(self) -> bool:
        """Whether something was sent, or can still be."""
        return not self.named_only and any(one.state in GOOD or one.state == "waiting" for one in self.planned)


class Missing(msgspec.Struct, frozen=True):
    """A target, or a person, that cannot be reached, and why."""

    target: str
    why: str


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """One beginning of a step."""

    number: int
    """From 1 within the page."""
    step: int
    """From 0; ``LAST_RESORT`` or ``HANDED``."""
    cause: Cause
    began_at: datetime
    urgency: Urgency
    called: tuple[Called, ...] = ()
    missing: tuple[Missing, ...] = ()
    by_age: bool = False
    """It runs whatever was acknowledged."""

    @property
    def reaches(self) -> bool:
        """Whether anybody is, or can still be, reached by it."""
        return any(one.hopeful for one in self.called)


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """One decision to notify: one message."""

    run: int
    person: str
    contact: str
    channel: str
    attempt: int
    key: str
    due_at: datetime
    also: tuple[int, ...] = ()
    """Other runs that owed the same at this moment; it stands for theirs too."""


class Page(msgspec.Struct, frozen=True, omit_defaults=True):
    """A page as it is now."""

    id: str
    version: int = 0
    number: int = 0
    """Short, for replies; unique in the installation."""
    title: str = ""
    urgency: Urgency = "high"
    policy: Policy = Policy("")
    state: Literal["open", "acknowledged", "snoozed", "resolved"] = "open"
    service: str = ""
    group: str = ""
    incident: str = ""
    why: str = ""
    carries: Carried = Carried()
    origin: str = "person"
    opened_at: datetime | None = None
    runs: tuple[Run, ...] = ()
    position: int = -1
    """The step that was begun last, of those that follow one another; -1 before the first."""
    round: int = 0
    """How often the policy began again, since it was opened or came back."""
    next_at: datetime | None = None
    """When the next step is to begin; None: never by itself."""
    aged: tuple[int, ...] = ()
    """Steps by age that have begun."""
    acknowledged: tuple[Named, ...] = ()
    """Who has acknowledged since it last called, first one first."""
    first_acknowledged: Named | None = None
    lease_until: datetime | None = None
    snoozed_until: datetime | None = None
    exhausted_at: datetime | None = None
    """When every step had been tried in vain; None again as soon as somebody acknowledges."""
    resolved: Named | None = None
    """Who ended it; no person: its cause ended by itself."""
    last_notified: dict[str, int] = {}
    """When it was last decided to notify each person (microseconds since 1970 UTC)."""
    notified: int = 0
    """Notifications that were decided."""
    failures: int = 0
    """Notifications that could not be sent."""
    late: int = 0
    """Microseconds by which a decision to notify came after its time, at most."""

    @property
    def unanswered(self) -> bool:
        """Whether every step was tried and nobody has it."""
        return self.exhausted_at is not None and self.state == "open" and self.origin not in REHEARSALS

    @property
    def live(self) -> bool:
        """Whether it has not ended."""
        return bool(self.version) and self.state != "resolved"

    def everyone(self) -> Iterator[tuple[Run, Called, Planned]]:
        """Yield every notification that was planned, with its run and person."""
        for run in self.runs:
            for called in run.called:
                for planned in called.planned:
                    yield run, called, planned
