"""The rows of read tables that follow from an incident's facts. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.engine.model import Event, Fact, RowWrite, micros
from tocsin.incidents import events as e
from tocsin.incidents.model import Incident
from tocsin.incidents.public_words import OVER

LISTED: tuple[type[Event], ...] = (
    e.Declared, e.DetailsChanged, e.SeverityChanged, e.MarkSet, e.RoleAssigned, e.RoleVacated, e.StageMoved, e.Merged, e.Unmerged, e.Imported,
    e.PrivacyChanged,
)  # fmt: skip
"""Facts that change what a list shows. Others leave the row alone, so that a timeline entry costs no extra write."""


def rows(before: Incident, after: Incident, facts: Sequence[Fact]) -> list[RowWrite]:
    """Return the incident's row, where a fact changes it, who reads it while it is private, and what was attached to it."""
    if after.declared_at is None:
        return []
    more = _readers(before, after) if before.private or after.private else []
    for fact in facts:
        if isinstance(fact.event, e.EntryLogged | e.Redacted) and fact.event.attachments:
            more += [attachment(digest, after.id) for digest in fact.event.attachments]
    return [row(after), *more] if any(isinstance(fact.event, LISTED) for fact in facts) else more


def attachment(digest: str, incident: str) -> RowWrite:
    """Return the row which says that an attachment belongs to an incident."""
    return RowWrite("incident_attachments", (digest, incident), {"digest": digest, "incident": incident})


def _readers(before: Incident, after: Incident) -> list[RowWrite]:
    old = before.readers if before.private else frozenset()
    new = after.readers if after.private else frozenset()
    return [
        *(RowWrite("incident_readers", (after.id, who), {"incident": after.id, "person": who}) for who in sorted(new - old)),
        *(RowWrite("incident_readers", (after.id, who), None) for who in sorted(old - new)),
    ]


def row(incident: Incident) -> RowWrite:
    """Return the incident's row of the read table."""
    now = incident.now_circumstances
    # A record that was taken in after it was over has nobody who would close it here.
    ended = incident.ended or (incident.imported and incident.stage_kind in OVER)
    values = {
        "id": incident.id, "title": incident.title, "severity": incident.severity, "rank": now.rank if now else -1, "stage": incident.stage,
        "stage_kind": incident.stage_kind, "service": now.service if now else "", "playbook": incident.playbook.id if incident.playbook else "",
        "lead": incident.lead, "private": incident.private, "ended": ended, "merged_into": incident.merged_into,
        "declared_at": micros(incident.declared_at) if incident.declared_at else 0,
    }  # fmt: skip
    return RowWrite("incidents", (incident.id,), values)
