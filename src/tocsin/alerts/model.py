"""An alert: one occurrence of trouble that was reported. A receipt: one request that reported some."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

Status = Literal["firing", "resolved", "acknowledged", "suppressed", "unknown"]
"""What a tool says of an alert. ``acknowledged``, ``suppressed`` and ``unknown`` (no data) neither begin nor end one."""
Level = Literal["critical", "high", "warning", "low", "info"]
"""How bad the tool thinks it is, whatever its own words; worst first. The incident's severity is the playbook's business, not this."""
How = Literal["monitoring", "person", "customer", "heartbeat", "supplier", "email", "other"]
"""How an alert was detected."""
What = Literal[
    "new", "merged", "repeated", "changed", "reopened", "resolved", "acknowledged", "unchanged", "silenced", "maintenance", "inhibited",
    "recorded", "refused", "held",
]  # fmt: skip
"""What became of one alert of a request. ``new``: it began and opened a group; ``merged``: it began and joined one; ``recorded``: it began, and its
route calls nobody; ``silenced``, ``maintenance``, ``inhibited``: it began, and something keeps it from calling anybody; ``held``: its signature is
checked first."""
ENDED: Final = "resolved"
"""The state of an alert that fires no longer."""

_MOST_DIGITS: Final = 15


class Signal(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a tool says of one alert, in our words whatever the tool."""

    fingerprint: str
    """The tool's own identity of the alert, or one made of its labels."""
    status: Status
    title: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    links: dict[str, str] = {}
    """``dashboard``, ``runbook``, ``source`` (the rule in the tool)."""
    value: str = ""
    """What was measured, in the tool's words."""
    threshold: str = ""
    severity: str = ""
    """The tool's own word."""
    level: Level | None = None
    """The same in our words; None where the tool does not say."""
    service: str = ""
    """What the tool calls the service."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    """None while it has not ended."""
    expires_at: datetime | None = None
    """When it counts as ended unless it is heard of again; None: only when the sender says so."""
    group: str = ""
    """The sender's own identity of the group that it belongs to."""
    by: str = ""
    """The person who did it in the sender's tool (acknowledged, say)."""
    note: str = ""
    """What that person wrote."""
    how: How = "monitoring"
    summary: str = ""
    """The longer text."""


class Outcome(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What became of one alert of a request, and why."""

    what: What
    why: str
    title: str
    fingerprint: str
    alert: int = 0
    """The alert's number; 0 where none came of it."""
    group: str = ""


class Rejected(msgspec.Struct, frozen=True, array_like=True):
    """Why the whole request was refused."""

    what: str
    field: str


class Body(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What an alert says that nothing is looked up by; one column of its row."""

    annotations: dict[str, str] = {}
    links: dict[str, str] = {}
    value: str = ""
    threshold: str = ""
    summary: str = ""


class Alert(msgspec.Struct, frozen=True):
    """One occurrence, as it is now."""

    id: str
    """``A-`` and its number."""
    source: str
    fingerprint: str
    title: str
    state: Status
    key: str = ""
    """The intake key that it came by."""
    severity: str = ""
    """The tool's own word."""
    level: str = ""
    urgency: str = ""
    """``high`` or ``low``; empty: nobody is called for it."""
    service: str = ""
    """The service's id, or the tool's own word for one that the catalogue does not have."""
    group: str = ""
    how: str = "monitoring"
    muted: str = ""
    """What keeps it from calling anybody, in a sentence."""
    value: str = ""
    threshold: str = ""
    summary: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    links: dict[str, str] = {}
    told_start: datetime | None = None
    """The start that the tool named, by which it recognises the occurrence."""
    started_at: datetime | None = None
    """When the trouble began: as the tool says, but never later than the receipt."""
    received_at: datetime | None = None
    """When we learnt of it."""
    last_seen_at: datetime | None = None
    """When the tool last said that it fires."""
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    """When it counts as ended unless it is heard of again; None: only when the sender says so."""
    fired: int = 0
    """How many times it began to fire."""
    repeats: int = 0
    """How many times the tool said the same again."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    incidents: tuple[str, ...] = ()
    """The incidents that it belongs to."""
    receipt: str = ""
    """The request that first named it."""


def number_of(alert: str) -> int | None:
    """Return the number of an alert's id (``A-1042``, or ``1042``); None for what can be none."""
    text = alert[2:] if alert[:2] in ("A-", "a-") else alert
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def alert_id(number: int) -> str:
    """Return the id of an alert as people read it."""
    return f"A-{number}"


def receipt_id(number: int) -> str:
    """Return the id of a receipt as people read it."""
    return f"R-{number}"


def receipt_number(receipt: str) -> int | None:
    """Return the number of a receipt's id (``R-77``, or ``77``); None for what can be none."""
    text = receipt[2:] if receipt[:2] in ("R-", "r-") else receipt
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
