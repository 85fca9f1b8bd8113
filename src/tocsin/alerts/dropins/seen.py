"""An alert as other tools' addresses show it: what they have words for. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Seen(msgspec.Struct, frozen=True):
    """One alert, as it is now."""

    id: str
    number: int
    """The same as a number."""
    source: str
    key: str
    """The intake key that it came by."""
    fingerprint: str
    title: str
    firing: bool
    started_at: datetime
    received_at: datetime
    updated_at: datetime
    severity: str = ""
    level: str = ""
    service: str = ""
    summary: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    links: dict[str, str] = {}
    count: int = 1
    """How often it was reported."""
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    ended_by: str = ""
    group: str = ""
    receiver: str = ""
    """Where its route leads."""
    muted: str = ""
    """Why it calls nobody, in a sentence."""
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    snoozed_until: datetime | None = None
    owner: str = ""
