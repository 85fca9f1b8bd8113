"""An action item at one moment: the fold of its facts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import msgspec

State = Literal["open", "done", "dropped"]
Column = Literal["waiting", "started", "done", "dropped"]
"""Where an item stands on the board: an open one waits, or somebody is at work on it."""


class Fields(msgspec.Struct, frozen=True):
    """What an action item says. Empty where nobody has said it yet: an item may be written down before it has an owner."""

    title: str
    group: str = ""
    """Id of one of the playbook's groups."""
    owner: str = ""
    due: date | None = None
    """The last day on which it is in time, in UTC."""
    priority: str = ""
    ticket: str = ""
    about: str = ""
    """The latent condition, factor or preventive measure that it addresses."""


class Item(msgspec.Struct, frozen=True):
    """The state. ``version`` is that of the last fact."""

    id: str
    version: int = 0
    incident: str = ""
    fields: Fields = Fields("")
    state: State = "open"
    created_at: datetime | None = None
    created_by: str = ""
    closed_at: datetime | None = None
    """When it was done or dropped."""
    closed_by: str = ""
    evidence: str = ""
    reason: str = ""
    """Why it was dropped or opened again."""
    reminded_of: date | None = None
    """The due date whose passing is recorded already."""
    started_at: datetime | None = None
    """Since when somebody is at work on it; None where nobody is. It stays ``open`` until it is done."""
    started_by: str = ""


def due_end(due: date) -> datetime:
    """Return the first moment that is too late for a due date: midnight UTC after it."""
    return datetime.combine(due, time(0), UTC) + timedelta(days=1)


def is_overdue(state: str, due: date | None, now: datetime) -> bool:
    """Tell whether an item is open though its due date has passed."""
    return state == "open" and due is not None and now >= due_end(due)


def column_of(state: str, *, started: bool) -> Column:
    """Return the column of the board for a state."""
    match state:
        case "done":
            return "done"
        case "dropped":
            return "dropped"
        case _:
            return "started" if started else "waiting"


class Listed(msgspec.Struct, frozen=True):
    """An action item as lists and the postmortem show it."""

    id: str
    incident: str
    title: str
    group: str
    owner: str
    due: date | None
    priority: str
    ticket: str
    about: str
    state: str
    created_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    closed_by: str
    evidence: str
    reason: str
    started_at: datetime | None = None

    @property
    def column(self) -> Column:
        """The column of the board in which it stands."""
        return column_of(self.state, started=self.started_at is not None)

    def days_late(self, now: datetime) -> int:
        """Return how many whole or begun days an open item is past its date; 0 where it is in time."""
        return (now.astimezone(UTC).date() - self.due).days if self.due is not None and self.overdue(now) else 0

    def overdue(self, now: datetime) -> bool:
        """Tell whether it is open though its due date has passed."""
        return is_overdue(self.state, self.due, now)
