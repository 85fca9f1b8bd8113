"""The page that a firing alert sends: who gets it, what it says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tocsin.alerts.model import Route, Signal
from tocsin.engine.model import Delivery
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.scale import Severity
from tocsin.services.model import Service

ON_CALL: Final = "on-call"
"""Whoever is on call, where the catalogue names nobody for the service."""
PAGE_CHANNELS: Final = ("console", "file")
"""Where pages go until contact methods exist."""


def route(signal: Signal, service: Service | None, playbook: Playbook | None) -> Route:
    """Return who answers for an alert.

    playbook: of the service, or the default one; it gives the word that the page starts with, and a level that asks for no page gets none.
    """
    level = playbook.severity(signal.severity) if playbook is not None and signal.severity else None
    saved = service.saved if service is not None else None
    to = () if level is not None and quiet(level) else tuple(dict.fromkeys((saved.page if saved else ()) or (ON_CALL,)))
    links = saved.links if saved else {}
    word = (level.page_word or level.id).upper() if level is not None else signal.severity.upper()
    name = service.id if service is not None else signal.service
    return Route(name, to, word, runbook=links.get("runbook", ""), dashboard=links.get("dashboard", ""))


def quiet(level: Severity) -> bool:
    """Tell whether a level asks for a ticket and wakes nobody."""
    return level.mode == "ticket_only" or level.urgency == "none"


def pages(
    alert_id: str, firing: int, signal: Signal, route: Route, to: Sequence[str], now: datetime, public_url: str
) -> tuple[Delivery, ...]:
    """Return the page to each person or team. firing: which beginning of the alert this is, from 1; one page is sent for each."""
    link = f"{public_url.rstrip('/')}/alerts/{alert_id}" if public_url else f"/alerts/{alert_id}"
    values = {
        "alert": alert_id, "word": route.word, "title": signal.title, "value": signal.value, "threshold": signal.threshold,
        "dashboard": signal.links.get("dashboard") or route.dashboard, "runbook": signal.links.get("runbook") or route.runbook,
        "link": link, "service": route.service, "severity": signal.severity, "again": firing > 1,
        "started_at": (signal.starts_at or now).isoformat(), "sent_at": now.isoformat(),
    }  # fmt: skip
    return tuple(
        Delivery(f"alert.page:{alert_id}:{firing}:{who}:{channel}", channel, who, "alert.page", {**values, "to": who})
        for who in dict.fromkeys(to)
        for channel in PAGE_CHANNELS
    )
