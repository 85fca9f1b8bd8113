"""Declare, move through the stages, gates, relapse, resolve, reopen, close, dismiss, merge. Pure."""

from __future__ import annotations

import re
from typing import Any

from tocsin.engine.errors import Conflict, Refused
from tocsin.engine.model import Command, Context, Decision, Happened
from tocsin.incidents import commands as c
from tocsin.incidents import errors, events, gates
from tocsin.incidents.conditions import holds
from tocsin.incidents.decide_base import Found, Handler, need, occurred, one, open_only, person
from tocsin.incidents.model import Incident, Pin
from tocsin.incidents.roles import assigned, on_acknowledging
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.process import Stage, Transition
from tocsin.playbooks.scale import Severity

_ID = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+")
_LONGEST_ID = 100


def severity_of(playbook: Playbook, label: str) -> Severity:
    """Return the level of the playbook's scale with this label or alias."""
    level = playbook.severity(label)
    if level is None:
        raise errors.UnknownWord("severity", label, (s.id for s in playbook.severities))
    return level


def declare(incident: Incident, command: c.Declare, ctx: Context, found: Found) -> Decision:
    """Begin an incident under a playbook, with whatever is known of it already."""
    if incident.version:
        raise Conflict(f"There is already an incident {incident.id}.", fix="Leave the id out and one is made.", field="id")
    if len(incident.id) > _LONGEST_ID or not _ID.fullmatch(incident.id):
        raise Refused(f"{incident.id!r} is not an incident id.", fix="Write it like INC-20251027-ABC123, or leave it out.", field="id")
    if found.playbook is None or found.pin is None:
        raise errors.UnknownWord("playbook", command.playbook or "", found.playbook_ids)
    playbook = found.playbook
    at = occurred(command.at, ctx)
    level = severity_of(playbook, command.severity or playbook.default_severity or playbook.classify.unsure.use)
    stage_id = playbook.lifecycle.triage if command.triage and playbook.lifecycle.triage else playbook.lifecycle.initial
    stage = _stage(playbook, stage_id)
    # What a route declares was seen by an alert, in the playbook's word for that; people say it themselves.
    detected_by = command.detected_by or (playbook.detection.alert if ctx.actor.kind == "system" and command.alerts else "")
    marks = {mark.id: mark.default for mark in playbook.marks}
    for mark, value in command.marks.items():
        if mark not in marks:
            raise errors.UnknownWord("marks", mark, marks)
        marks[mark] = value
    facts = [
        Happened(
            events.Declared(
                title=command.title, playbook=Pin(*found.pin), severity=level.id, rank=level.rank, mode=level.mode, stage=stage.id,
                stage_kind=stage.kind, service=command.service, impact=command.impact, detected_by=detected_by, cause=command.cause,
                topic=command.topic, marks=marks, private=command.private, because=command.because,
                sets=tuple(dict.fromkeys(("declared", *stage.sets, *(("response_started",) if ctx.actor.kind == "person" else ())))),
            ),
            at,
        ),
    ]  # fmt: skip
    for name, moment in (("impact_started", command.started_at), ("detected", command.detected_at)):
        if moment is not None:
            facts.append(Happened(events.MilestoneSet(name, occurred(moment, ctx, name)), at))
    there = {alert["asked"] for alert in found.alerts}  # by whichever form of their ids
    for name in command.alerts:
        if name not in there:
            raise Refused(f"There is no alert {name}.", fix="`tocsin alert list` shows them.", field="alerts")
    for alert in found.alerts:
        named = (playbook.lead.id,) if playbook.lead is not None and command.lead else ()
        facts.extend(linked(incident, playbook, alert, level.id, named))
    facts.extend(Happened(_assessed(playbook, field, text, person(ctx, "")), at) for field, text in command.assessment.items())
    if not command.triage:
        facts.extend(_first_roles(playbook, level, command, ctx, at))
    return Decision(tuple(facts), result={"incident": incident.id, "severity": level.id, "stage": stage.id}, found=found)


