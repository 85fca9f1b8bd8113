"""Made-up values with which a playbook's messages can be read as an audience would get them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tocsin.playbooks.model import Playbook
from tocsin.playbooks.record import Message, MessageField

_START: Final = datetime(2026, 3, 17, 14, 20, tzinfo=UTC)
_PEOPLE: Final = ("Alice", "Bob", "Chiara", "Dmitri", "Emre", "Fatima", "Grace", "Hiro")
_LATER: Final = {
    "impact_started": 0, "detected": 4, "alerted": 5, "acknowledged": 7, "response_started": 8, "declared": 10, "lead_assigned": 11,
    "first_update_sent": 15, "cause_identified": 30, "mitigation_started": 32, "mitigation_effective": 36, "mitigated": 36, "fix_deployed": 40,
    "stable_since": 41, "resolved": 71, "closed": 120,
}  # fmt: skip
"""Minutes after the start at which the sample incident reached each milestone."""


def values(book: Playbook, message: Message) -> dict[str, Any]:
    """Return what a template gets from a sample incident of the playbook: the shape of ``incidents.messages``."""
    level = book.severities[0]
    times = {name: (_START + timedelta(minutes=minutes)).isoformat() for name, minutes in _LATER.items()}
    sent = _START + timedelta(minutes=15)
    held = {role.id: _PEOPLE[index % len(_PEOPLE)] for index, role in enumerate(book.roles)}
    lead = book.lead
    stage = book.stage(book.lifecycle.initial)
    usual = message.next_update_default or timedelta(minutes=30)
    return {
        "template": {"playbook": ""}, "message": message.id,
        "incident": {
            "id": "INC-20260317-SAMPLE", "title": "Checkout answers with errors", "severity": level.id, "service": "checkout",
            "impact": "About half of all payments fail", "playbook": book.title, "detected_by": (book.detection_sources or ("monitoring",))[0],
            "channel": "#incident-20260317-sample", "bridge": "https://meet.example/sample", "lead": held.get(lead.id, "") if lead else "",
            "started_at": times["impact_started"], "detected_at": times["detected"], "declared_at": times["declared"], "mitigated_at": times["mitigated"],
            "resolved_at": times["resolved"], "duration": 71 * 60.0, "stage": book.lifecycle.initial,
        },
        "roles": [{"role": role.name, "short": role.short or role.name, "id": role.id, "person": held[role.id]} for role in book.roles],
        "conflicts": [], "milestones": times, "sent_at": sent.isoformat(), "status_page": "https://status.example", "entries": [],
        "f": {field.id: _field(field) for field in message.fields}, "number": 2, "status": (message.statuses or ((stage.public if stage else ""),))[0],
        "next_update": "" if message.next_update == "none" else f"{sent + usual:%H:%M} UTC", "eta": "unknown" if message.eta != "none" else "",
        "audiences": message.audiences, "by": "Alice",
    }  # fmt: skip


def _field(field: MessageField) -> Any:
    match field.kind:
        case "choice":
            return field.choices[0] if field.choices else ""
        case "list":
            return [f"{field.label}: first", f"{field.label}: second"]
        case "number":
            return 42
        case "time":
            return "15:05 UTC"
        case _:
            return f"[{field.label}]"
