"""An alert: one occurrence of trouble that a monitoring tool reported. A receipt: one request that reported some."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Status = Literal["firing", "resolved", "acknowledged", "suppressed", "unknown"]
"""What a tool says of an alert. ``acknowledged``, ``suppressed`` and ``unknown`` (no data) neither begin nor end one."""
Level = Literal["critical", "high", "warning", "low", "info"]
"""How bad the tool thinks it is, whatever its own words; worst first. The incident's severity is the playbook's business, not this."""
How = Literal["monitoring", "person", "customer", "heartbeat", "supplier", "email", "other"]
"""How an alert was detected."""
What = Literal["new", "repeated", "reopened", "resolved", "unchanged"]


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


class Route(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who answers for an alert: the service of the catalogue, who is paged, and the word that the page starts with."""

    service: str = ""
    """The service's id, or the tool's own word for one that the catalogue does not have."""
    page: tuple[str, ...] = ()
    word: str = ""
    runbook: str = ""
    dashboard: str = ""


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one alert of a request, and why."""

    what: What
    why: str
    title: str
    fingerprint: str
    alert: str = ""
    """The alert's id; empty where none came of it."""
    signal: Signal | None = None
    """What the alert is told; None where nothing changes for it."""


class Rejected(msgspec.Struct, frozen=True):
    """Why the whole request was refused."""

    what: str
    field: str


class Receipt(msgspec.Struct, frozen=True):
    """One request of a monitoring tool."""

    id: str
    version: int = 0
    source: str = ""
    at: datetime | None = None
    size: int = 0
    """Bytes of the body as it came."""
    outcomes: tuple[Outcome, ...] = ()
    rejected: Rejected | None = None


class Failure(msgspec.Struct, frozen=True):
    """A page that could not be sent."""

    key: str
    channel: str
    why: str
    at: datetime


class Alert(msgspec.Struct, frozen=True):
    """One occurrence, as it is now."""

    id: str
    version: int = 0
    source: str = ""
    fingerprint: str = ""
    title: str = ""
    state: Status = "firing"
    severity: str = ""
    service: str = ""
    word: str = ""
    """The word that its page starts with."""
    value: str = ""
    threshold: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    links: dict[str, str] = {}
    told_start: datetime | None = None
    """The start that the tool named, by which it recognises the occurrence."""
    started_at: datetime | None = None
    """When the trouble began: as the tool says, but never later than the receipt."""
    received_at: datetime | None = None
    """When we learnt of it."""
    ended_at: datetime | None = None
    fired: int = 0
    """How many times it began to fire."""
    paged: tuple[str, ...] = ()
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    incidents: tuple[str, ...] = ()
    """The incidents that it belongs to."""
    receipts: tuple[str, ...] = ()
    """The newest requests that changed it."""
    failures: tuple[Failure, ...] = ()