def linked(incident: Incident, playbook: Playbook, alert: dict[str, Any], severity: str, named: tuple[str, ...] = ()) -> list[Happened]:
    """Return what follows from linking an alert: that it belongs here and, where somebody acknowledged it, that they did.

    named: roles that somebody else is about to take.
    """
    facts = [Happened(alert_linked(alert), alert["received_at"])]
    who, at = alert["acknowledged_by"], alert["acknowledged_at"]
    if at is not None:
        facts.append(Happened(events.Acknowledged(who), at))
        held = {role: holding.person for role, holding in incident.roles.items()}
        facts.extend(
            Happened(assigned(playbook, held, role, who, previous=""), at) for role in on_acknowledging(playbook, severity, {*held, *named})
        )
    return facts


def alert_linked(alert: dict[str, Any]) -> events.AlertLinked:
    """Return the fact that an alert belongs to the incident."""
    return events.AlertLinked(
        alert=alert["id"], title=alert["title"], state=alert["state"], started_at=alert["started_at"], received_at=alert["received_at"],
        labels=alert["labels"], links=alert["links"],
    )  # fmt: skip


def _assessed(playbook: Playbook, field: str, text: str, by: str) -> events.EntryLogged:
    if field not in {f.id for f in playbook.assessment}:
        raise errors.UnknownWord("assessment", field, (f.id for f in playbook.assessment))
    return events.EntryLogged("ASSESSMENT", need(text, field, "an answer of the assessment"), by, field=field)


def _first_roles(playbook: Playbook, level: Severity, command: c.Declare, ctx: Context, at: Any) -> list[Happened]:
    """Give the roles that the playbook fills at declaration: to the declarer, or the lead that was named."""
    if level.mode == "ticket_only":
        return []
    held: dict[str, str] = {}
    declarer = ctx.actor.id if ctx.actor.kind == "person" else ""
    lead = playbook.lead
    if lead is not None and command.lead:
        held[lead.id] = command.lead
    for role in playbook.roles:
        if role.lead and (command.lead or level.mode == "single_responder"):
            continue
        if role.assign == "declarer" and declarer:
            held[role.id] = declarer
    return [Happened(assigned(playbook, {**held}, role, who, previous=""), at) for role, who in held.items()]


def _stage(playbook: Playbook, stage_id: str) -> Stage:
    stage = playbook.stage(stage_id)
    if stage is None:
        wanted = stage_id.casefold()
        stage = next((s for s in playbook.lifecycle.stages if s.name.casefold() == wanted), None)
    if stage is None:
        raise errors.UnknownWord("stage", stage_id, (s.id for s in playbook.lifecycle.stages))
    return stage


def ways(incident: Incident, playbook: Playbook) -> list[Transition]:
    """Return the transitions that the playbook allows from here under the circumstances."""
    return [
        t for t in playbook.lifecycle.transitions if t.move_from in (incident.stage, "*") and holds(t.if_, incident.now_circumstances)
    ]  # fmt: skip


def move(incident: Incident, playbook: Playbook, stage: Stage, ctx: Context, at: Any, reason: str, confirm: str) -> Decision:
    """Move along an allowed transition whose gate is met."""
    if stage.id == incident.stage:
        return Decision(result={"stage": stage.id})
    allowed = ways(incident, playbook)
    transition = next((t for t in allowed if t.move_to == stage.id), None)
    if transition is None:
        raise errors.NoWay(incident.stage, stage.id, (t.move_to for t in allowed))
    if transition.gate and (gate := playbook.gate(transition.gate)) is not None and holds(gate.if_, incident.now_circumstances):
        view = gates.gate_view(incident, playbook, gate, at)
        missing = list(view.missing)
        if gate.confirm and not confirm.strip():
            missing.append(f"confirm: {gate.confirm}")
        if missing:
            raise errors.GateUnmet(gate.name, missing)
    return Decision(
        (Happened(_moved(incident, playbook, stage, transition, reason, confirm), at),),
        result={"stage": stage.id, "previous": incident.stage},
    )


