"""When each key and each tool last sent something, from the newest requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.alerts.receipt_queries import list_receipts
from tocsin.alerts.receipts import Asked
from tocsin.engine.model import Reader, Viewer

_LOOKED_AT: Final = 400
"""Newest requests that are looked at; a sender that is not among them is said to have been quiet for longer."""


class Last(msgspec.Struct, frozen=True):
    """The newest request of a key or a tool."""

    receipt: str
    at: datetime
    source: str
    outcome: str
    """What became of it, in a word."""
    good: bool
    count: int
    """How many of the requests that were looked at are its own."""


def last_seen(reader: Reader, viewer: Viewer) -> tuple[dict[str, Last], dict[str, Last], datetime | None]:
    """Return the newest request by key and by source, and since when requests were looked at (None: since the first)."""
    rows = list_receipts(reader, viewer, Asked(), limit=_LOOKED_AT)
    keys: dict[str, Last] = {}
    sources: dict[str, Last] = {}
    for row in rows:
        for found, name in ((keys, row["key"]), (sources, row["source"])):
            before = found.get(name)
            if before is None:
                found[name] = _last(row)
            else:
                found[name] = msgspec.structs.replace(before, count=before.count + 1)
    return keys, sources, rows[-1]["at"] if len(rows) == _LOOKED_AT else None


def _last(row: dict[str, Any]) -> Last:
    outcomes: dict[str, int] = row["outcomes"]
    said = ", ".join(f"{count} {word}" for word, count in outcomes.items()) or row["ignored"] or row["rejected"] or "no alerts"
    return Last(row["id"], row["at"], row["source"], said, not row["rejected"], 1)
