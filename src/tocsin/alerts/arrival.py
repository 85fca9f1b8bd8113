"""One request on its way into the journal of alerts, and what its sender is answered. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from tocsin.alerts.model import Outcome, Rejected, receipt_id
from tocsin.alerts.reading import Reading
from tocsin.alerts.receipts import told


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """A request as it came, read. All that enters the journal is one of these: from monitoring tools, people, mail and heartbeats."""

    source: str
    """The word of the source, such as ``alertmanager``."""
    reading: Reading = Reading()
    body: bytes = b""
    key: str = ""
    """The id of the intake key that it came by; alerts of two keys are never the same alert."""
    service: str = ""
    """The service of alerts whose sender names none."""
    sender: str = ""
    """The address that it came from, or who it is."""
    media: str = ""
    """Its content type."""
    rejected: Rejected | None = None
    """Why the whole request is refused; it is kept all the same."""
    status: int = 200
    """The HTTP status that is answered."""
    verified: bool | None = None
    """Whether its signature is good; None where it has none, or it has not been checked yet."""
    notes: tuple[str, ...] = ()
    strict: bool = False
    """Whether its alerts wait until its signature was found good."""


class Several(msgspec.Struct, frozen=True, gc=False):
    """Requests that came at the same time: they enter the journal together, and are answered together."""

    arrived: tuple[Arrived, ...]


class Taken(msgspec.Struct, frozen=True, gc=False):
    """What became of a request."""

    receipt: int
    outcomes: tuple[Outcome, ...]

    def answer(self) -> dict[str, Any]:
        """Return what a sender is told."""
        alerts = [told(outcome) for outcome in self.outcomes]
        for alert in alerts:
            del alert["fingerprint"]
        return {"receipt": receipt_id(self.receipt), "alerts": alerts}


class Marked(msgspec.Struct, frozen=True):
    """What was learnt of a request later: whether its signature is good."""

    receipt: int
    verified: bool
    note: str = ""
