"""Take in an incident that was written down elsewhere. What its source does not say stays unknown. Pure."""

from __future__ import annotations

from tocsin.engine.errors import Conflict
from tocsin.engine.model import Context, Decision, Happened
from tocsin.incidents import commands as c
from tocsin.incidents import errors, events
from tocsin.incidents.decide_base import Found, milestone_ids
from tocsin.incidents.decide_lifecycle import severity_of
from tocsin.incidents.model import Incident, Pin


def take_in(incident: Incident, command: c.Import, ctx: Context, found: Found) -> Decision:
    """Write the record of an incident from another source: entries as given, milestones as stated, severity only if stated."""
    if incident.version:
        raise Conflict(f"There is already an incident {incident.id}.", fix="Leave the id out and one is made.", field="id")
    playbook = found.playbook
    if playbook is None or found.pin is None:
        raise errors.UnknownWord("playbook", command.playbook or "", found.playbook_ids)
    stated = {name: m for name, m in command.milestones.items() if m is not None}
    known = milestone_ids(playbook)
    for name in stated:
        if name not in known:
            raise errors.UnknownWord("milestones", name, known)
    times = [m.at for m in stated.values()] + [entry.at for entry in command.timeline]
    for at in times:
        if at > ctx.now:
            raise errors.NotYet("at", f"{at:%Y-%m-%d %H:%M:%S} UTC", f"{ctx.now:%Y-%m-%d %H:%M:%S} UTC")
    begins = min(times, default=ctx.now)
    level = severity_of(playbook, command.severity) if command.severity else None
    stage = _stage(stated, playbook.lifecycle.initial, {s.kind: s.id for s in reversed(playbook.lifecycle.stages)})
    kind = next((s.kind for s in playbook.lifecycle.stages if s.id == stage), "open")
    given = {
        "impact": command.impact, "factors": list(command.factors), "action_items": list(command.action_items), "stated": list(command.stated),
        "notes": command.notes,
    }  # fmt: skip
    facts = [
        Happened(
            events.Declared(
                title=command.title, playbook=Pin(*found.pin), severity=level.id if level else "", rank=level.rank if level else -1,
                mode=level.mode if level else "", stage=stage, stage_kind=kind, service=command.service, detected_by="", sets=(),
            ),
            begins,
        ),
        Happened(events.Imported(command.title, command.source, given), begins),
    ]  # fmt: skip
    for name, m in stated.items():
        precision = "estimated" if m.approximate else "exact"
        facts.append(Happened(events.MilestoneSet(name, m.at, precision, None, m.wording), m.at))
    facts.extend(Happened(events.EntryLogged(entry.type, entry.text), entry.at) for entry in command.timeline)
    return Decision(
        tuple(facts), result={"incident": incident.id, "entries": len(command.timeline), "milestones": sorted(stated)}, found=found
    )


def _stage(stated: dict[str, c.ImportedMilestone], initial: str, stages: dict[str, str]) -> str:
    if "closed" in stated and "closed" in stages:
        return stages["closed"]
    if "resolved" in stated and "resolved" in stages:
        return stages["resolved"]
    return initial