def _moved(incident: Incident, playbook: Playbook, stage: Stage, transition: Transition, reason: str, confirm: str) -> events.StageMoved:
    backward = transition.backward
    clears: tuple[str, ...] = ()
    if backward:
        # What had been reached by the stages that the incident leaves behind no longer holds.
        order = ("open", "mitigated", "resolved", "closed")
        names = {"mitigated": ("mitigated", "stable_since"), "resolved": ("resolved",), "closed": ("closed",)}
        reached = order.index(stage.kind) if stage.kind in order else 0
        clears = tuple(name for kind in order[reached + 1 :] for name in names[kind])
    window = ""
    sets = stage.sets
    if stage.window and (found := playbook.window(stage.window)) is not None and holds(found.if_, incident.now_circumstances):
        window = stage.window
        sets = (*sets, "stable_since")
    return events.StageMoved(
        stage=stage.id, stage_kind=stage.kind, previous=incident.stage, reason=reason, gate=transition.gate, backward=backward,
        sets=tuple(dict.fromkeys(sets)), clears=clears, window=window, ends=stage.kind in ("closed", "dismissed"), confirmed=confirm,
    )  # fmt: skip


def _move_stage(incident: Incident, command: c.MoveStage, ctx: Context, playbook: Playbook) -> Decision:
    stage = _stage(playbook, command.stage)
    return move(incident, playbook, stage, ctx, occurred(command.at, ctx), command.reason, command.confirm)


def _of_kind(incident: Incident, playbook: Playbook, kind: str) -> Stage:
    """Return the stage of this kind: one that can be reached from here in one step, or the first there is."""
    stages = [s for s in playbook.lifecycle.stages if s.kind == kind]
    near = {t.move_to for t in ways(incident, playbook)}
    for stage in stages:
        if stage.id in near:
            return stage
    if not stages:
        raise errors.UnknownWord("stage", kind, (s.id for s in playbook.lifecycle.stages))
    return stages[0]


def _resolve(incident: Incident, command: c.Resolve, ctx: Context, playbook: Playbook) -> Decision:
    if incident.stage_kind in ("resolved", "closed"):
        raise Conflict(f"{incident.id} is already {incident.stage}.", fix="Nothing to do; reopen it if it is not so.")
    return move(
        incident, playbook, _of_kind(incident, playbook, "resolved"), ctx, occurred(command.at, ctx), command.reason, command.confirm
    )


def _close(incident: Incident, command: c.Close, ctx: Context, playbook: Playbook) -> Decision:
    if incident.ended:
        raise Conflict(f"{incident.id} is already {incident.stage}.", fix="Nothing to do; reopen it if it is not so.")
    return move(incident, playbook, _of_kind(incident, playbook, "closed"), ctx, occurred(command.at, ctx), command.reason, command.confirm)


def _reopen(incident: Incident, command: c.Reopen, ctx: Context, playbook: Playbook) -> Decision:
    if incident.merged_into:
        raise errors.Ended(incident.id, "merged", incident.merged_into)
    if incident.stage_kind not in ("resolved", "closed", "dismissed"):
        raise Conflict(f"{incident.id} is open ({incident.stage}).", fix="Nothing to do.")
    back = next((t for t in ways(incident, playbook) if t.backward), None)
    target = back or Transition(move_from=incident.stage, move_to=playbook.lifecycle.initial, backward=True)
    stage = _stage(playbook, target.move_to)
    moved = _moved(incident, playbook, stage, target, command.reason, "")
    return Decision((Happened(moved, occurred(command.at, ctx)),), result={"stage": stage.id, "previous": incident.stage})


