"""An incident as an answer of the API: state, milestones, duties, gates, roles, figures. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tocsin.incidents import gates, milestones, naming, obligations
from tocsin.incidents.conditions import holds
from tocsin.incidents.decide_lifecycle import ways
from tocsin.incidents.model import Incident
from tocsin.incidents.roles import conflicts
from tocsin.playbooks.model import Playbook


def incident_view(incident: Incident, playbook: Playbook | None, now: datetime) -> dict[str, Any]:
    """Return everything about an incident except its timeline. Durations are whole seconds, times aware UTC."""
    moments = milestones.known(incident, playbook)
    circumstances = incident.now_circumstances
    declared, end = moments.get("declared"), moments.get("resolved")
    view: dict[str, Any] = {
        "id": incident.id, "title": incident.title, "severity": incident.severity or None,
        "rank": circumstances.rank if circumstances and circumstances.severity else None,
        "impact": incident.impact, "service": circumstances.service if circumstances else "", "cause": circumstances.cause if circumstances else "",
        "detected_by": circumstances.detected_by if circumstances else "", "marks": circumstances.marks if circumstances else {},
        "mode": circumstances.mode if circumstances else "", "stage": incident.stage, "stage_kind": incident.stage_kind,
        "stage_since": incident.stage_since, "ended": incident.ended, "merged_into": incident.merged_into or None, "private": incident.private,
        "playbook": msgspec.to_builtins(incident.playbook) if incident.playbook else None, "lead": incident.lead or None, "version": incident.version,
        "as_of": now, "declared_at": declared.at if declared else None, "imported": incident.imported,
        "milestones": [{"id": name, **msgspec.to_builtins(moment, builtin_types=(datetime,))} for name, moment in moments.items()],
        "readings": msgspec.to_builtins(incident.readings, builtin_types=(datetime,)),
        "mitigations": [msgspec.to_builtins(m, builtin_types=(datetime,)) for m in incident.mitigations.values()],
        "assessment": {name: said.text for name, said in incident.assessment.items() if said.text},
        "figures": msgspec.to_builtins(incident.figures), "alerts": msgspec.to_builtins(list(incident.alerts.values()), builtin_types=(datetime,)),
        "links": msgspec.to_builtins(incident.links), "entries": incident.entries, "engaged": incident.engaged, "invited": incident.invited,
        "updates": [msgspec.to_builtins(u, builtin_types=(datetime,)) for u in incident.updates],
        "running_seconds": _running(declared.at, end.at if end else now) if declared else None,
    }  # fmt: skip
    if playbook is None:
        return view
    stage = playbook.stage(incident.stage)
    held = {role: h.person for role, h in incident.roles.items()}
    level = playbook.severity(incident.severity) if incident.severity else None
    view |= {
        "stage_name": stage.name if stage else incident.stage, "public_status": stage.public if stage else "",
        "channel": naming.channel(incident, playbook), "bridge": naming.bridge(incident, playbook),
        "roles": [
            {"role": r.id, "name": r.name, "short": r.short or r.name, "lead": r.lead, "person": held.get(r.id), "since": incident.roles[r.id].since if r.id in held else None}
            for r in playbook.roles
        ],
        "role_conflicts": list(conflicts(playbook, held)),
        "missing_roles": [r for r in (level.mandatory_roles if level else ()) if r not in held],
        "ways": [way(incident, playbook, t, now) for t in ways(incident, playbook)],
        "checklists": [
            {
                "id": c.id, "name": c.name,
                "items": [msgspec.to_builtins(i, builtin_types=(datetime,)) for i in gates.checklist_view(incident, playbook, c, now)],
            }
            for c in playbook.checklists
            if holds(c.if_, circumstances)
        ],
        "windows": windows(incident, playbook, now),
        "obligations": [msgspec.to_builtins(d, builtin_types=(datetime,)) for d in obligations.plan(incident, playbook, now)],
    }  # fmt: skip
    return view


def way(incident: Incident, playbook: Playbook, transition: Any, now: datetime) -> dict[str, Any]:
    """Return one allowed transition with what its gate still wants."""
    gate = playbook.gate(transition.gate) if transition.gate else None
    shown = gates.gate_view(incident, playbook, gate, now) if gate is not None and holds(gate.if_, incident.now_circumstances) else None
    to = playbook.stage(transition.move_to)
    return {
        "to": transition.move_to, "name": to.name if to else transition.move_to, "kind": to.kind if to else "", "backward": transition.backward,
        "ask": transition.ask, "gate": transition.gate or None, "missing": list(shown.missing) if shown else [], "confirm": gate.confirm if gate else "",
    }  # fmt: skip


def windows(incident: Incident, playbook: Playbook, now: datetime) -> list[dict[str, Any]]:
    """Return the stability windows that have begun."""
    shown = []
    for window in playbook.windows:
        run = incident.windows.get(window.id)
        if run is None:
            continue
        shown.append(
            {
                "id": window.id, "name": window.name, "seconds": int(window.length.total_seconds()), "started_at": run.started_at,
                "restarts": run.restarts, "until": run.started_at + window.length if run.started_at else None,
                "elapsed": bool(run.started_at and now - run.started_at >= window.length),
            },
        )  # fmt: skip
    return shown


def _running(began: datetime, end: datetime) -> int | None:
    """Return the seconds in between; None where the end was stated to lie before the beginning."""
    return int((end - began).total_seconds()) if end >= began else None
