"""What can happen to an action item."""

from __future__ import annotations

from datetime import date

from tocsin.actions.model import Fields
from tocsin.engine.model import Event


class Created(Event, frozen=True, tag="action.created"):
    """An item was written down."""

    incident: str
    fields: Fields


class Changed(Event, frozen=True, tag="action.changed"):
    """It says something else now; ``fields`` are all of them, ``changed`` names those that differ."""

    fields: Fields
    changed: tuple[str, ...]


class Finished(Event, frozen=True, tag="action.done"):
    """It is done."""

    evidence: str
    by: str = ""


class Dropped(Event, frozen=True, tag="action.dropped"):
    """It will not be done."""

    reason: str
    by: str = ""


class Reopened(Event, frozen=True, tag="action.reopened"):
    """It has to be done after all."""

    reason: str


class Started(Event, frozen=True, tag="action.started"):
    """Somebody is at work on it."""

    by: str = ""


class PutBack(Event, frozen=True, tag="action.put_back"):
    """Nobody is at work on it any more; it waits again."""

    by: str = ""


class Overdue(Event, frozen=True, tag="action.overdue"):
    """Its due date passed and it was still open. Recorded once for each due date."""

    due: date
    owner: str


EVENTS: tuple[type[Event], ...] = (Created, Changed, Started, PutBack, Finished, Dropped, Reopened, Overdue)
