"""Take in an incident that was written down elsewhere. What its source does not say stays unknown. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tocsin.engine.errors import Conflict
from tocsin.engine.model import Context, Decision, Happened
from tocsin.incidents import commands as c
from tocsin.incidents import errors, events
from tocsin.incidents.decide_base import Found, milestone_ids
from tocsin.incidents.model import Incident, Pin
from tocsin.playbooks.model import Playbook


def take_in(incident: Incident, command: c.Import, ctx: Context, found: Found) -> Decision:
    """Write the record of an incident from another source: entries as given, milestones as stated, severity only if the playbook knows it.

    Raises:
        Refused: the playbook or a milestone is not known, or something lies in the future.

    """
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
    level = playbook.severity(command.severity) if command.severity else None
    stage, since = _stage(playbook, stated)
    begun = events.Declared(
        title=command.title, playbook=Pin(*found.pin), severity=level.id if level else "", rank=level.rank if level else -1,
        mode=level.mode if level else "", stage=stage, stage_kind=next((s.kind for s in playbook.lifecycle.stages if s.id == stage), "open"),
        service=command.service, impact=impact_text(command.impact), sets=(),
    )  # fmt: skip
    taken = events.Imported(command.title, command.source or command.reference, given(command), since)
    facts = [Happened(begun, begins), Happened(taken, begins)]
    for name, m in stated.items():
        facts.append(Happened(events.MilestoneSet(name, m.at, "estimated" if m.approximate else "exact", None, m.wording), m.at))
    facts.extend(Happened(events.EntryLogged(entry.type, entry.text), entry.at) for entry in command.timeline)
    facts.extend(Happened(figure, begins) for figure in _figures(playbook, command))
    result = {
        "incident": incident.id, "reference": command.reference, "entries": len(command.timeline), "milestones": sorted(stated),
        "severity": level.id if level else None, "severity_stated": command.severity,
    }  # fmt: skip
    return Decision(tuple(facts), result=result, found=found)


def given(command: c.Import) -> dict[str, Any]:
    """Return what the source says beside timeline and milestones, for the record and the postmortem. The keys are always there."""
    return {
        **command.given, "reference": command.reference, "severity_stated": command.severity, "impact": command.impact,
        "factors": list(command.factors), "action_items": list(command.action_items), "stated": list(command.stated),
        "order_flags": list(command.order_flags), "notes": command.notes,
        "not_stated": sorted(name for name, m in command.milestones.items() if m is None),
    }  # fmt: skip


def impact_text(impact: dict[str, Any]) -> str:
    """Return figures of the impact as a line of text: ``users: 5000; regions: US1, EU1``."""
    lines = []
    for name, value in impact.items():
        shown = ", ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)
        lines.append(f"{name.replace('_', ' ')}: {shown}")
    return "; ".join(lines)


def _figures(playbook: Playbook, command: c.Import) -> list[events.FigureRecorded]:
    """Return the figures that the playbook knows by the same name; others stay in the impact as given."""
    rough = str(command.impact.get("precision", "exact")) != "exact"
    source = command.source or command.reference
    found = []
    for figure in playbook.figures:
        value = command.impact.get(figure.id)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.append(events.FigureRecorded(figure.id, value, figure.unit, source, rough))
    return found


def _stage(playbook: Playbook, stated: dict[str, c.ImportedMilestone]) -> tuple[str, datetime | None]:
    """Return the stage that the stated milestones show (closed, resolved, or the first one) and since when."""
    stages = {s.kind: s.id for s in reversed(playbook.lifecycle.stages)}
    for milestone in ("closed", "resolved"):
        if milestone in stated and milestone in stages:
            return stages[milestone], stated[milestone].at
    return playbook.lifecycle.initial, None
