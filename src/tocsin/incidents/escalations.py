"""When more people are called: by silence, age, lack of progress, a raised severity, an overrun or a wanted specialist. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

import msgspec

from tocsin.incidents import milestones
from tocsin.incidents.conditions import holds
from tocsin.incidents.model import Incident
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.response import Escalation


class Call(msgspec.Struct, frozen=True):
    """A rule that falls due. ``id`` is unique to the occasion, so that it fires once."""

    id: str
    rule: Escalation
    due_at: datetime


def goes_on(incident: Incident | None) -> bool:
    """Tell whether people still work on an incident: it has not ended, and is not resolved."""
    return incident is not None and not incident.ended and incident.stage_kind != "resolved"


def plan(incident: Incident, playbook: Playbook) -> list[Call]:
    """Return the calls that are to be made unless something happens first, soonest first. Those already made are left out."""
    if incident.ended or incident.imported or not incident.circumstances or not incident.severity or incident.stage_kind == "resolved":
        return []
    calls = [
        call for rule in playbook.escalations for call in _calls(incident, playbook, rule) if f"escalation:{call.id}" not in incident.warned
    ]
    return sorted(calls, key=lambda call: (call.due_at, call.id))


def _calls(incident: Incident, playbook: Playbook, rule: Escalation) -> Iterator[Call]:
    moments = milestones.known(incident, playbook)
    declared = moments.get("declared")
    if declared is None:
        return
    applies = holds(rule.if_, incident.now_circumstances)
    match rule.when:
        case "unacknowledged":
            if applies and rule.after is not None and "acknowledged" not in moments:
                start = moments.get("alerted", declared)
                yield Call(rule.id, rule, start.at + rule.after)
        case "not_triaged":
            if (
                applies
                and rule.after is not None
                and not incident.assessment
                and incident.stage in (playbook.lifecycle.triage, playbook.lifecycle.initial)
            ):
                start = moments.get("acknowledged", declared)
                yield Call(rule.id, rule, start.at + rule.after)
        case "age":
            if applies and rule.after is not None:
                yield Call(rule.id, rule, declared.at + rule.after)
        case "no_progress":
            if applies and rule.after is not None and incident.progress_at is not None and incident.stage_kind == "open":
                yield Call(f"{rule.id}@{incident.progress_at:%Y%m%dT%H%M%S}", rule, incident.progress_at + rule.after)
        case "severity_raised":
            history = incident.circumstances
            for before, after in pairwise(history):
                if after.rank < before.rank and holds(rule.if_, after):
                    yield Call(f"{rule.id}@{after.source}", rule, after.at)
        case "overrun":
            level = playbook.severity(incident.severity)
            expected = rule.after or (level.expected_duration if level else None)
            if applies and expected is not None:
                yield Call(rule.id, rule, declared.at + expected)
        case "specialist":
            since = next((c for c in incident.circumstances if rule.if_ != "true" and holds(rule.if_, c)), None)
            if since is not None:
                yield Call(rule.id, rule, since.at)
