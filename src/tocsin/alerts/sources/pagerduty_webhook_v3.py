"""PagerDuty as a sender: its V3 webhook subscriptions. Pure.

Documentation: https://developer.pagerduty.com/docs/webhooks-overview. An object ``event`` with ``event_type``
(``incident.triggered``, ``incident.acknowledged``, ``incident.annotated`` …), ``occurred_at``, ``agent`` (who did it, or null) and
``data``: the incident, a note, a responder … Where the key's option ``secret`` is set, the request has to be signed with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Note, Reading, Sent
from tocsin.alerts.signatures import check_pagerduty
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, level_of, links, read_object, title

NAME: Final = "pagerduty-webhook-v3"
TOOL: Final = "PagerDuty"

STATUSES: Final[Mapping[str, Status]] = {"triggered": "firing", "acknowledged": "acknowledged", "resolved": "resolved"}
LEVELS: Final[Mapping[str, Level]] = {
    "p1": "critical", "p2": "high", "p3": "warning", "p4": "low", "p5": "info", "high": "high", "low": "low",
}  # fmt: skip
"""Priorities under their usual names, and urgencies."""

_OF_INCIDENTS: Final = "incident."
_SAYS: Final = {
    "acknowledged": "acknowledged it", "unacknowledged": "is no longer on it", "resolved": "resolved it", "reopened": "opened it again",
    "escalated": "escalated it", "reassigned": "gave it to somebody else", "delegated": "gave it to another escalation policy",
    "priority_updated": "changed its priority", "triggered": "triggered it", "status_update_published": "published an update",
}  # fmt: skip


def read(sent: Sent) -> Reading:
    """Return what became of an incident there.

    Raises:
        WrongSecret: it is not signed with the secret of the key.
        WrongBody: it is no such body, or nothing tells which incident it is about or how it stands.

    """
    check_pagerduty(sent)
    body = read_object(sent, TOOL)
    event = body.inside("event")
    if not event:
        raise body.lacks("event")
    kind, data = event.text("event_type"), event.inside("data")
    if kind and not kind.startswith(_OF_INCIDENTS):
        return Reading(ignored=f"{kind} is not about an incident.", event=kind)
    if data.text("type") in {"incident", ""} and data.text("status"):
        return Reading((_signal(event, data),), notes=_said(event, data.must("id"), kind), event=kind)
    subject = data.inside("incident").must("id")
    return Reading(notes=_said(event, subject, kind, _text(data)), event=kind)


def _signal(event: Fields, incident: Fields) -> Signal:
    severity = _severity(incident)
    status = incident.status(STATUSES, "status")
    at = event.time("occurred_at") or incident.time("resolved_at", "last_status_change_at")
    labels = {
        "service": incident.inside("service").text("summary"), "escalation_policy": incident.inside("escalation_policy").text("summary"),
        "urgency": incident.text("urgency"), "number": incident.text("number", "incident_number"), "incident_key": incident.text("incident_key"),
        "teams": ",".join(name for team in incident.each("teams") if (name := team.text("summary"))),
        "priority": incident.inside("priority").text("summary", "name"),
    }  # fmt: skip
    bridge = incident.inside("conference_bridge")
    return Signal(
        fingerprint=identity(incident.must("id")),
        status=status,
        title=title(incident.text("title", longest=300), incident.text("summary", longest=300)),
        labels={name: text for name, text in labels.items() if text},
        links=links(source=incident.link("html_url"), conference=bridge.link("conference_url")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=incident.inside("service").text("summary"),
        starts_at=incident.time("created_at"),
        ends_at=at if status == "resolved" else None,
        by=_agent(event),
        note=incident.inside("resolve_reason").text("type"),
        summary=incident.text("description", longest=LONGEST_SUMMARY),
    )


def _severity(incident: Fields) -> str:
    """Return the priority's name, or the urgency: that of incidents which come in the REST API's form is what was notified by."""
    if "incident_number" in incident:
        return incident.text("urgency")
    return incident.inside("priority").text("summary", "name") or incident.text("urgency")


def _said(event: Fields, subject: str, kind: str, text: str = "") -> tuple[Note, ...]:
    """Return what is to be noted of an event; nothing where nobody says what happened."""
    by = _agent(event)
    word = kind.removeprefix(_OF_INCIDENTS)
    said = text or _SAYS.get(word, word.replace("_", " ").replace(".", " "))
    return (Note(subject, said, by, event.time("occurred_at")),) if said else ()


def _text(data: Fields) -> str:
    """Return the text of a note, of an update, or what a responder answered."""
    if text := data.text("content", "message", longest=LONGEST_SUMMARY):
        return text
    user, state = data.inside("user").text("summary"), data.text("state")
    return f"{user}: {state}" if user and state else user or ""


def _agent(event: Fields) -> str:
    return event.inside("agent").text("summary", "name")