def _dismiss(incident: Incident, command: c.Dismiss, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    if incident.stage_kind == "resolved":
        raise Conflict(f"{incident.id} is resolved: it was an incident.", fix="Close it instead.")
    stage = next((s for s in playbook.lifecycle.stages if s.kind == "dismissed"), None)
    stage = stage or Stage(id="dismissed", name="Not an incident", kind="dismissed")
    transition = Transition(move_from=incident.stage, move_to=stage.id)
    moved = _moved(incident, playbook, stage, transition, command.reason, "")
    return Decision((Happened(moved, occurred(command.at, ctx)),), result={"stage": stage.id, "previous": incident.stage})


def _relapse(incident: Incident, command: c.Relapse, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    running = [name for name, run in incident.windows.items() if run.started_at is not None]
    here = playbook.stage(incident.stage)
    window_id = here.window if here and here.window in running else (running[-1] if running else "")
    window = playbook.window(window_id) if window_id else None
    if window is None:
        raise Conflict(f"No stability window runs on {incident.id}.", fix="Log what was seen, or move the stage back.")
    at = occurred(command.at, ctx)
    facts = [Happened(events.WindowRestarted(window.id, command.text), at)]
    back = window.back_to or next((t.move_to for t in ways(incident, playbook) if t.backward), "")
    if back and back != incident.stage:
        stage = _stage(playbook, back)
        transition = Transition(move_from=incident.stage, move_to=stage.id, backward=True)
        facts.append(Happened(_moved(incident, playbook, stage, transition, command.text, ""), at))
    return Decision(tuple(facts), result={"stage": back or incident.stage, "window": window.id})


def _merge(incident: Incident, command: c.Merge, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    found: Found = ctx.found
    if command.into == incident.id:
        raise Refused("An incident cannot be merged into itself.", fix="Name the other one.", field="into")
    if found.other is None:
        raise Refused(f"There is no incident {command.into}.", fix="Check the id.", field="into")
    if incident.private != found.other.private:
        hidden = incident.id if incident.private else found.other.id
        raise Refused(
            f"{hidden} is private, and the other is not: each record would name the other to everybody.",
            fix="Make both private, or both public, first.", field="into",
        )  # fmt: skip
    if found.other.ended:
        raise errors.Ended(found.other.id, found.other.stage, found.other.merged_into)
    return one(events.Merged(command.into, command.reason), None, into=command.into)


def _absorb(incident: Incident, command: c.Absorb, ctx: Context, playbook: Playbook) -> Decision:
    return one(events.Absorbed(command.source, command.title))


def _change_severity(incident: Incident, command: c.ChangeSeverity, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    level = severity_of(playbook, command.severity)
    now = incident.now_circumstances
    if now is not None and now.severity == level.id:
        return Decision(result={"severity": level.id})
    if now is not None and level.rank > now.rank and not command.reason.strip():
        raise Refused(
            f"Lowering from {now.severity} to {level.id} needs a reason.", fix="Say why it is less bad than it was thought to be.", field="reason",
        )  # fmt: skip
    previous = now.severity if now else ""
    changed = events.SeverityChanged(level.id, level.rank, level.mode, previous, command.reason, command.because)
    return one(changed, occurred(command.at, ctx), severity=level.id, previous=previous)


def _set_mark(incident: Incident, command: c.SetMark, ctx: Context, playbook: Playbook) -> Decision:
    if command.mark not in {mark.id for mark in playbook.marks}:
        raise errors.UnknownWord("mark", command.mark, (mark.id for mark in playbook.marks))
    return one(events.MarkSet(command.mark, command.value), None, mark=command.mark, value=command.value)


HANDLERS: dict[type[Command], Handler] = {
    c.MoveStage: _move_stage, c.Resolve: _resolve, c.Close: _close, c.Reopen: _reopen, c.Dismiss: _dismiss, c.Relapse: _relapse,
    c.Merge: _merge, c.Absorb: _absorb, c.ChangeSeverity: _change_severity, c.SetMark: _set_mark,
}  # fmt: skip
