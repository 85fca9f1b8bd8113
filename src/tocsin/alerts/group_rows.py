"""The row of the read table that follows from a group's facts. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.alerts.group_model import Group
from tocsin.engine.model import Fact, RowWrite, micros

TABLE = "alert_groups"


def group_rows(_before: Group, after: Group, _facts: Sequence[Fact]) -> list[RowWrite]:
    """Return the group's row."""
    lead, opening = after.lead, after.opening
    values = {
        "id": after.id, "key": opening.key if opening else "", "phase": after.phase, "shows": after.shows, "title": after.title,
        "route": opening.route if opening else "", "service": opening.service if opening else "", "urgency": after.urgency or "none",
        "level": lead.level if lead else "", "severity": lead.severity if lead else "", "word": lead.word if lead else "",
        "incident": after.incident, "because": after.because, "acknowledged_by": after.acknowledged_by,
        "acknowledged_at": micros(after.acknowledged_at) if after.acknowledged_at else None,
        "opened_at": micros(after.opened_at) if after.opened_at else 0, "resolved_at": micros(after.resolved_at) if after.resolved_at else None,
        "pages": len(after.pages),
    }  # fmt: skip
    return [RowWrite(TABLE, (after.id,), values)]
