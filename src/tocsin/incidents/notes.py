"""What other parts of the house tell an incident: alerts, pages, deliveries, the postmortem."""

from __future__ import annotations

from tocsin.engine.model import Command
from tocsin.incidents.commands import Time


class NoteAlert(Command, frozen=True):
    """A linked alert changed its state."""

    alert: str
    title: str
    state: str
    at: Time | None = None


class NotePage(Command, frozen=True):
    """Something happened to a page of the incident."""

    page: str
    what: str
    text: str
    person: str = ""
    at: Time | None = None
    called: tuple[str, ...] = ()
    """Everybody whom it called."""


class NoteDeliveryFailure(Command, frozen=True):
    """A message of this incident could not be sent."""

    key: str
    channel: str
    why: str


class NotePostmortem(Command, frozen=True):
    """Something happened to the postmortem."""

    what: str
    by: str = ""
    approver: str = ""
    at: Time | None = None
