"""Why an alert called people, or did not: its route, what keeps it quiet, its group, its pages and its incident, one sentence each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tocsin.alerts.group_model import Group
from tocsin.alerts.lifecycle import PHASE_SAYS
from tocsin.alerts.model import Alert


def verdict(alert: Alert, group: Group | None, pages: Sequence[Mapping[str, Any]]) -> str:
    """Return the answer in a few words."""
    if pages:
        return "It called people"
    if alert.muted:
        return "It called nobody: it is kept quiet"
    if not alert.urgency or (group is not None and group.urgency is None):
        return "It called nobody: it is only recorded"
    if group is not None and group.phase == "pending":
        return "Nobody is called yet"
    return "It called nobody"


def reasons(alert: Alert, group: Group | None, pages: Sequence[Mapping[str, Any]], now: datetime, tool: str) -> list[dict[str, str]]:
    """Return what led to that, in the order in which it was decided: ``says``, and ``link`` where there is more to read."""
    found: list[dict[str, str]] = []

    def add(says: str, link: str = "") -> None:
        found.append({"says": says, "link": link})

    if alert.receipt:
        add(f"{tool} sent it, with the request {alert.receipt}.", f"/receipts/{alert.receipt}")
    opening = group.opening if group is not None else None
    if opening is not None:
        add(_sentence(opening.why or f"The route {opening.route or 'default'} took it"), "/settings/routes")
    if alert.service:
        add(f"It belongs to the service {alert.service}.", f"/settings/services/{alert.service}")
    if alert.urgency:
        loud = "at once, at any hour" if alert.urgency == "high" else "outside people's quiet hours"
        add(f"Its urgency is {alert.urgency}: people are called {loud}.")
    else:
        add("Its route gives it no urgency, so it is recorded and calls nobody.")
    if alert.muted:
        add(_sentence(f"It is kept quiet: {alert.muted}"))
    if group is not None:
        add(f"Its group is {group.phase}. {PHASE_SAYS[group.phase]}", f"/groups/{group.id}")
        if group.because:
            add(_sentence(group.because))
        if group.phase == "pending" and group.waits_until is not None and group.waits_until > now:
            add(f"People are called at {group.waits_until:%H:%M:%S} UTC if it fires still.")
    for page in pages:
        who = ", ".join(page["calls"]) or "nobody"
        what = {
            "open": f"is calling {who}", "acknowledged": f"was acknowledged by {page['acknowledged_by']}", "snoozed": "is silent for a while",
            "resolved": "is over",
        }.get(str(page["state"]), str(page["state"]))  # fmt: skip
        add(f"The page {page['id']} {what}{', and nobody has answered' if page['unanswered'] else ''}.", f"/pages/{page['id']}")
    if group is not None and group.incident and group.incident_open:
        add("It belongs to an incident; while that is worked on, it calls again only if it gets worse.", f"/incidents/{group.incident}")
    elif group is not None and group.incident:
        add(
            "It belongs to an incident that is over: what fires on, or again, calls people as its route says.",
            f"/incidents/{group.incident}",
        )
    return found


def _sentence(text: str) -> str:
    """Return a text as a sentence: with a capital letter and one full stop."""
    text = text.strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
