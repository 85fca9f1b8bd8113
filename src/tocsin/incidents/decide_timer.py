"""What a due timer means: warn of duties, record broken ones, call more people. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tocsin.engine.model import Command, Context, Decision, Delivery, Happened
from tocsin.incidents import escalations, events, messages, obligations
from tocsin.incidents.model import Incident
from tocsin.playbooks.model import Playbook


def tick(incident: Incident, command: Command, ctx: Context, playbook: Playbook) -> Decision:
    """Record every warning, breach and escalation that is due by now, each once."""
    facts: list[Happened] = []
    deliveries: list[Delivery] = []
    number = incident.version
    for duty in obligations.plan(incident, playbook, ctx.now):
        if duty.state in obligations.SETTLED:
            continue
        owner = _people(incident, playbook, duty.owner)
        values = _values(incident, playbook, duty, ctx.now)
        if duty.warn_at is not None and duty.warn_at <= ctx.now < duty.due_at and duty.id not in incident.warned:
            facts.append(Happened(events.ObligationWarned(duty.id, duty.name, duty.due_at, duty.owner), duty.warn_at))
            number += 1
            deliveries.extend(messages.to_people(incident, "incident.duty_warning", f"{number}:{duty.id}", owner, values))
        elif duty.due_at <= ctx.now and duty.id not in incident.breached:
            told = tuple(dict.fromkeys([*owner, *(who for name in duty.on_breach for who in _people(incident, playbook, name))]))
            facts.append(Happened(events.ObligationBreached(duty.id, duty.name, duty.due_at, duty.owner, told), duty.due_at))
            number += 1
            deliveries.extend(messages.to_people(incident, "incident.duty_breach", f"{number}:{duty.id}", told, values))
    for call in escalations.plan(incident, playbook):
        if call.due_at > ctx.now:
            break
        to = tuple(dict.fromkeys(incident.roles[name].person if name in incident.roles else name for name in call.rule.to))
        facts.append(Happened(events.Escalated(call.id, to, call.rule.says, call.rule.when), call.due_at))
        number += 1
        values = {
            "rule": call.rule.id,
            "says": call.rule.says,
            "when": call.rule.when,
            "sent_at": ctx.now.isoformat(),
            **_about(incident, playbook, ctx.now),
        }
        deliveries.extend(messages.to_people(incident, "incident.escalation", f"{number}:{call.id}", to, values))
    return Decision(tuple(facts), tuple(deliveries))


def wake(incident: Incident, playbook: Playbook | None, now: datetime) -> datetime | None:
    """Return when the incident next wants a tick: the next warning, due time or escalation that is not recorded yet."""
    if playbook is None:
        return None
    times = [call.due_at for call in escalations.plan(incident, playbook)]
    for duty in obligations.plan(incident, playbook, now):
        if duty.state in obligations.SETTLED:
            continue
        if duty.warn_at is not None and duty.id not in incident.warned and now < duty.due_at:
            times.append(duty.warn_at)
        if duty.id not in incident.breached:
            times.append(duty.due_at)
    return max(min(times), now + timedelta(0)) if times else None


def _people(incident: Incident, playbook: Playbook, name: str) -> list[str]:
    """Return who is meant: the role's holder; for a role that nobody holds its name and whoever leads, so that a duty never falls to nobody."""
    holding = incident.roles.get(name)
    if holding is not None:
        return [holding.person]
    found = [name] if name else []
    if playbook.role(name) is not None and incident.lead:
        found.append(incident.lead)
    return found


def _values(incident: Incident, playbook: Playbook, duty: obligations.Duty, now: datetime) -> dict[str, Any]:
    return {
        "duty": duty.name, "obligation": duty.id, "due_at": duty.due_at.isoformat(), "owner": duty.owner, "audience": duty.audience,
        "cites": duty.cites, "sent_at": now.isoformat(), **_about(incident, playbook, now),
    }  # fmt: skip


def _about(incident: Incident, playbook: Playbook, now: datetime) -> dict[str, Any]:
    frozen = messages.frozen(incident, playbook, now)
    return {"incident": frozen["incident"], "template": frozen["template"]}
