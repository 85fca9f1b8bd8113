"""The rows of read tables that follow from the facts of alerts and receipts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from tocsin.alerts.events import Fired
from tocsin.alerts.model import Alert, Receipt, What
from tocsin.engine.model import Fact, RowWrite, micros


def alert_rows(_before: Alert, after: Alert, facts: Sequence[Fact]) -> list[RowWrite]:
    """Return the alert's row and, where it begins, the one by which its fingerprint is found."""
    values = {
        "id": after.id, "title": after.title, "state": after.state, "severity": after.severity, "word": after.word, "service": after.service,
        "source": after.source, "incident": after.incidents[-1] if after.incidents else "",
        "started_at": micros(after.started_at) if after.started_at else 0,
        "received_at": micros(after.received_at) if after.received_at else 0, "ended_at": micros(after.ended_at) if after.ended_at else None,
        "acknowledged_at": micros(after.acknowledged_at) if after.acknowledged_at else None, "acknowledged_by": after.acknowledged_by,
    }  # fmt: skip
    rows = [RowWrite("alerts", (after.id,), values)]
    if any(isinstance(fact.event, Fired) for fact in facts):
        key = (after.source, after.fingerprint)
        rows.append(RowWrite("alert_newest", key, {"source": after.source, "fingerprint": after.fingerprint, "alert": after.id}))
    return rows


def receipt_rows(_before: Receipt, after: Receipt, _facts: Sequence[Fact]) -> list[RowWrite]:
    """Return the receipt's row: how many alerts had which outcome."""
    counts = Counter(outcome.what for outcome in after.outcomes)
    values = {
        "id": after.id, "source": after.source, "at": micros(after.at) if after.at else 0, "size": after.size,
        "rejected": after.rejected.what if after.rejected else "", **{what: counts[what] for what in get_args(What)},
    }  # fmt: skip
    return [RowWrite("receipts", (after.id,), values)]
