"""The status page of a supplier (Atlassian Statuspage): its webhook for subscribers. Pure.

Documentation: https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/. There is no type: an object with ``incident``
(``id``, ``name``, ``status``, ``impact``, ``incident_updates``, ``components``, ``shortlink``, ``scheduled_for``), or one with
``component_update`` and ``component``; both have ``page``. Maintenance that a supplier planned is a change, not an alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Change, Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, label, level_of, links, read_object, title

NAME: Final = "statuspage-inbound"
TOOL: Final = "Statuspage"

STATUSES: Final[Mapping[str, Status]] = {
    "investigating": "firing", "identified": "firing", "monitoring": "firing", "resolved": "resolved", "postmortem": "resolved",
    "completed": "resolved",
}  # fmt: skip
COMPONENTS: Final[Mapping[str, Status]] = {
    "operational": "resolved", "degraded_performance": "firing", "partial_outage": "firing", "major_outage": "firing",
    "under_maintenance": "suppressed",
}  # fmt: skip
LEVELS: Final[Mapping[str, Level]] = {
    "critical": "critical", "major": "high", "minor": "warning", "maintenance": "info", "none": "info",
    "major_outage": "critical", "partial_outage": "high", "degraded_performance": "warning", "under_maintenance": "info", "operational": "info",
}  # fmt: skip

_PLANNED: Final = frozenset({"scheduled", "in_progress", "verifying"})
_MOST: Final = 50


def read(sent: Sent) -> Reading:
    """Return the alert of an incident or component of a supplier, or the maintenance that it planned.

    Raises:
        WrongBody: it is no such body, or nothing tells what it is about or how it stands.

    """
    body = read_object(sent, TOOL)
    if incident := body.inside("incident"):
        return _maintenance(body, incident, sent) if _is_planned(incident) else Reading((_incident(body, incident),), event="incident")
    if update := body.inside("component_update"):
        return Reading((_component(body, update),), event="component_update")
    if body.inside("meta") and body.inside("page"):
        return Reading(ignored="It names neither an incident nor a component.")
    raise WrongBody("incident is missing.", fix=f"Send what a webhook subscription of {TOOL} sends.", field="incident")


def _is_planned(incident: Fields) -> bool:
    return incident.raw("scheduled_for") is not None or incident.text("status") in _PLANNED or incident.text("impact") == "maintenance"


def _incident(body: Fields, incident: Fields) -> Signal:
    impact = incident.text("impact_override", "impact")
    updates = incident.each("incident_updates")
    newest = max(updates, key=lambda one: one.text("display_at", "created_at"), default=Fields({}, "", TOOL))
    status = incident.status(STATUSES, "status")
    return Signal(
        fingerprint=identity("incident", incident.must("id")),
        status=status,
        title=title(incident.text("name", longest=300)),
        labels=_labels(body, [one.text("name") for one in incident.each("components")[:_MOST]]),
        links=links(source=incident.link("shortlink"), page=body.inside("page").link("url")),
        severity=impact,
        level=level_of(LEVELS, impact),
        service=body.inside("page").text("name"),
        starts_at=incident.time("started_at", "created_at"),
        ends_at=incident.time("resolved_at", "updated_at") if status == "resolved" else None,
        how="supplier",
        summary=newest.text("body", longest=LONGEST_SUMMARY),
    )


def _component(body: Fields, update: Fields) -> Signal:
    component = body.inside("component")
    word = update.text("new_status") or component.text("status")
    status = update.status(COMPONENTS, "new_status") if update.text("new_status") else component.status(COMPONENTS, "status")
    name = component.text("name")
    at = update.time("created_at")
    return Signal(
        fingerprint=identity("component", update.text("component_id") or component.must("id")),
        status=status,
        title=title(f"{name or 'A component'}: {word.replace('_', ' ')}"),
        labels=_labels(body, [name]),
        links=links(page=body.inside("page").link("url")),
        severity=word,
        level=level_of(LEVELS, word),
        service=body.inside("page").text("name"),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        how="supplier",
        summary=body.inside("page").text("status_description", longest=LONGEST_SUMMARY),
    )


def _maintenance(body: Fields, incident: Fields, sent: Sent) -> Reading:
    """Return maintenance as a change; its end is kept among the details."""
    details = {
        name: text for name in ("status", "impact", "scheduled_for", "scheduled_until") if (text := incident.text(name))
    }  # fmt: skip
    change = Change(
        title=title(incident.text("name", longest=300), otherwise="Maintenance without a name"),
        at=incident.time("scheduled_for") or incident.time("created_at") or sent.now,
        service=body.inside("page").text("name"),
        source=NAME,
        links=links(source=incident.link("shortlink")),
        details={"id": incident.must("id"), **details},
    )
    return Reading(changes=(change,), event="maintenance")


def _labels(body: Fields, components: list[str]) -> dict[str, str]:
    page = body.inside("page")
    given = {"page": page.text("name") or page.text("id"), "components": label(",".join(name for name in components if name))}
    return {name: text for name, text in given.items() if text}
